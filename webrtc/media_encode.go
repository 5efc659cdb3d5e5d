package webrtc

import (
	"slices"
	"strings"

	"trackway/codec"
	_ "trackway/codec/all" // the codecs that raw tracks are coded with
	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/media"
)

// How a track of pictures or samples (media.Raw) picks its codec: the first in
// the remote peer's order, or the one that the encoding's codec parameter
// names, for which codec.Default has an encoder. The others of the table are
// for tracks that are coded already. Each encoding has an encoder of its own,
// which it shares with all encodings of the process that ask the same of the
// same track.

// encode has the raw track coded for the targets that send, and ends the
// encoders of the others.
func (m *senderMedia) encode(on bool) {
	m.failure = nil
	for _, t := range m.targets {
		if !on || !m.activeAt(t.index) || t.index >= len(m.config.Encodings) || silenced(m.config, t.index) {
			t.stopEncoding()
			continue
		}
		if err := t.encode(m.track, m.config, m.degradation, m.transform.Load()); err != nil {
			t.stopEncoding()
			m.failure = err
		}
	}
}

// silenced says that an encoding's maxBitrate is zero, which sound has no use for.
func silenced(c *jsep.MediaConfig, index int) bool {
	return c.Kind == jsep.Audio && zero(c.Encodings[index].MaxBitrate)
}

// encode starts the encoder of a target, or changes it if what is asked of it
// has changed.
func (t *sendTarget) encode(track *media.Track, c *jsep.MediaConfig, degradation string, through *sendTransform) error {
	e := &c.Encodings[t.index]
	err := error(domerr.New(domerr.NotSupported, "no codec was negotiated"))
	for _, m := range codecsFor(c.SendCodecs, e) {
		o := encodeOptions(m, c, e)
		o.DegradationPreference = degradation
		for {
			if t.coded.Load() != nil && t.options == o {
				return nil
			}
			var coded *media.Track
			var release func()
			if coded, release, err = media.Encode(track, o); err == nil {
				t.stopEncoding()
				unmeter := meterOf(track).use(track)
				t.options, t.release = o, func() { release(); unmeter() }
				t.before, _ = media.EncoderStats(coded)
				t.coded.Store(coded)
				through.feed(coded, t).add(t, true)
				if o.Still { // its only picture may be gone already
					coded.RequestKeyFrame()
				}
				return nil
			}
			// webrtc-svc: a mode that the codec does not have gives way to the
			// codec's default.
			if o.ScalabilityMode == "" {
				break
			}
			o.ScalabilityMode = ""
		}
	}
	return err
}

// stopEncoding gives the target's encoder up.
func (t *sendTarget) stopEncoding() {
	past := t.encoding()
	coded := t.coded.Swap(nil)
	if coded == nil {
		return
	}
	t.past = past
	t.feed.drop(t)
	t.pause()
	t.bitrate.Store(0)
	coded.SendFeedback(t, media.Feedback{})
	t.release()
	t.release, t.options = nil, media.EncodeOptions{}
}

// codecsFor are the codecs that an encoding may be coded with.
func codecsFor(negotiated []jsep.MediaCodec, e *jsep.SendEncoding) []*jsep.MediaCodec {
	var out []*jsep.MediaCodec
	for i := range negotiated {
		m := &negotiated[i]
		if e.Codec == nil || jsep.CodecMatch(*e.Codec, m.Codec, true) {
			out = append(out, m)
		}
	}
	return out
}

// encodeOptions is what one encoding asks of an encoder. The rid is not among
// it: encodings of several peers share an encoder whatever they are called.
func encodeOptions(m *jsep.MediaCodec, c *jsep.MediaConfig, e *jsep.SendEncoding) media.EncodeOptions {
	o := media.EncodeOptions{
		Codec: media.Codec{
			MimeType: m.MimeType, ClockRate: m.ClockRate, Channels: m.Channels, SDPFmtpLine: encoderFmtp(m.Codec),
		},
	}
	for _, limit := range []uint64{c.MaxBitrate, deref(e.MaxBitrate)} {
		if limit > 0 && limit < 1<<31 && (o.MaxBitrate == 0 || int(limit) < o.MaxBitrate) {
			o.MaxBitrate = int(limit)
		}
	}
	if c.Kind == jsep.Audio {
		return o
	}
	o.ScaleResolutionDownBy, o.ScalabilityMode = 1, e.ScalabilityMode
	if e.ScaleResolutionDownBy != nil {
		o.ScaleResolutionDownBy = *e.ScaleResolutionDownBy
	}
	if e.MaxFramerate != nil {
		o.MaxFrameRate = *e.MaxFramerate
	}
	// "setting the max frame rate to zero thus has the effect of freezing the
	// video on the next frame"; "even a bitrate of zero will allow sending one
	// frame".
	o.Still = zero(e.MaxFramerate) || zero(e.MaxBitrate)
	return o
}

