package webrtc

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trackway/internal/rtpengine"
	"trackway/internal/udp"
	"trackway/media"
)

// trackFeed is what all senders of one track share, over all connections of
// the process: the track is packetised once for each encoding and payload
// format, and the packets are kept once.
type trackFeed struct {
	track *media.Track

	// mu guards the rings and the targets' choice of them. It is held while a
	// frame goes out to all targets.
	mu      sync.Mutex
	targets []*sendTarget
	remove  func() // takes the sink out of the track; nil without targets
	joined  int    // how often the feed has joined the track with a sink
	rings   []*feedRing
	layers  []feedLayer // RIDs that the track's frames carry, if any
	best    string      // the RID for peers that take one encoding only
	bestAt  time.Time
	out     mediaOut
	frame   rtpengine.Frame
	packet  rtpengine.Packet
	turn    uint64
}

// feedRing is a ring and what was written into it last.
type feedRing struct {
	key  ringKey
	ring *rtpengine.Ring
	span rtpengine.Span
	turn uint64
	err  error
}

// ringKey tells rings of one track apart: the encoding, the codec, and whether
// H.264 may be fragmented.
type ringKey struct {
	rid, mime string
	single    bool
}

// feedLayer is one simulcast encoding that the track has.
type feedLayer struct {
	rid   string
	bytes int
	last  time.Time
}

// sendTarget is one encoding of one sender, towards one peer.
type sendTarget struct {
	mt     *mediaTransport
	stream *rtpengine.SendStream
	rid    string
	index  int
	spec   atomic.Pointer[targetSpec]

	// Of a raw track: the encoding's own coded track, what was asked of it, and
	// what its encoder was told last.
	coded   atomic.Pointer[media.Track]
	options media.EncodeOptions
	release func()
	bitrate atomic.Int64
	// What encoders before this one did for the target, and what this one had
	// done before.
	past, before media.EncodingStats

	// guarded by trackFeed.mu
	feed    *trackFeed
	own     bool // the feed carries this encoding and no other
	ring    *feedRing
	applied *targetSpec
	mime    string
	waiting int // packets that wait for the batch to be flushed

	// sendDelay is totalPacketSendDelay in nanoseconds.
	sendDelay atomic.Int64
}

// targetSpec is what was negotiated; it is replaced, never changed.
type targetSpec struct {
	base   rtpengine.SendConfig
	codecs []sendCodec
}

type sendCodec struct {
	codec   rtpengine.Codec
	mime    string // lower case
	pt, rtx uint8
	red     uint8 // that of RED with its frames, if that is preferred, or 0
	events  uint8 // payload type of telephone events beside it, or 0
	nack    bool
	single  bool // H.264 in packetization-mode 0
}

// sendsEvents says that telephone events were negotiated, and so can be sent with
// every codec.
func (s *targetSpec) sendsEvents() bool { return len(s.codecs) > 0 && s.codecs[0].events != 0 }

// fanBatches are for frames on their way to all targets. There are as many as
// tracks that send at one moment.
var fanBatches = sync.Pool{New: func() any { return udp.NewBatch(0) }}

// slotRoom is more than what a packet's slot has beside the payload, in bytes.
const slotRoom = 128

type feedKey struct{}

// feedOf returns the feed of a track.
func feedOf(track *media.Track) *trackFeed {
	return track.Shared(feedKey{}, func() any { return &trackFeed{track: track} }).(*trackFeed)
}

// add has the feed send to the target from now on. own says that the track was
// coded for the target's encoding, whichever it is.
func (f *trackFeed) add(t *sendTarget, own bool) {
	f.mu.Lock()
	t.feed, t.own, t.ring, t.applied, t.mime = f, own, nil, nil, ""
	// a new list: the old one may be in use
	f.targets = append(append([]*sendTarget(nil), f.targets...), t)
	first := f.remove == nil
	if first {
		f.remove = func() {}
		f.joined++
	}
	joined := f.joined
	f.mu.Unlock()
	if !first {
		return
	}
	sink := &media.Sink{Changed: f.changed}
	if f.passes() {
		sink.RTP = f.writeRTP
	} else {
		sink.Encoded = f.writeFrame
	}
	remove := f.track.AddSink(sink)
	f.mu.Lock()
	if len(f.targets) == 0 || f.joined != joined { // all gone again, or others came after that
		f.mu.Unlock()
		remove()
		return
	}
	f.remove = remove
	f.mu.Unlock()
}

// passes says whether the track's packets are passed through as they are: those
// of a remote track keep their gaps, which are repaired from further up.
func (f *trackFeed) passes() bool {
	return f.track.Format().Form == media.RTP || f.track.Source().Remote()
}

