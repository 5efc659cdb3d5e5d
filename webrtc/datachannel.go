package webrtc

import (
	"context"
	"unicode/utf8"

	"trackway/internal/domerr"
)

// DataChannelState is RTCDataChannelState.
type DataChannelState string

// The states of webrtc-pc 6.2.1.
const (
	DataChannelStateConnecting DataChannelState = "connecting"
	DataChannelStateOpen       DataChannelState = "open"
	DataChannelStateClosing    DataChannelState = "closing"
	DataChannelStateClosed     DataChannelState = "closed"
)

// DataChannelInit is RTCDataChannelInit (webrtc-pc 6.2). Pointers are nil when
// the member is missing.
type DataChannelInit struct {
	// Ordered nil means true.
	Ordered *bool
	// MaxPacketLifeTime is in milliseconds; at most one of it and MaxRetransmits
	// may be given.
	MaxPacketLifeTime *uint16
	MaxRetransmits    *uint16
	Protocol          string
	// Negotiated says that both sides make the channel with the same ID.
	Negotiated bool
	ID         *uint16
}

// DataChannelMessage is the data of a message event.
type DataChannelMessage struct {
	// Data is the text in UTF-8, or the bytes.
	Data []byte
	// IsString tells a text message from a binary one.
	IsString bool
}

// DataChannelEvent is RTCDataChannelEvent.
type DataChannelEvent struct {
	Channel *DataChannel
}

// DataChannel is RTCDataChannel (webrtc-pc 6.2).
type DataChannel struct {
	pc *PeerConnection
	// serial counts the connection's channels, for statistics.
	serial uint32

	label, protocol                   string
	ordered, negotiated               bool
	maxPacketLifeTime, maxRetransmits *uint16
	id                                *uint16
	readyState                        DataChannelState
	binaryType                        string

	bufferedAmount, lowThreshold uint64
	// early are messages sent inside the datachannel handler.
	early []DataChannelMessage
	channelPipe

	messagesSent, messagesReceived, bytesSent, bytesReceived uint64

	onOpen, onLow, onClosing, onClose func()
	onError                           func(*RTCError)
	onMessage                         func(DataChannelMessage)
}

// Label is the label attribute.
func (d *DataChannel) Label() string { return d.label }

// Ordered is the ordered attribute.
func (d *DataChannel) Ordered() bool { return d.ordered }

// MaxPacketLifeTime is the maxPacketLifeTime attribute in milliseconds, or nil.
func (d *DataChannel) MaxPacketLifeTime() *uint16 { return clonePtr(d.maxPacketLifeTime) }

// MaxRetransmits is the maxRetransmits attribute, or nil.
func (d *DataChannel) MaxRetransmits() *uint16 { return clonePtr(d.maxRetransmits) }

// Protocol is the protocol attribute.
func (d *DataChannel) Protocol() string { return d.protocol }

// Negotiated is the negotiated attribute.
func (d *DataChannel) Negotiated() bool { return d.negotiated }

// ID is the id attribute: nil until one was given or chosen.
func (d *DataChannel) ID() *uint16 { return clonePtr(get(d.pc, &d.id)) }

// ReadyState is the readyState attribute.
func (d *DataChannel) ReadyState() DataChannelState { return get(d.pc, &d.readyState) }

// BufferedAmount is the bufferedAmount attribute: bytes queued by Send and not
// yet handed to the network, in this connection.
func (d *DataChannel) BufferedAmount() uint64 { return get(d.pc, &d.bufferedAmount) }

// BufferedAmountLowThreshold is the bufferedAmountLowThreshold attribute.
func (d *DataChannel) BufferedAmountLowThreshold() uint64 { return get(d.pc, &d.lowThreshold) }

// SetBufferedAmountLowThreshold sets it: when the buffered amount falls to it,
// bufferedamountlow fires.
func (d *DataChannel) SetBufferedAmountLowThreshold(bytes uint64) {
	setHandler(d.pc, &d.lowThreshold, bytes)
}

// BinaryType is the binaryType attribute, "arraybuffer" unless set; it is for
// JavaScript, Go gets bytes.
func (d *DataChannel) BinaryType() string { return get(d.pc, &d.binaryType) }

// SetBinaryType sets the attribute to "arraybuffer" or "blob"; another value is
// ignored.
func (d *DataChannel) SetBinaryType(binaryType string) {
	if binaryType == "arraybuffer" || binaryType == "blob" {
		setHandler(d.pc, &d.binaryType, binaryType)
	}
}

// OnOpen sets the handler of open.
func (d *DataChannel) OnOpen(f func()) { setHandler(d.pc, &d.onOpen, f) }

// OnBufferedAmountLow sets the handler of bufferedamountlow.
func (d *DataChannel) OnBufferedAmountLow(f func()) { setHandler(d.pc, &d.onLow, f) }

// OnError sets the handler of error.
func (d *DataChannel) OnError(f func(*RTCError)) { setHandler(d.pc, &d.onError, f) }

// OnClosing sets the handler of closing.
func (d *DataChannel) OnClosing(f func()) { setHandler(d.pc, &d.onClosing, f) }

// OnClose sets the handler of close.
func (d *DataChannel) OnClose(f func()) { setHandler(d.pc, &d.onClose, f) }

// OnMessage sets the handler of message. The data is the handler's to keep.
func (d *DataChannel) OnMessage(f func(DataChannelMessage)) { setHandler(d.pc, &d.onMessage, f) }

// SendText is send with a string. InvalidStateError when the channel is not
// open, TypeError when the message is longer than SCTPTransport.MaxMessageSize or
// no valid UTF-8, OperationError when the buffer is full.
func (d *DataChannel) SendText(text string) error {
	if !utf8.ValidString(text) {
		return domerr.New(domerr.Type, "SendText: the text is not valid UTF-8")
	}
	return d.send([]byte(text), true)
}

// Send is send with bytes; see SendText. data is copied.
func (d *DataChannel) Send(data []byte) error { return d.send(data, false) }

// Close is close: what was sent before is still delivered.
func (d *DataChannel) Close() { d.close() }

// WaitOpen waits until the channel is open: nil, or an InvalidStateError when it
// closes instead. It is no part of the specification, and may not be called
// inside a handler.
func (d *DataChannel) WaitOpen(ctx context.Context) error { return d.waitOpen(ctx) }
