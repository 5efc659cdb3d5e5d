package webrtc

import (
	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/media"
)

// RTPTransceiverDirection is RTCRtpTransceiverDirection.
type RTPTransceiverDirection string

// The directions of webrtc-pc 5.4.
const (
	RTPTransceiverDirectionSendrecv RTPTransceiverDirection = "sendrecv"
	RTPTransceiverDirectionSendonly RTPTransceiverDirection = "sendonly"
	RTPTransceiverDirectionRecvonly RTPTransceiverDirection = "recvonly"
	RTPTransceiverDirectionInactive RTPTransceiverDirection = "inactive"
	RTPTransceiverDirectionStopped  RTPTransceiverDirection = "stopped"
)

// RTPTransceiverInit is RTCRtpTransceiverInit (webrtc-pc 5.1).
type RTPTransceiverInit struct {
	// Direction empty means "sendrecv".
	Direction RTPTransceiverDirection
	// Streams are those that the sender's track is announced with.
	Streams []*media.Stream
	// SendEncodings are the simulcast encodings, lowest resolution first by
	// convention; nil for one encoding without a rid.
	SendEncodings []RTPEncodingParameters
	// ReceiveRIDs asks the other peer to send simulcast with these rids when
	// this side makes the offer (RFC 8853). The W3C dictionary has no such
	// member.
	ReceiveRIDs []string
}

// RTPTransceiver is RTCRtpTransceiver (webrtc-pc 5.4): a sender and a receiver
// that share an m-section.
type RTPTransceiver struct {
	pc       *PeerConnection
	id       jsep.TransceiverID
	kind     media.Kind
	sender   *RTPSender
	receiver *RTPReceiver

	// last is the transceiver's final value once it has left the set of
	// transceivers, where the state does not know it any more.
	last *jsep.Transceiver
}

// slots returns the transceiver's slots; the lock must be held.
func (t *RTPTransceiver) slots() *jsep.Transceiver {
	if t.last != nil {
		return t.last
	}
	return t.pc.state.Transceiver(t.id)
}

func (t *RTPTransceiver) read() *jsep.Transceiver {
	t.pc.mu.Lock()
	defer t.pc.mu.Unlock()
	return t.slots()
}

// Mid is the mid attribute, or "" for null.
func (t *RTPTransceiver) Mid() string { return t.read().MID() }

// Kind is the transceiver kind.
func (t *RTPTransceiver) Kind() media.Kind { return t.kind }

// Sender is the sender attribute.
func (t *RTPTransceiver) Sender() *RTPSender { return t.sender }

// Receiver is the receiver attribute.
func (t *RTPTransceiver) Receiver() *RTPReceiver { return t.receiver }

// Direction is the direction attribute: what the next description will ask for,
// and "stopped" from the call of Stop on.
func (t *RTPTransceiver) Direction() RTPTransceiverDirection {
	return RTPTransceiverDirection(t.read().Direction())
}

// CurrentDirection is the direction negotiated last, or "" for null.
func (t *RTPTransceiver) CurrentDirection() RTPTransceiverDirection {
	return RTPTransceiverDirection(t.read().CurrentDirection())
}

// SetDirection sets the direction attribute; negotiation makes it so.
// InvalidStateError when the transceiver is stopping or the connection closed,
// TypeError for "stopped" and for what is no direction.
func (t *RTPTransceiver) SetDirection(direction RTPTransceiverDirection) error {
	switch direction {
	case RTPTransceiverDirectionSendrecv, RTPTransceiverDirectionSendonly,
		RTPTransceiverDirectionRecvonly, RTPTransceiverDirectionInactive, RTPTransceiverDirectionStopped:
	default:
		return domerr.New(domerr.Type, "%q is no RTCRtpTransceiverDirection", string(direction))
	}
	pc := t.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return closedError("SetDirection")
	}
	if t.slots().Stopping() {
		return domerr.New(domerr.InvalidState, "SetDirection: the transceiver is stopped")
	}
	return pc.updateLocked(pc.state.SetDirection(t.id, jsep.Direction(direction)))
}