// drop ends sending to the target.
func (f *trackFeed) drop(t *sendTarget) {
	f.mu.Lock()
	list := make([]*sendTarget, 0, len(f.targets))
	for _, o := range f.targets {
		if o != t {
			list = append(list, o)
		}
	}
	f.targets = list
	t.feed, t.ring = nil, nil
	var remove func()
	if len(list) == 0 {
		remove, f.remove = f.remove, nil
		f.rings = nil
	}
	f.mu.Unlock()
	if remove != nil {
		remove()
	}
}

// changed follows track.enabled: a track that is disabled stops, and the next
// packet begins anew.
func (f *trackFeed) changed() {
	if !f.track.Enabled() {
		f.pause()
	}
}

// pause has the next packet begin anew.
func (f *trackFeed) pause() {
	for _, t := range f.current() {
		t.pause()
	}
}

// pause has the next packet begin anew, after what still waits to be sent.
func (t *sendTarget) pause() {
	t.mt.pacer.drain()
	t.stream.Pause()
}

// current returns the targets; the list never changes.
func (f *trackFeed) current() []*sendTarget {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.targets
}

// writeFrame is the track's sink for frames.
func (f *trackFeed) writeFrame(m *media.EncodedFrame) {
	now := time.Now()
	f.mu.Lock()
	fr := &f.frame
	*fr = rtpengine.Frame{
		Data: m.Data, KeyFrame: m.KeyFrame, Timestamp: m.Timestamp, CaptureTime: m.CaptureTime,
		TemporalIndex: m.TemporalIndex, SpatialIndex: m.SpatialIndex, CSRCs: m.CSRCs,
		AudioLevel: m.AudioLevel.Level, VoiceActivity: m.AudioLevel.Voice, HasAudioLevel: m.AudioLevel.Known,
		NonReference: m.Discardable, LayerSync: m.LayerSync,
	}
	ask := f.fanOut(now, m.RID, m.MimeType, len(m.Data), func(r *feedRing) {
		r.span, r.err = r.ring.WriteFrame(fr)
	})
	f.mu.Unlock()
	f.ask(ask, m.RID)
}

// writeRTP is the track's sink for packets.
func (f *trackFeed) writeRTP(m *media.RTPPacket) {
	now := time.Now()
	f.mu.Lock()
	p := &f.packet
	*p = rtpengine.Packet{
		Marker: m.Marker, PayloadType: m.PayloadType, SequenceNumber: m.SequenceNumber,
		Timestamp: m.Timestamp, SSRC: m.SSRC, Payload: m.Payload,
	}
	p.NumCSRC = uint8(copy(p.CSRC[:], m.CSRCs))
	p.Ext.HasAudioLevel, p.Ext.AudioLevel, p.Ext.VoiceActivity = m.AudioLevel.Known, m.AudioLevel.Level, m.AudioLevel.Voice
	if !m.CaptureTime.IsZero() {
		p.Ext.HasCaptureTime, p.Ext.CaptureTime = true, m.CaptureTime
	}
	mime := m.MimeType
	if p.Event = strings.EqualFold(mime, telephoneEvent); p.Event {
		mime = f.track.Format().Codec.MimeType // they share its numbers
	}
	ask := f.fanOut(now, m.RID, mime, len(m.Payload), func(r *feedRing) {
		r.span, r.err = r.ring.WriteRTP(p), nil
	})
	f.mu.Unlock()
	f.ask(ask, m.RID)
}

// ask requests a key frame, without the lock: the source may answer at once.
func (f *trackFeed) ask(need bool, rid string) {
	if need {
		f.track.RequestKeyFrameFor(rid)
	}
}

// fanOut sends one frame or packet to all targets that take its encoding. write
// puts it into a ring; it is called once for each ring.
func (f *trackFeed) fanOut(now time.Time, rid, mime string, size int, write func(*feedRing)) (needKey bool) {
	if len(f.targets) == 0 {
		return false
	}
	if mime == "" {
		mime = f.track.Format().Codec.MimeType
	}
	f.turn++
	f.noteLayer(now, rid, size)
	f.out.batch, f.out.keep = fanBatches.Get().(*udp.Batch), true
	for _, t := range f.targets {
		if !t.mt.ready.Load() || !f.takes(t, rid) {
			continue
		}
		r := f.ringFor(t, rid, mime)
		if r == nil {
			continue
		}
		if r.turn != f.turn {
			r.turn = f.turn
			write(r)
		}
		if r.err != nil {
			continue
		}
		f.out.tr = t.mt.tr
		f.out.batch.Room(size + r.span.Count*slotRoom) // so that it remains one message
		res := t.mt.pacer.send(now, t.stream, r.ring, r.span, size, &f.out)
		needKey = needKey || res.NeedKeyFrame
		if res.Bytes > 0 {
			t.mt.sent(now, res.Bytes)
			t.waiting += res.Packets
		}
	}
	f.out.flush()
	f.flushed(time.Since(now))
	fanBatches.Put(f.out.batch)
	f.out.batch, f.out.tr = nil, nil // a feed outlives the connections that it serves
	return needKey
}

