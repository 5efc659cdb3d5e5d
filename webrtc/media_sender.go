package webrtc

import (
	"strings"
	"sync/atomic"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/internal/rtpengine"
	"trackway/media"
)

// senderMedia is the media side of an RTPSender; the connection's lock guards
// it. The zero value is ready.
type senderMedia struct {
	track   *media.Track
	current atomic.Pointer[media.Track] // track, for key frame requests
	targets []*sendTarget
	mt      *mediaTransport
	sending bool
	config  *jsep.MediaConfig // what was applied last
	failure error             // why a raw track is not encoded
	// degradation is degradationPreference, "" for what the content hint says.
	degradation string
	active      []bool                        // by encoding
	transform   atomic.Pointer[sendTransform] // nil while there has never been one
	bitrate     atomic.Int64                  // what the source was told last
}

// setTrack follows addTrack, replaceTrack and removeTrack. The encodings go on
// with the new track's packets as if they were the old one's.
func (m *senderMedia) setTrack(track *media.Track) {
	if m.track == track {
		return
	}
	m.connect(false)
	for _, t := range m.targets {
		t.pause()
	}
	m.withdraw()
	m.track, m.failure = track, nil
	m.current.Store(track)
	m.connect(m.sending)
}

// setEncodings follows setParameters; negotiation may repeat it.
func (m *senderMedia) setEncodings(encodings []jsep.Encoding) {
	m.active = m.active[:0]
	for _, e := range encodings {
		m.active = append(m.active, e.Active && !e.Paused)
	}
	m.activate()
	if m.sending && m.track != nil && m.track.Format().Form == media.Raw {
		m.connect(true)
	}
}

// activate switches encodings on and off. One that is switched on begins with a
// key frame.
func (m *senderMedia) activate() {
	for _, t := range m.targets {
		t.mt.pacer.drain()
		t.stream.SetActive(m.activeAt(t.index))
	}
}

func (m *senderMedia) activeAt(index int) bool { return index >= len(m.active) || m.active[index] }

// canSend says why a track cannot be sent within what was negotiated.
func (m *senderMedia) canSend(track *media.Track, negotiated []jsep.MediaCodec) error {
	f := track.Format()
	if f.Form == media.Raw {
		if encodable(negotiated) {
			return nil
		}
		return domerr.New(domerr.InvalidModification, "there is no encoder for any of the negotiated codecs")
	}
	if f.Codec.MimeType == "" {
		return nil // not known yet
	}
	for _, c := range negotiated {
		if strings.EqualFold(c.MimeType, f.Codec.MimeType) {
			return nil
		}
	}
	return domerr.New(domerr.InvalidModification, "the track's codec %s was not negotiated", f.Codec.MimeType)
}

// apply follows a negotiation.
func (m *senderMedia) apply(s *RTPSender, mt *mediaTransport, c *jsep.MediaConfig) {
	m.mt, m.config = mt, c
	m.active = m.active[:0]
	for _, e := range c.Encodings {
		m.active = append(m.active, e.Active && !e.Paused)
	}
	spec := sendSpec(c)
	if !c.Send || len(spec.codecs) == 0 {
		// The direction excludes sending: the streams stay, with their numbers.
		m.connect(false)
		for _, t := range m.targets {
			t.pause()
		}
		m.sending = false
		return
	}
	for i := range c.Encodings {
		e := &c.Encodings[i]
		t := m.target(i)
		one := &targetSpec{base: spec.base, codecs: spec.codecs}
		one.base.RID, one.base.SSRC, one.base.RTXSSRC, one.base.FECSSRC = e.RID, e.SSRC, e.RTXSSRC, e.FECSSRC
		if e.Codec != nil { // the encoding's own choice (webrtc-extensions)
			one.codecs = only(one.codecs, engineCodec(*e.Codec))
		}
		if t == nil {
			m.add(mt, i, e.RID, one)
			continue
		}
		t.rid = e.RID
		t.spec.Store(one)
	}
	for _, t := range append([]*sendTarget(nil), m.targets...) {
		if t.index >= len(c.Encodings) { // the answer took fewer encodings
			m.remove(t)
		}
	}
	was := m.sending
	m.sending = true
	m.connect(true)
	m.activate()
	if !was && mt.ready.Load() && m.track != nil {
		s.pc.queueTask(m.keyFrame(""))
	}
}

func (m *senderMedia) target(index int) *sendTarget {
	for _, t := range m.targets {
		if t.index == index {
			return t
		}
	}
	return nil
}

func (m *senderMedia) add(mt *mediaTransport, index int, rid string, spec *targetSpec) {
	t := &sendTarget{mt: mt, rid: rid, index: index}
	t.spec.Store(spec)
	cfg := spec.base
	first := &spec.codecs[0]
	cfg.Codec, cfg.PayloadType, cfg.RTXPayloadType, cfg.EventPayloadType = first.codec, first.pt, first.rtx, first.events
	cfg.REDPayloadType = first.red
	if cfg.RTXPayloadType == 0 {
		cfg.RTXSSRC = 0
	}
	stream, err := mt.session.AddSender(cfg, rtpengine.SendEvents{KeyFrame: func() { m.requestKeyFrame(t, true) }})
	if err != nil {
		return // an SSRC of another sender: negotiation draws them at random
	}
	t.stream = stream
	stream.KeepTimestamps(m.transform.Load() != nil)
	m.targets = append(m.targets, t)
}

