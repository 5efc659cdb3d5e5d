package webrtc

import (
	"slices"
	"sync/atomic"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/media"
)

// FrameTransform stands between the encoder and the packets of a sender, or
// between the packets and the decoder of a receiver: the encoded transform of
// https://w3c.github.io/webrtc-encoded-transform/. It is called with every
// frame, in decoding order, on the goroutine that made the frame, and must not
// block. The frame belongs to it: it may look at it, change Data, keep it, and
// pass it to other goroutines. Frame.Forward sends it on; a frame that is never
// forwarded is dropped. Frames go on in the order of the calls of Forward.
//
//	sender.SetTransform(func(f *webrtc.TransformFrame) {
//		f.Data = seal(f.Data)
//		f.Forward()
//	})
//
// What the packetiser and the receiver must find in a frame has to stay
// readable: the first 10 bytes of a VP8 key frame and the first 3 of any other
// VP8 frame, and the NAL unit headers of H.264. Audio has no such rule.
type FrameTransform func(*TransformFrame)

// TransformFrame is a frame on its way through a FrameTransform:
// RTCEncodedVideoFrame and RTCEncodedAudioFrame.
//
// Timestamp, SSRC and PayloadType are those of the packets, on both sides; a
// changed Timestamp is the one that is sent. RID is the sender's encoding. A
// sender's CSRCs go into the packets.
type TransformFrame struct {
	media.EncodedFrame
	// Kind is audio or video.
	Kind media.Kind
	// SequenceNumber is that of the frame's first packet; incoming frames only.
	SequenceNumber *uint16
	// FrameID counts the frames of the encoding from 0; Dependencies are the
	// ids of those that the frame refers to, as its temporal layer tells. Both
	// are nil for audio, and Dependencies for frames of several spatial layers.
	FrameID      *uint64
	Dependencies []uint64

	owner   transformOwner
	by      *FrameTransform // the transform that the frame was given to
	arrival time.Time
	done    atomic.Bool
}

// transformOwner is what a frame came out of and goes back into.
type transformOwner interface {
	forward(*TransformFrame) error
}

// Forward sends the frame on: to the packetiser, or to the decoder and the
// track's sinks. Data must not be changed afterwards. InvalidStateError when it
// was forwarded before, or another transform has taken over since.
func (f *TransformFrame) Forward() error {
	if f.owner == nil || f.done.Swap(true) {
		return domerr.New(domerr.InvalidState, "Forward: the frame has been forwarded already")
	}
	return f.owner.forward(f)
}

// Clone returns a copy of the frame with its own data, which can be forwarded
// whether the original was or not.
func (f *TransformFrame) Clone() *TransformFrame {
	return &TransformFrame{
		EncodedFrame: *f.EncodedFrame.Clone(), Kind: f.Kind, SequenceNumber: clonePtr(f.SequenceNumber),
		FrameID: clonePtr(f.FrameID), Dependencies: slices.Clone(f.Dependencies),
		owner: f.owner, by: f.by, arrival: f.arrival,
	}
}

func errReplaced() error {
	return domerr.New(domerr.InvalidState, "Forward: another transform has taken over")
}

// frameCounter numbers the frames of one encoding and knows what they refer to.
type frameCounter struct {
	next  uint64
	last  [8]uint64 // the latest frame of each temporal layer
	known [8]bool
}

// number gives the frame its id and dependencies.
func (c *frameCounter) number(f *TransformFrame) {
	id := c.next
	c.next++
	f.FrameID = &id
	if f.SpatialIndex > 0 || f.TemporalIndex > 7 {
		return
	}
	f.Dependencies = []uint64{}
	switch {
	case f.KeyFrame:
		c.known = [8]bool{}
	case f.LayerSync:
		if c.known[0] {
			f.Dependencies = append(f.Dependencies, c.last[0])
		}
	default:
		// the latest frame that is not of a higher layer
		latest, found := uint64(0), false
		for tid := range f.TemporalIndex + 1 {
			if c.known[tid] && (!found || c.last[tid] > latest) {
				latest, found = c.last[tid], true
			}
		}
		if found {
			f.Dependencies = append(f.Dependencies, latest)
		}
	}
	if !f.Discardable {
		c.last[f.TemporalIndex], c.known[f.TemporalIndex] = id, true
	}
}

