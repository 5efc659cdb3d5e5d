package webrtc

import (
	"sync"
	"sync/atomic"
	"time"

	"trackway/internal/domerr"
	"trackway/media"
)

// sendTransform is the place of a sender's transform. It stays once there was
// one; without a function frames pass.
//
// The track that is sent is not the one that the encoder writes but one behind
// it: a tap takes the frames of the one, and what is forwarded is written into
// the other. So the feed knows nothing of transforms.
type sendTransform struct {
	kind media.Kind
	do   atomic.Pointer[FrameTransform]
}

func newSendTransform(kind media.Kind) *sendTransform { return &sendTransform{kind: kind} }

func (x *sendTransform) set(f FrameTransform) {
	if f == nil {
		x.do.Store(nil)
		return
	}
	x.do.Store(&f)
}

// feed is what sends the coded track: its own feed, or with a transform that of
// the track behind. own is the target that the track was coded for, nil for a
// track that came coded.
func (x *sendTransform) feed(track *media.Track, own *sendTarget) *trackFeed {
	if x == nil {
		return feedOf(track)
	}
	key := tapKey{x, own}
	tap := track.Shared(key, func() any { return newSendTap(key, track) }).(*sendTap)
	return tap.feed
}

// tapKey tells the taps of one track apart.
type tapKey struct {
	x *sendTransform
	// own is the target that the track was coded for, if it was.
	own *sendTarget
}

// sendTap is a sender's transform at work on one coded track.
type sendTap struct {
	tapKey
	track  *media.Track
	source *media.Source // of the track behind
	feed   *trackFeed    // of the track behind

	detach func() // used with the source's demand, one change at a time

	// mu has frames go on one at a time.
	mu sync.Mutex

	// used by the goroutine that delivers frames
	encodings map[string]*tapEncoding
	offset    uint32
	last      time.Time
}

// tapEncoding is what a tap knows of one encoding.
type tapEncoding struct {
	frameCounter
	begun         bool // with a key frame
	width, height int
}

// tapPause is how long a source may be silent before its clock is looked at anew.
const tapPause = time.Second

func newSendTap(key tapKey, track *media.Track) *sendTap {
	codec := track.Format().Codec
	if codec.MimeType == "" {
		codec.MimeType = string(key.x.kind) + "/unknown" // frames say what they are
	}
	t := &sendTap{tapKey: key, track: track, source: media.NewEncodedSource(codec, media.AtOnce()), encodings: map[string]*tapEncoding{}}
	t.feed = feedOf(t.source.NewTrack())
	t.source.OnDemand(t.demand)
	t.source.OnKeyFrameRequest(track.RequestKeyFrameFor)
	return t
}

// demand takes the frames of the track while somebody sends them.
func (t *sendTap) demand(d media.Demand) {
	switch {
	case d.Encoded && t.detach == nil:
		t.detach = t.track.AddSink(&media.Sink{Encoded: t.take, Changed: t.changed})
	case !d.Encoded && t.detach != nil:
		t.detach()
		t.detach = nil
		t.track.Unshare(t.tapKey)
	}
}

func (t *sendTap) changed() {
	if !t.track.Enabled() {
		t.feed.pause()
	}
	if c := t.track.Format().Codec; c.MimeType != "" {
		t.source.SetCodec(c)
	}
}

// target is the encoding that a frame is sent as, nil while there is none.
func (t *sendTap) target(rid string) *sendTarget {
	for _, s := range t.feed.current() {
		own := s.spec.Load().base.RID
		if s.mt.ready.Load() && (s == t.own || own == rid || own == "" || rid == "" && s.index == 0) {
			return s
		}
	}
	return nil
}

// take is the track's sink.
func (t *sendTap) take(m *media.EncodedFrame) {
	target := t.target(m.RID)
	if target == nil {
		return // webrtc-encoded-transform 4.1: frames come while the sender sends
	}
	e := t.encodings[m.RID]
	if e == nil {
		e = &tapEncoding{}
		t.encodings[m.RID] = e
	}
	if !e.begun && !m.KeyFrame && t.x.kind == media.Video {
		t.track.RequestKeyFrameFor(m.RID)
		return
	}
	e.begun = true
	now := time.Now()
	if now.Sub(t.last) > tapPause {
		t.offset = target.stream.TimestampOffset(now, m.Timestamp)
	}
	t.last = now
	if m.Width != 0 {
		e.width, e.height = m.Width, m.Height
	}
	do := t.x.do.Load()
	if do == nil {
		out := *m
		out.Timestamp += t.offset
		_ = t.write(&out) // the track may have ended
		return
	}
	f := &TransformFrame{EncodedFrame: *m.Clone(), Kind: t.x.kind, owner: t, by: do}
	t.describe(f, target, e)
	(*do)(f)
}

// describe fills in how the frame will look on its way.
func (t *sendTap) describe(f *TransformFrame, target *sendTarget, e *tapEncoding) {
	f.Timestamp += t.offset
	f.Width, f.Height = e.width, e.height
	format := t.track.Format().Codec
	if f.MimeType == "" {
		f.MimeType = format.MimeType
	}
	spec := target.spec.Load()
	f.SSRC = spec.base.SSRC
	if c := spec.choose(f.MimeType, format.SDPFmtpLine); c != nil {
		f.PayloadType = c.pt
	}
	if target == t.own {
		f.RID = spec.base.RID
	}
	if t.x.kind == media.Video {
		e.number(f)
	}
}

// forward implements transformOwner.
func (t *sendTap) forward(f *TransformFrame) error {
	if t.x.do.Load() != f.by {
		return errReplaced()
	}
	return t.write(&f.EncodedFrame)
}

func (t *sendTap) write(f *media.EncodedFrame) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.source.WriteFrame(f)
}

// transformable says why nothing of a track can be sent through a transform.
func (x *sendTransform) transformable(track *media.Track) error {
	if x != nil && track.Format().Form == media.RTP {
		return domerr.New(domerr.NotSupported, "a track of packets has no frames to transform")
	}
	return nil
}
