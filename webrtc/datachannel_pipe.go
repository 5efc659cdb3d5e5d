package webrtc

import (
	"context"
	"errors"
	"io"

	"github.com/pion/datachannel"
	"github.com/pion/sctp"

	"trackway/internal/domerr"
	"trackway/internal/eventloop"
)

// channelPipe is what lies under an open channel. The connection's lock guards
// the fields.
type channelPipe struct {
	pipe        *datachannel.DataChannel
	stream      *sctp.Stream
	association *association // set when the channel is open

	// opened is closed when the channel opens, over when it has closed.
	opened, over chan struct{}
	wasOpen      bool
}

// maxReceivedMessage is the a=max-message-size of our descriptions, in bytes.
const maxReceivedMessage = 262144

// pendingMessages bounds the messages that wait for the event loop, per channel;
// the peer is slowed down by SCTP's flow control beyond.
const pendingMessages = 128

// reliability is the channel type and parameter of DATA_CHANNEL_OPEN
// (RFC 8832 5.1).
func (d *DataChannel) reliability() (datachannel.ChannelType, uint32) {
	kind := datachannel.ChannelTypeReliable
	switch {
	case d.maxRetransmits != nil:
		kind = datachannel.ChannelTypePartialReliableRexmit
	case d.maxPacketLifeTime != nil:
		kind = datachannel.ChannelTypePartialReliableTimed
	}
	if !d.ordered {
		kind |= 0x80
	}
	return kind, d.reliabilityValue()
}

func (d *DataChannel) reliabilityType() byte {
	switch {
	case d.maxRetransmits != nil:
		return sctp.ReliabilityTypeRexmit
	case d.maxPacketLifeTime != nil:
		return sctp.ReliabilityTypeTimed
	}
	return sctp.ReliabilityTypeReliable
}

func (d *DataChannel) reliabilityValue() uint32 {
	switch {
	case d.maxRetransmits != nil:
		return uint32(*d.maxRetransmits)
	case d.maxPacketLifeTime != nil:
		return uint32(*d.maxPacketLifeTime)
	}
	return 0
}

// announceOpenLocked is "announce the data channel as open" (webrtc-pc 6.2.3).
func (pc *PeerConnection) announceOpenLocked(d *DataChannel) {
	pc.queueLocked(func() events {
		if d.readyState == DataChannelStateClosing || d.readyState == DataChannelStateClosed {
			return nil
		}
		if d.readyState == DataChannelStateConnecting {
			d.readyState = DataChannelStateOpen
			pc.data.opened++
		}
		if !d.wasOpen {
			d.wasOpen = true
			close(d.opened)
		}
		var fire events
		fire.add(pc, &d.onOpen)
		return fire
	})
}

// send is the send() algorithm (webrtc-pc 6.2.9).
func (d *DataChannel) send(data []byte, text bool) error {
	pc := d.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if d.readyState != DataChannelStateOpen {
		return domerr.New(domerr.InvalidState, "Send: the channel is %s", d.readyState)
	}
	// pc.data.sctp is nil between an answer that rejects the data section and the
	// task in which the channel closes.
	s := d.association.object
	if float64(len(data)) > s.maxMessageSize {
		return domerr.New(domerr.Type, "Send: the message has %d bytes, the peer takes at most %.0f", len(data), s.maxMessageSize)
	}
	if float64(d.bufferedAmount)+float64(len(data)) > s.maxBufferSize {
		return domerr.New(domerr.Operation,
			"Send: %d bytes are waiting already; send when bufferedamountlow has fired", d.bufferedAmount)
	}
	d.bufferedAmount += uint64(len(data))
	d.messagesSent++
	d.bytesSent += uint64(len(data))
	if d.pipe == nil {
		// Within the datachannel handler, before the stream is attached.
		d.early = append(d.early, DataChannelMessage{Data: append([]byte(nil), data...), IsString: text})
		return nil
	}
	return d.transmitLocked(data, text)
}

func (d *DataChannel) transmitLocked(data []byte, text bool) error {
	if _, err := d.pipe.WriteDataChannel(data, text); err != nil {
		// "If transmitting data leads to an SCTP-level error, queue a task to fire
		// an event named error."
		d.pc.queueLocked(func() events {
			var fire events
			addEvent(&fire, d.pc, &d.onError, &RTCError{
				ErrorDetail: ErrorDetailSCTPFailure, Message: err.Error(), Cause: err,
			})
			return fire
		})
		return nil
	}
	return nil
}

// transmitEarlyLocked sends what was sent inside the datachannel handler.
func (d *DataChannel) transmitEarlyLocked() {
	for _, m := range d.early {
		_ = d.transmitLocked(m.Data, m.IsString)
	}
	d.early = nil
}