// SetTransform puts a transform between the sender's encoders and its packets;
// nil takes it out. Frames that an earlier transform has not forwarded are
// dropped. InvalidStateError when the connection is closed.
//
// A track of RTP packets (media.NewRTPSource) has no frames: nothing of it is
// sent once a transform was set, and EncodingError says so.
func (s *RTPSender) SetTransform(f FrameTransform) error {
	s.pc.mu.Lock()
	defer s.pc.mu.Unlock()
	if s.pc.isClosed {
		return closedError("SetTransform")
	}
	m := &s.media
	x := m.transform.Load()
	if x == nil {
		if f == nil {
			return nil
		}
		m.connect(false)
		x = newSendTransform(s.transceiver.kind)
		m.transform.Store(x)
		for _, t := range m.targets {
			t.stream.KeepTimestamps(true)
		}
		defer func() { m.connect(m.sending) }()
	}
	x.set(f)
	return nil
}

// GenerateKeyFrame is generateKeyFrame: it asks the encoder for a key frame of
// the encodings with the given rids, of all encodings if there are none.
// InvalidStateError when the sender is not one of video or does not send,
// NotAllowedError when a rid cannot be one, NotFoundError when there is no such
// encoding.
func (s *RTPSender) GenerateKeyFrame(rids ...string) error {
	pc := s.pc
	pc.mu.Lock()
	if err := s.canGenerateLocked(rids); err != nil {
		pc.mu.Unlock()
		return err
	}
	var ask []func()
	for _, rid := range rids {
		ask = append(ask, s.media.keyFrame(rid))
	}
	if len(rids) == 0 {
		ask = append(ask, s.media.keyFrame(""))
	}
	pc.mu.Unlock()
	for _, f := range ask {
		f()
	}
	return nil
}

func (s *RTPSender) canGenerateLocked(rids []string) error {
	if s.transceiver.kind != media.Video {
		return domerr.New(domerr.InvalidState, "GenerateKeyFrame: audio has no key frames")
	}
	for _, rid := range rids {
		if !alphanumeric(rid) {
			return domerr.New(domerr.NotAllowed, "GenerateKeyFrame: %q cannot be a rid", rid)
		}
	}
	slots := s.transceiver.slots()
	if s.pc.isClosed || slots.Stopping() || s.track == nil || !s.media.sending {
		return domerr.New(domerr.InvalidState, "GenerateKeyFrame: the sender is not sending")
	}
	encodings := s.media.config.Encodings // rids of a sender that no longer does simulcast are none
	for _, rid := range rids {
		if !slices.ContainsFunc(encodings, func(e jsep.SendEncoding) bool { return e.HasRID && e.RID == rid }) {
			return domerr.New(domerr.NotFound, "GenerateKeyFrame: there is no encoding %q", rid)
		}
	}
	return nil
}

// alphanumeric is the grammar of a RtpStreamId (RFC 8852 section 3.3).
func alphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// SetTransform puts a transform between the receiver's packets and its decoder;
// nil takes it out. The track's encoded sinks, and Frames, take what the
// transform forwards. Packets (ReadRTP, RTP sinks, and senders of the receiver's
// track, which pass its packets on) are not transformed. InvalidStateError when
// the connection is closed.
func (r *RTPReceiver) SetTransform(f FrameTransform) error {
	r.pc.mu.Lock()
	defer r.pc.mu.Unlock()
	if r.pc.isClosed {
		return closedError("SetTransform")
	}
	m := &r.media
	x := m.transform.Load()
	if x == nil {
		if f == nil {
			return nil
		}
		x = &receiveTransform{media: m, kind: r.transceiver.kind}
		m.transform.Store(x)
	}
	x.set(f)
	if m.hooked {
		m.demand(media.Demand{})
	}
	return nil
}

// SendKeyFrameRequest is sendKeyFrameRequest: it asks the other peer for a key
// frame. InvalidStateError when the receiver is not one of video or does not
// receive.
func (r *RTPReceiver) SendKeyFrameRequest() error {
	pc := r.pc
	pc.mu.Lock()
	slots := r.transceiver.slots()
	d := slots.CurrentDirection()
	live := r.media.live.Load()
	ok := r.transceiver.kind == media.Video && !pc.isClosed && !slots.Stopping() && live != nil &&
		(d == jsep.SendRecv || d == jsep.RecvOnly)
	pc.mu.Unlock()
	if !ok {
		return domerr.New(domerr.InvalidState, "SendKeyFrameRequest: no video is being received")
	}
	live.RequestKeyFrame("")
	return nil
}
