package webrtc

import (
	"slices"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/media"
)

// RTPReceiver is RTCRtpReceiver (webrtc-pc 5.3).
type RTPReceiver struct {
	pc          *PeerConnection
	transceiver *RTPTransceiver
	// source and track are nil until trackLocked makes them; ended says that
	// they end at once.
	source *media.Source
	track  *media.Track
	ended  bool

	jitterBufferTarget *time.Duration
	transport          *DTLSTransport

	media receiverMedia
}

// Track is the track attribute: muted until media arrives, and again when the
// other peer stops to send.
func (r *RTPReceiver) Track() *media.Track {
	r.pc.mu.Lock()
	defer r.pc.mu.Unlock()
	return r.trackLocked()
}

// trackLocked makes the track when it is first asked for, or when negotiation
// needs it: most receivers of a program that only sends are never looked at, and
// addTrack is to cost next to nothing.
func (r *RTPReceiver) trackLocked() *media.Track {
	if r.track != nil {
		return r.track
	}
	t, id := r.transceiver, ""
	if slots := t.slots(); slots != nil {
		id = slots.ReceiverTrackID()
	}
	// "Initialize track.label to the result of concatenating the string "remote "
	// with kind."
	r.source, r.track = media.NewRemoteTrack(t.kind, id, "remote "+string(t.kind), r.pc.loop)
	if r.ended {
		media.EndSilently(r.source)
	}
	return r.track
}

// endLocked ends receiving for good. The track ends in a task, or silently.
func (r *RTPReceiver) endLocked() {
	r.ended = true
	r.media.end()
}

// Transport is the transport attribute, or nil for null.
func (r *RTPReceiver) Transport() *DTLSTransport {
	r.pc.mu.Lock()
	defer r.pc.mu.Unlock()
	return r.transport
}

// GetParameters is getParameters.
func (r *RTPReceiver) GetParameters() RTPReceiveParameters {
	pc := r.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	var out RTPReceiveParameters
	out.Codecs = []RTPCodecParameters{}
	if slots := r.transceiver.slots(); slots.CurrentDirection() != "" {
		// Before an answer it is not settled what arrives, though an offer of ours
		// has to be ready for all that it lists.
		out.Codecs = codecParameters(slots.RecvCodecs())
	}
	out.HeaderExtensions = []RTPHeaderExtensionParameters{}
	if m := pc.mediaConfigLocked(r.transceiver.id); m != nil {
		out.HeaderExtensions = extensionParameters(m.RecvExtensions)
		out.RTCP.ReducedSize = m.ReducedSizeRTCP
	}
	return out
}

// JitterBufferTarget is the jitterBufferTarget attribute, or nil for null.
func (r *RTPReceiver) JitterBufferTarget() *time.Duration {
	r.pc.mu.Lock()
	defer r.pc.mu.Unlock()
	return clonePtr(r.jitterBufferTarget)
}

// SetJitterBufferTarget sets the jitterBufferTarget attribute: how long media
// is held back, nil for as short as the network permits. RangeError when it is
// negative or longer than 4 seconds.
func (r *RTPReceiver) SetJitterBufferTarget(target *time.Duration) error {
	if target != nil && (*target < 0 || *target > 4*time.Second) {
		return domerr.New(domerr.Range, "jitterBufferTarget is %v, not within 0 to 4s", *target)
	}
	r.pc.mu.Lock()
	defer r.pc.mu.Unlock()
	r.jitterBufferTarget = clonePtr(target)
	r.media.setJitterBufferTarget(r.jitterBufferTarget)
	return nil
}

// extensionParameters lists negotiated header extensions.
func extensionParameters(in []jsep.HeaderExtension) []RTPHeaderExtensionParameters {
	out := make([]RTPHeaderExtensionParameters, len(in))
	for i, e := range in {
		out[i] = RTPHeaderExtensionParameters{URI: e.URI, ID: uint16(e.ID)}
	}
	return out
}

// codecParameters lists codecs with, after each, its retransmission format.
func codecParameters(in []jsep.MediaCodec) []RTPCodecParameters {
	out := make([]RTPCodecParameters, 0, 2*len(in))
	for _, c := range in {
		out = append(out, RTPCodecParameters{RTPCodec: RTPCodec(c.Codec), PayloadType: c.PayloadType})
		if c.HasRTX {
			out = append(out, rtxParameters(c))
		}
	}
	return slices.Clip(out)
}
