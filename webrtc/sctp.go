package webrtc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/logging"
	"github.com/pion/sctp"
)

// association is the SCTP association of a connection.
type association struct {
	pc      *PeerConnection
	object  *SCTPTransport
	cancel  context.CancelFunc
	loggers logging.LoggerFactory

	conn *sctpConn
	// sctp is set once the association is established; the connection's lock
	// guards it and busy.
	sctp *sctp.Association
	// busy are the channels whose streams are not reset yet, by id.
	busy map[uint16]*DataChannel

	wg   sync.WaitGroup
	once sync.Once
}

// ownStreams is how many streams we offer and take (RFC 8831 6.2).
const ownStreams = 65535

// receiveBufferSize is how much the peer may send ahead.
const receiveBufferSize = 1 << 20

// startAssociationLocked starts the handshake over a connected DTLS transport.
func (pc *PeerConnection) startAssociationLocked(b *bundleTransport, object *SCTPTransport) {
	conn := b.tr.Data()
	if conn == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := &association{pc: pc, object: object, cancel: cancel, busy: map[uint16]*DataChannel{}, loggers: silent{}}
	pc.data.association = a
	a.conn = &sctpConn{Conn: conn, told: func() { pc.queueLocked(a.sentLocked) }}
	size := uint32(object.maxMessageSize)
	a.wg.Add(1)
	go func() {
		defer a.wg.Done()
		assoc, err := sctp.ClientContext(ctx, sctp.Config{
			NetConn: a.conn, LoggerFactory: a.loggers, MaxMessageSize: size, MaxReceiveBufferSize: receiveBufferSize,
		})
		if err != nil {
			a.ended(err)
			return
		}
		pc.mu.Lock()
		a.sctp = assoc
		closed := pc.isClosed
		pc.mu.Unlock()
		if closed {
			assoc.Abort("")
			return
		}
		// The peer may have sent already on channels that both sides negotiated: they
		// take their streams before streams are looked upon as new.
		connected := make(chan struct{})
		pc.queueLocked(func() events {
			defer close(connected)
			return a.connectedLocked()
		})
		select {
		case <-connected:
			a.accept(assoc)
		case <-ctx.Done():
		}
	}()
}

// connectedLocked is the connected procedure (webrtc-pc 6.1.1.3).
func (a *association) connectedLocked() events {
	pc := a.pc
	if pc.data.association != a || a.object.state != SCTPTransportStateConnecting {
		return nil
	}
	a.object.state = SCTPTransportStateConnected
	n := a.conn.streams()
	a.object.maxChannels = &n
	for _, d := range pc.data.channels {
		if d.id != nil && *d.id >= n {
			pc.failChannelLocked(d, fmt.Errorf("id %d, but there are %d streams", *d.id, n))
			continue
		}
		a.openLocked(d)
	}
	var fire events
	fire.add(pc, &a.object.onState)
	return fire
}

// sentLocked is the task after data has left.
func (a *association) sentLocked() events {
	var fire events
	sent := a.conn.take()
	for _, id := range slices.Sorted(maps.Keys(sent)) {
		if d := a.busy[id]; d != nil {
			d.lowerBufferedLocked(sent[id], &fire)
		}
	}
	return fire
}

// openLocked opens the stream of a channel that this side created, and announces
// the channel as open.
func (a *association) openLocked(d *DataChannel) {
	if d.id == nil || d.pipe != nil || d.readyState != DataChannelStateConnecting {
		return
	}
	config := &datachannel.Config{
		Label: d.label, Protocol: d.protocol, Negotiated: d.negotiated, LoggerFactory: a.loggers,
	}
	config.ChannelType, config.ReliabilityParameter = d.reliability()
	stream, err := a.sctp.OpenStream(*d.id, sctp.PayloadTypeWebRTCBinary)
	if err != nil {
		a.pc.failChannelLocked(d, err)
		return
	}
	pipe, err := datachannel.Client(stream, config)
	if err != nil {
		a.pc.failChannelLocked(d, err)
		return
	}
	a.attachLocked(d, pipe, stream)
	a.pc.announceOpenLocked(d)
}

// attachLocked ties a channel to its stream and starts to read.
func (a *association) attachLocked(d *DataChannel, pipe *datachannel.DataChannel, stream *sctp.Stream) {
	d.pipe, d.stream, d.association = pipe, stream, a
	a.busy[*d.id] = d
	stream.SetReliabilityParams(!d.ordered, d.reliabilityType(), d.reliabilityValue())
	d.transmitEarlyLocked()
	a.wg.Add(1)
	go func() {
		defer a.wg.Done()
		d.read()
	}()
}

// accept takes the streams that the other peer opens.
func (a *association) accept(assoc *sctp.Association) {
	for {
		stream, err := assoc.AcceptStream()
		if err != nil {
			a.ended(err)
			return
		}
		a.pc.mu.Lock()
		known := a.busy[stream.StreamIdentifier()] != nil
		a.pc.mu.Unlock()
		if known {
			continue
		}
		a.wg.Add(1)
		go func() {
			defer a.wg.Done()
			a.announce(stream)
		}()
	}
}