// Stop is stop: the transceiver stops to send and receive for good, and after
// negotiation it leaves the connection's set of transceivers. InvalidStateError
// when the connection is closed; a transceiver that is stopping already stays
// so.
func (t *RTPTransceiver) Stop() error {
	pc := t.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return closedError("Stop")
	}
	if t.slots().Stopping() {
		return nil
	}
	state, happened, err := pc.state.Stop(t.id)
	if err != nil {
		return err
	}
	pc.state = state
	// The receiver's track ends in a task of its own: nothing fires within a
	// synchronous call.
	pc.endReceiversLocked(happened)
	pc.applyEffectsLocked()
	pc.updateNegotiationNeededLocked()
	return nil
}

// SetCodecPreferences is setCodecPreferences: the codecs to offer and accept, in
// this order; none restores the default. InvalidModificationError for a codec
// that RTPReceiver.GetCapabilities does not list, and when nothing but
// retransmission, redundancy and the like is left.
func (t *RTPTransceiver) SetCodecPreferences(codecs ...RTPCodec) error {
	pc := t.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return closedError("SetCodecPreferences")
	}
	list := make([]jsep.Codec, len(codecs))
	for i, c := range codecs {
		list[i] = jsep.Codec(c)
	}
	state, err := pc.state.SetCodecPreferences(t.id, list)
	if err != nil {
		return err
	}
	// "Set the codec preferences" needs negotiation to have an effect, but does
	// not ask for it.
	pc.state = state
	return nil
}

// CodecPreferences is what SetCodecPreferences set last; it is no attribute of
// the specification.
func (t *RTPTransceiver) CodecPreferences() []RTPCodec {
	var out []RTPCodec
	for _, c := range t.read().CodecPreferences() {
		out = append(out, RTPCodec(c))
	}
	return out
}

// GetHeaderExtensionsToNegotiate is getHeaderExtensionsToNegotiate
// (webrtc-extensions 5.2): every known extension; the direction is "stopped" for
// those that are not offered.
func (t *RTPTransceiver) GetHeaderExtensionsToNegotiate() []RTPHeaderExtensionCapability {
	t.pc.mu.Lock()
	defer t.pc.mu.Unlock()
	return fromExtensionCapabilities(t.pc.state.HeaderExtensionsToNegotiate(t.id))
}

// SetHeaderExtensionsToNegotiate is setHeaderExtensionsToNegotiate: the list of
// GetHeaderExtensionsToNegotiate with other directions. TypeError for a direction
// that is missing, InvalidModificationError when the list is another one or
// stops an extension that cannot be stopped.
func (t *RTPTransceiver) SetHeaderExtensionsToNegotiate(extensions []RTPHeaderExtensionCapability) error {
	list := make([]jsep.HeaderExtensionCapability, len(extensions))
	for i, e := range extensions {
		if e.Direction == "" {
			return domerr.New(domerr.Type, "header extension %s has no direction", e.URI)
		}
		list[i] = jsep.HeaderExtensionCapability{URI: e.URI, Direction: jsep.Direction(e.Direction)}
	}
	pc := t.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return closedError("SetHeaderExtensionsToNegotiate")
	}
	state, err := pc.state.SetHeaderExtensionsToNegotiate(t.id, list)
	if err != nil {
		return err
	}
	pc.state = state
	return nil
}

// GetNegotiatedHeaderExtensions is getNegotiatedHeaderExtensions: every known
// extension, with direction "stopped" where it is not negotiated.
func (t *RTPTransceiver) GetNegotiatedHeaderExtensions() []RTPHeaderExtensionCapability {
	t.pc.mu.Lock()
	defer t.pc.mu.Unlock()
	return fromExtensionCapabilities(t.pc.state.NegotiatedHeaderExtensions(t.id))
}

func fromExtensionCapabilities(in []jsep.HeaderExtensionCapability) []RTPHeaderExtensionCapability {
	out := make([]RTPHeaderExtensionCapability, len(in))
	for i, e := range in {
		out[i] = RTPHeaderExtensionCapability{URI: e.URI, Direction: RTPTransceiverDirection(e.Direction)}
		if e.Direction == "" {
			out[i].Direction = RTPTransceiverDirectionSendrecv
		}
	}
	return out
}