// zero says that a limit is there and lets nothing through.
func zero[N uint64 | float64](limit *N) bool { return limit != nil && *limit == 0 }

// opusFmtp is what of Opus's parameters matters to an encoder (RFC 7587 6.1).
var opusFmtp = []string{"stereo", "useinbandfec", "usedtx", "maxaveragebitrate"}

// encoderFmtp leaves out of an fmtp line what does not matter to an encoder, so
// that browsers which write it differently are served by one.
func encoderFmtp(c jsep.Codec) string {
	if !strings.EqualFold(c.MimeType, codec.Opus) {
		return c.SDPFmtpLine
	}
	var kept []string
	known := codec.Codec{SDPFmtpLine: c.SDPFmtpLine}
	for _, name := range opusFmtp {
		if v := known.FmtpValue(name); v != "" {
			kept = append(kept, name+"="+v)
		}
	}
	return strings.Join(kept, ";")
}

// encodable reports whether there is an encoder for one of the codecs.
func encodable(negotiated []jsep.MediaCodec) bool {
	return slices.ContainsFunc(negotiated, func(m jsep.MediaCodec) bool {
		return codec.Default.Encodes(codec.Codec{MimeType: m.MimeType, ClockRate: m.ClockRate})
	})
}

// tell passes a bit rate on to the target's own encoder.
func (t *sendTarget) tell(bitrate int) {
	coded := t.coded.Load()
	if coded == nil || !worthTelling(&t.bitrate, bitrate) {
		return
	}
	coded.SendFeedback(t, media.Feedback{TargetBitrate: max(bitrate, 1)})
	if t.coded.Load() != coded { // stopped meanwhile
		coded.SendFeedback(t, media.Feedback{})
	}
}

// requestKeyFrame asks whoever makes the target's frames for a key frame: at
// once for the program, or for the peer if it may have one (relay). It takes no
// lock of the connection.
func (m *senderMedia) requestKeyFrame(t *sendTarget, relay bool) {
	ask := (*media.Track).RequestKeyFrameFor
	if relay {
		ask = (*media.Track).RelayKeyFrameRequest
	}
	if coded := t.coded.Load(); coded != nil {
		ask(coded, "")
	} else if track := m.current.Load(); track != nil && track.Format().Form != media.Raw {
		ask(track, m.transform.Load().feed(track, nil).encodingOf(t))
	}
}

// keyFrame returns what asks for a key frame of the encodings of a rid, or of
// all with "". It is to be called without the connection's lock.
func (m *senderMedia) keyFrame(rid string) func() {
	var targets []*sendTarget
	for _, t := range m.targets {
		if rid == "" || rid == t.rid {
			targets = append(targets, t)
		}
	}
	return func() {
		for _, t := range targets {
			m.requestKeyFrame(t, false)
		}
	}
}

// encoderName is the encoderImplementation of a target, "" if the track came
// coded.
func (t *sendTarget) encoderName() string {
	if coded := t.coded.Load(); coded != nil {
		return media.EncoderName(coded)
	}
	return ""
}

// EncodingError says why nothing is sent of a track of pictures or samples
// although the direction has it sent: a NotSupportedError when none of the
// codecs that were negotiated can be encoded here. It is nil while all is well.
// Tracks that are coded already need no encoder and never fail in this way.
//
// The first negotiated codec that codec.Default has an encoder for is the one
// used; negotiate VP8 and Opus, which are always there, or register others.
func (s *RTPSender) EncodingError() error {
	s.pc.mu.Lock()
	defer s.pc.mu.Unlock()
	m := &s.media
	switch {
	case m.failure != nil:
		return domerr.Wrap(m.failure, domerr.NotSupported, "the track cannot be encoded for this peer")
	case m.track == nil || m.track.ReadyState() == media.Ended:
		return nil
	}
	for _, t := range m.targets {
		if coded := t.coded.Load(); coded != nil && coded.Source().Ended() {
			return domerr.New(domerr.Operation, "the encoder of %s failed", t.options.Codec.MimeType)
		}
	}
	return nil
}