// announce waits for the peer's DATA_CHANNEL_OPEN and runs "announce a data
// channel instance" (webrtc-pc 6.2.4).
func (a *association) announce(stream *sctp.Stream) {
	stream.SetDefaultPayloadType(sctp.PayloadTypeWebRTCBinary)
	config := &datachannel.Config{LoggerFactory: a.loggers}
	pipe, err := datachannel.Server(stream, config)
	if err != nil {
		// Not a data channel: nobody hears of it, and its id stays free.
		_ = stream.Close()
		return
	}
	pc := a.pc
	pc.queueLocked(func() events {
		if pc.data.association != a {
			return nil
		}
		id := stream.StreamIdentifier()
		if pc.channelLocked(id) != nil {
			_ = stream.Close()
			return nil
		}
		init := &DataChannelInit{Protocol: config.Protocol}
		ordered := config.ChannelType&0x80 == 0
		init.Ordered = &ordered
		limit := uint16(min(config.ReliabilityParameter, 65535))
		switch config.ChannelType &^ 0x80 {
		case datachannel.ChannelTypePartialReliableRexmit:
			init.MaxRetransmits = &limit
		case datachannel.ChannelTypePartialReliableTimed:
			init.MaxPacketLifeTime = &limit
		}
		d := pc.newDataChannel(config.Label, init)
		d.id, d.readyState, d.association = &id, DataChannelStateOpen, a
		pc.data.channels = append(pc.data.channels, d)
		pc.data.opened++
		var fire events
		addEvent(&fire, pc, &pc.on.dataChannel, DataChannelEvent{Channel: d})
		// Reading starts after the handler has run, so that no message comes
		// before the program can listen.
		return append(fire, func() {
			pc.mu.Lock()
			defer pc.mu.Unlock()
			if pc.isClosed || pc.data.association != a {
				return
			}
			pc.announceOpenLocked(d)
			a.attachLocked(d, pipe, stream)
		})
	})
}

// alive reports whether the association is established: the end of a stream is
// then the peer's reset of it, and otherwise the association's own end.
func (a *association) alive() bool {
	a.pc.mu.Lock()
	assoc := a.sctp
	a.pc.mu.Unlock()
	_, ok := assoc.Metadata()
	return ok
}

// ended is told when the association is over without our doing: the peer's
// ABORT, the end of DTLS, or too many retransmissions.
func (a *association) ended(cause error) {
	// Media may go on over DTLS, whose alerts somebody has to see.
	_ = a.conn.Close()
	pc := a.pc
	pc.queueLocked(func() events {
		if pc.data.association != a {
			return nil
		}
		return a.closedLocked(&RTCError{
			ErrorDetail: ErrorDetailSCTPFailure, Message: "the SCTP association ended: " + cause.Error(), Cause: cause,
		})
	})
}

// closedLocked is the task in which the SCTP transport and its channels close.
func (a *association) closedLocked(failure *RTCError) events {
	var fire events
	if a.object.state != SCTPTransportStateClosed {
		a.object.state = SCTPTransportStateClosed
		fire.add(a.pc, &a.object.onState)
	}
	for _, d := range a.pc.unclosedLocked(a) {
		d.closedLocked(failure, &fire)
	}
	return fire
}

// abortPatience bounds the wait for the end of an association: its library waits
// for its reader, which in rare cases ends only with the DTLS transport.
const abortPatience = time.Second

// abort tears the association down with an ABORT chunk and waits for its
// goroutines, for a while: those that are left end with the transport.
func (a *association) abort() { a.once.Do(a.tearDown) }

func (a *association) tearDown() {
	a.cancel()
	a.pc.mu.Lock()
	assoc := a.sctp
	a.pc.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if assoc != nil {
			if _, ok := assoc.Metadata(); ok { // or nothing would send the ABORT, which is waited for
				assoc.Abort("the connection was closed")
			}
		}
		_ = a.conn.Close()
		a.wg.Wait()
	}()
	patience := time.NewTimer(abortPatience)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
		_ = a.conn.Close()
	}
}

// silent is a logger that says nothing: what there is to say comes as errors.
type silent struct{}

func (silent) NewLogger(string) logging.LeveledLogger { return silentLogger{} }

type silentLogger struct{}

func (silentLogger) Trace(string)          {}
func (silentLogger) Tracef(string, ...any) {}
func (silentLogger) Debug(string)          {}
func (silentLogger) Debugf(string, ...any) {}
func (silentLogger) Info(string)           {}
func (silentLogger) Infof(string, ...any)  {}
func (silentLogger) Warn(string)           {}
func (silentLogger) Warnf(string, ...any)  {}
func (silentLogger) Error(string)          {}
func (silentLogger) Errorf(string, ...any) {}

var errTooLong = fmt.Errorf("a message is longer than %d bytes", maxReceivedMessage)