// flushed accounts for the time that packets have waited for the network.
func (f *trackFeed) flushed(delay time.Duration) {
	for _, t := range f.targets {
		if t.waiting > 0 {
			t.sendDelay.Add(int64(delay) * int64(t.waiting))
			t.waiting = 0
		}
	}
}

// takes says whether a target sends an encoding of the track.
func (f *trackFeed) takes(t *sendTarget, rid string) bool {
	switch {
	case t.own:
		return true
	case rid == "":
		return t.index == 0 // a track of one encoding is the sender's first
	case t.rid == "":
		return rid == f.best
	}
	return t.rid == rid
}

// noteLayer keeps an eye on which encoding is the richest.
func (f *trackFeed) noteLayer(now time.Time, rid string, size int) {
	if rid == "" {
		return
	}
	found := false
	for i := range f.layers {
		if l := &f.layers[i]; l.rid == rid {
			l.bytes += size
			l.last = now
			found = true
		}
	}
	if !found {
		f.layers = append(f.layers, feedLayer{rid: rid, bytes: size, last: now})
	}
	if f.best != "" && now.Sub(f.bestAt) < time.Second {
		return
	}
	f.bestAt = now
	best := -1
	for i := range f.layers {
		l := &f.layers[i]
		if now.Sub(l.last) < 2*time.Second && (best < 0 || l.bytes > f.layers[best].bytes) {
			best = i
		}
	}
	if best >= 0 {
		f.best = f.layers[best].rid
	}
	for i := range f.layers {
		f.layers[i].bytes /= 2
	}
}

// ringFor finds the ring of an encoding in the form that the target's peer
// negotiated, or nil if the peer cannot take the codec.
func (f *trackFeed) ringFor(t *sendTarget, rid, mime string) *feedRing {
	spec := t.spec.Load()
	if t.ring != nil && t.applied == spec && t.mime == mime && t.ring.key.rid == rid {
		return t.ring
	}
	c := spec.choose(mime, f.track.Format().Codec.SDPFmtpLine)
	if c == nil {
		return nil
	}
	cfg := spec.base
	cfg.Codec, cfg.PayloadType, cfg.EventPayloadType, cfg.NACK = c.codec, c.pt, c.events, c.nack
	cfg.REDPayloadType = c.red
	if cfg.RTXPayloadType = c.rtx; c.rtx == 0 {
		cfg.RTXSSRC = 0
	}
	if err := t.stream.Update(cfg); err != nil {
		return nil // an SSRC that another sender of the transport has
	}
	key := ringKey{rid: rid, mime: c.mime, single: c.single}
	for _, r := range f.rings {
		if r.key == key {
			t.ring = r
		}
	}
	if t.ring == nil || t.ring.key != key {
		t.ring = &feedRing{key: key, ring: rtpengine.NewRing(rtpengine.RingConfig{Codec: c.codec})}
		f.rings = append(f.rings, t.ring)
	}
	t.applied, t.mime = spec, mime
	return t.ring
}

// choose finds the negotiated codec for media of a MIME type, the one with the
// same profile first.
func (s *targetSpec) choose(mime, fmtp string) *sendCodec {
	have := rtpengine.Codec{MimeType: mime, Fmtp: fmtp}
	var best *sendCodec
	score := -1
	for i := range s.codecs {
		c := &s.codecs[i]
		if !strings.EqualFold(c.mime, mime) {
			continue
		}
		n := 0
		if !c.single {
			n += 2
		}
		if profileOf(c.codec) == profileOf(have) {
			n += 4
		}
		if n > score {
			best, score = c, n
		}
	}
	return best
}

// profileOf is what tells the bitstreams of one MIME type apart.
func profileOf(c rtpengine.Codec) string {
	switch c.Format() {
	case rtpengine.FormatH264:
		if p := c.FmtpValue("profile-level-id"); len(p) >= 4 {
			return strings.ToLower(p[:2])
		}
		return "42" // RFC 6184 section 8.1: baseline
	case rtpengine.FormatVP9:
		if p := c.FmtpValue("profile-id"); p != "" {
			return p
		}
		return "0"
	case rtpengine.FormatAV1:
		if p := c.FmtpValue("profile"); p != "" {
			return p
		}
		return "0"
	}
	return ""
}