// lowerBufferedLocked "reduces [[BufferedAmount]] with the number of bytes that
// was sent".
func (d *DataChannel) lowerBufferedLocked(sent uint64, fire *events) {
	before := d.bufferedAmount
	d.bufferedAmount -= min(before, sent)
	if before > d.lowThreshold && d.bufferedAmount <= d.lowThreshold {
		fire.add(d.pc, &d.onLow)
	}
}

// read brings the messages of the stream to the loop, and its end.
func (d *DataChannel) read() {
	pc := d.pc
	buffer := make([]byte, 4096)
	tokens := make(chan struct{}, pendingMessages)
	for {
		n, text, err := d.pipe.ReadDataChannel(buffer)
		if errors.Is(err, io.ErrShortBuffer) {
			if len(buffer) >= maxReceivedMessage {
				d.overrun()
				return
			}
			// The message stays in the queue until it fits.
			buffer = make([]byte, min(2*len(buffer), maxReceivedMessage))
			continue
		}
		if err != nil {
			d.readEnded()
			return
		}
		message := DataChannelMessage{Data: append([]byte{}, buffer[:n]...), IsString: text}
		select {
		case tokens <- struct{}{}:
		case <-pc.closed:
			return
		}
		pc.queueLocked(func() events {
			<-tokens
			// "If channel's ReadyState is not open, abort these steps and discard
			// the message."
			if d.readyState != DataChannelStateOpen {
				return nil
			}
			d.messagesReceived++
			d.bytesReceived += uint64(n)
			var fire events
			addEvent(&fire, pc, &d.onMessage, message)
			return fire
		})
	}
}

// overrun closes a channel whose peer exceeds the size that we announced.
func (d *DataChannel) overrun() {
	_ = d.pipe.Close()
	d.pc.queueLocked(func() events {
		var fire events
		d.closedLocked(&RTCError{
			ErrorDetail: ErrorDetailDataChannelFailure, Message: errTooLong.Error(), Cause: errTooLong,
		}, &fire)
		return fire
	})
}

// readEnded is told when the stream ends. When the whole association has ended,
// its own task closes the channel; else it is the peer's reset of the stream,
// which begins the closing procedure or, after close(), completes it.
func (d *DataChannel) readEnded() {
	pc := d.pc
	if !d.association.alive() {
		return
	}
	pc.queueLocked(func() events {
		var fire events
		if d.readyState == DataChannelStateOpen || d.readyState == DataChannelStateConnecting {
			d.readyState = DataChannelStateClosing
			fire.add(pc, &d.onClosing)
		}
		pc.forgetChannelLocked(d)
		return fire
	})
	pc.queueLocked(func() events {
		var fire events
		d.closedLocked(nil, &fire)
		return fire
	})
}

// closedLocked is "announce the data channel as closed" (webrtc-pc 6.2.6).
func (d *DataChannel) closedLocked(failure *RTCError, fire *events) {
	pc := d.pc
	if d.association != nil && d.id != nil {
		delete(d.association.busy, *d.id)
	}
	if d.readyState == DataChannelStateClosed {
		return
	}
	d.endLocked()
	pc.forgetChannelLocked(d)
	if failure != nil {
		addEvent(fire, pc, &d.onError, failure)
	}
	fire.add(pc, &d.onClose)
}

// endLocked sets the state closed without an event.
func (d *DataChannel) endLocked() {
	if d.readyState == DataChannelStateClosed {
		return
	}
	d.readyState = DataChannelStateClosed
	d.pc.data.closed++
	close(d.over)
}

// close is close() and the closing procedure (webrtc-pc 6.2.5).
func (d *DataChannel) close() {
	pc := d.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if d.readyState == DataChannelStateClosing || d.readyState == DataChannelStateClosed {
		return
	}
	d.readyState = DataChannelStateClosing
	pc.queueLocked(func() events {
		pc.forgetChannelLocked(d)
		var fire events
		if d.pipe == nil {
			d.closedLocked(nil, &fire)
			return fire
		}
		// Resetting the outgoing stream waits for what was sent before; the
		// peer's reset in return ends read, which announces the channel closed.
		_ = d.pipe.Close()
		return fire
	})
}

func (d *DataChannel) waitOpen(ctx context.Context) error {
	if eventloop.OnLoop(d.pc.loop) {
		return domerr.New(domerr.InvalidState, "WaitOpen was called inside a handler and would wait for itself: use OnOpen")
	}
	select {
	case <-d.opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.over:
		return domerr.New(domerr.InvalidState, "the data channel was closed")
	}
}