func (m *senderMedia) remove(t *sendTarget) {
	t.stopEncoding()
	if t.feed != nil {
		t.feed.drop(t)
	}
	for i, o := range m.targets {
		if o == t {
			m.targets = append(m.targets[:i:i], m.targets[i+1:]...)
			break
		}
	}
	out := mediaOuts.Get().(*mediaOut)
	defer mediaOuts.Put(out)
	out.tr = t.mt.tr
	t.mt.session.RemoveSender(t.stream, out)
	out.flush()
}

// connect has the track's packets go to the targets, or ends it.
func (m *senderMedia) connect(on bool) {
	if m.track == nil {
		return
	}
	if m.track.Format().Form == media.Raw {
		// Nothing is coded for nobody: while ICE and DTLS are at work, thousands of
		// connections would have their encoders in the way.
		m.encode(on && m.mt != nil && m.mt.ready.Load())
		return
	}
	if m.failure = m.transform.Load().transformable(m.track); m.failure != nil {
		on = false
	}
	if len(m.targets) == 0 { // nothing is negotiated
		return
	}
	feed := m.transform.Load().feed(m.track, nil)
	for _, t := range m.targets {
		switch {
		case on && t.feed != feed:
			feed.add(t, false)
		case !on && t.feed != nil:
			feed.drop(t)
		}
	}
}

// unbind ends all encodings, with BYE.
func (m *senderMedia) unbind() {
	for len(m.targets) > 0 {
		m.remove(m.targets[len(m.targets)-1])
	}
	m.mt, m.sending, m.failure = nil, false, nil
	m.withdraw()
}

// withdraw takes back what the track's source was told about bit rates.
func (m *senderMedia) withdraw() {
	if m.track != nil && m.bitrate.Swap(0) != 0 {
		m.track.SendFeedback(m, media.Feedback{})
	}
}

// flows appends what the sender's encodings want of their transport.
func (m *senderMedia) flows(list []flow, c *jsep.MediaConfig) []flow {
	if !m.sending {
		return list
	}
	for _, t := range m.targets {
		if t.index < len(c.Encodings) {
			e := &c.Encodings[t.index]
			list = append(list, flow{sender: m, target: t, demand: demandOf(c, e), coded: codedMost(c, e, t.spec.Load())})
		}
	}
	return list
}

// encodingOf is the RID that a target's encoding has in the track's frames, or
// "" if the track has one encoding.
func (f *trackFeed) encodingOf(t *sendTarget) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(f.layers) == 0:
		return ""
	case t.rid == "":
		return f.best
	}
	return t.rid
}

// telephoneEvent is the format of DTMF tones (RFC 4733).
const telephoneEvent = "audio/telephone-event"

// redundantAudio is the format of packets that repeat those before (RFC 2198).
const redundantAudio = "audio/red"

// flexFEC is the format of repair packets for video, as browsers have it.
const flexFEC = "video/flexfec-03"

// sendSpec is what the encodings of a sender have in common.
func sendSpec(c *jsep.MediaConfig) targetSpec {
	var s targetSpec
	var events []*jsep.MediaCodec
	var red *jsep.MediaCodec
	s.base = rtpengine.SendConfig{
		MID: c.MID, Extensions: engineExtensions(c.SendExtensions), CongestionFeedback: c.CongestionFeedback,
	}
	for i := range c.SendCodecs {
		m := &c.SendCodecs[i]
		if strings.EqualFold(m.MimeType, telephoneEvent) {
			events = append(events, m)
			continue
		}
		if strings.EqualFold(m.MimeType, flexFEC) {
			s.base.FECPayloadType = m.PayloadType
			continue
		}
		if strings.EqualFold(m.MimeType, redundantAudio) {
			red = m
			continue
		}
		sc := sendCodec{codec: engineCodec(m.Codec), mime: strings.ToLower(m.MimeType), pt: m.PayloadType}
		if m.HasRTX {
			sc.rtx = m.RTXPayloadType
		}
		for _, fb := range m.Feedback {
			sc.nack = sc.nack || fb == "nack"
		}
		sc.single = sc.codec.Format() == rtpengine.FormatH264 && sc.codec.FmtpValue("packetization-mode") != "1"
		// Like Chromium we repeat packets only for a peer that prefers RED to what
		// it repeats: it is negotiated with everyone, and doubles the bit rate.
		if red != nil && sc.codec.Format() == rtpengine.FormatOpus && engineCodec(red.Codec).Repeats(sc.pt) {
			sc.red = red.PayloadType
		}
		s.codecs = append(s.codecs, sc)
	}
	for i := range s.codecs {
		s.codecs[i].events = eventsFor(s.codecs[i].codec.ClockRate, events)
	}
	return s
}

// eventsFor picks the payload type of telephone events beside sound, 0 if there is
// none. Events have the clock of the stream's sound (RFC 4733 section 2.1): the
// format with that clock is the right one. A Firefox has one of 8000 Hz only, also
// beside Opus. Then, like libwebrtc, we use the format with the slowest clock, and
// its timestamps and durations stay in units of the sound's clock: a stream has one.
func eventsFor(clock uint32, events []*jsep.MediaCodec) uint8 {
	var best *jsep.MediaCodec
	for _, e := range events {
		if e.ClockRate == clock {
			return e.PayloadType
		}
		if best == nil || e.ClockRate < best.ClockRate {
			best = e
		}
	}
	if best == nil {
		return 0
	}
	return best.PayloadType
}

// only keeps the codecs that are the same as one.
func only(list []sendCodec, one rtpengine.Codec) []sendCodec {
	var out []sendCodec
	for _, c := range list {
		if strings.EqualFold(c.codec.MimeType, one.MimeType) && c.codec.ClockRate == one.ClockRate &&
			c.codec.Channels == one.Channels && (one.Fmtp == "" || one.Fmtp == c.codec.Fmtp) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return list
	}
	return out
}
