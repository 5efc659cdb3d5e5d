package jsep

import (
	"slices"
	"strconv"
	"strings"

	"trackway/internal/sdp"
)

// aptOf reports whether a codec is RTX and for which payload type (RFC 4588
// §8.1).
func aptOf(c *sdp.Codec) (apt uint8, rtx bool) {
	if !strings.EqualFold(c.Name, "rtx") {
		return 0, false
	}
	n, err := strconv.ParseUint(fmtpValue(c.Fmtp, "apt"), 10, 7)
	if err != nil {
		return 255, true
	}
	return uint8(n), true
}

// offerCodecs gives the formats of an offer: all that the transceiver may use,
// with payload types that stay over renegotiation and clash with nothing.
func (s *State) offerCodecs(t *Transceiver, in *sectionInput) []sdp.Codec {
	list, preferred, rtx := s.candidates(t)
	if !preferred && in.answered != nil {
		list = likeAnswer(list, in.answered)
	}
	var taken [128]bool
	prior := map[payloadKey]uint8{}
	if in.prior != nil && in.prior.Kind == in.kind {
		for i := range in.prior.Codecs {
			pt := in.prior.Codecs[i].PayloadType
			if key := in.prior.keys[i]; key != (payloadKey{}) && s.payloads.means(pt, key) {
				prior[key], taken[pt] = pt, true
			}
		}
	}
	number := func(key payloadKey, wish uint8) (uint8, bool) {
		pt, ok := prior[key]
		if !ok {
			pt, ok = s.payloads.choose(key, wish, &taken)
		}
		if ok {
			taken[pt] = true
		}
		return pt, ok
	}
	out := make([]sdp.Codec, 0, 2*len(list))
	var opus uint8
	for _, c := range list {
		pt, ok := number(payloadKey{c.format, false}, c.PayloadType)
		if !ok {
			continue
		}
		if c.format.name == "opus" {
			opus = pt
		}
		out = append(out, sdp.Codec{
			PayloadType: pt, Name: c.name, ClockRate: c.ClockRate, Channels: c.Channels,
			Fmtp: c.SDPFmtpLine, Feedback: c.Feedback,
		})
		if rtx && (!c.redundant || c.format.name == "red") && c.format.kind == Video {
			if rt, ok := number(payloadKey{c.format, true}, c.RTXPayloadType); ok {
				out = append(out, rtxCodec(rt, pt, c.ClockRate))
			}
		}
	}
	return withRED(t.kind, out, opus)
}

// withRED points audio RED at Opus (RFC 2198 §5: "the fmtp gives the payload
// types"), or drops it where there is nothing to protect.
func withRED(kind Kind, list []sdp.Codec, opus uint8) []sdp.Codec {
	if kind != Audio {
		return list
	}
	out := list[:0]
	for _, c := range list {
		if strings.EqualFold(c.Name, "red") {
			if opus == 0 {
				continue
			}
			pt := strconv.Itoa(int(opus))
			c.Fmtp = pt + "/" + pt
		}
		out = append(out, c)
	}
	return out
}

// redundantOpus reports whether an fmtp line of audio RED names Opus and nothing
// else: "111/111", once for each block.
func (f *formats) redundantOpus(fmtp string) bool {
	if fmtp == "" {
		return false
	}
	for pt := range strings.SplitSeq(fmtp, "/") {
		n, err := strconv.ParseUint(strings.TrimSpace(pt), 10, 7)
		i := slices.IndexFunc(f.codecs, func(c sdp.Codec) bool { return err == nil && c.PayloadType == uint8(n) })
		if i < 0 || f.keys[i].name != "opus" {
			return false
		}
	}
	return true
}

func rtxCodec(pt, apt uint8, clock uint32) sdp.Codec {
	return sdp.Codec{PayloadType: pt, Name: "rtx", ClockRate: clock, Fmtp: "apt=" + strconv.Itoa(int(apt))}
}

// likeAnswer orders codecs as the most recent answer has them: "the media
// formats on the "m=" line MUST be generated in the same order as in the most
// recent answer. Any media formats that were not present in the most recent
// answer MUST be added after all existing formats" (RFC 9429 §5.2.2).
func likeAnswer(list []*capability, answer *media) []*capability {
	out := make([]*capability, 0, len(list))
	for _, key := range answer.keys {
		for _, o := range list {
			if o.format == key.format && !key.rtx && !slices.Contains(out, o) {
				out = append(out, o)
				break
			}
		}
	}
	for _, o := range list {
		if !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// answerCodecs gives the formats of an answer: those of the offer that the
// transceiver may use, with the offer's payload types, in the order of the
// preferences or else of the offer. RFC 9429 §5.3.1 lets an answer add formats
// that were not offered; nobody does, and we do not.
func (s *State) answerCodecs(t *Transceiver, offer *media) []sdp.Codec {
	list, preferred, rtx := s.candidates(t)
	type pair struct {
		c *capability
		// at is the index of the offered codec.
		at int
	}
	var pairs []pair
	match := func(i int, c *capability) bool {
		if offer.keys[i] != (payloadKey{format: c.format}) {
			return false
		}
		pairs = append(pairs, pair{c, i})
		return true
	}
	if preferred {
		for _, c := range list {
			for i := range offer.Codecs {
				match(i, c)
			}
		}
	} else {
		for i := range offer.Codecs {
			for _, c := range list {
				if match(i, c) {
					break
				}
			}
		}
	}
	out := make([]sdp.Codec, 0, 2*len(pairs))
	var opus uint8
	carries := false
	for _, p := range pairs {
		carries = carries || !p.c.redundant
		o := &offer.Codecs[p.at]
		if p.c.format.name == "opus" {
			opus = o.PayloadType
		}
		out = append(out, sdp.Codec{
			PayloadType: o.PayloadType, Name: p.c.name, ClockRate: p.c.ClockRate, Channels: p.c.Channels,
			Fmtp: answerFmtp(p.c, o.Fmtp), Feedback: common(p.c.Feedback, o.Feedback),
		})
		if r := offer.repair[p.at]; rtx && t.kind == Video && r >= 0 {
			out = append(out, rtxCodec(offer.Codecs[r].PayloadType, o.PayloadType, p.c.ClockRate))
		}
	}
	if !carries {
		return nil
	}
	return withRED(t.kind, out, opus)
}

// instead takes transport-wide feedback out of the formats of an answer that
// takes RFC 8888 feedback: two kinds of feedback would tell the same twice.
func instead(codecs []sdp.Codec) {
	for i := range codecs {
		if fb := codecs[i].Feedback; slices.Contains(fb, "transport-cc") {
			codecs[i].Feedback = slices.DeleteFunc(slices.Clone(fb), func(s string) bool { return s == "transport-cc" })
		}
	}
}

// offersCCFB reports whether all RTP sections of an offer have RFC 8888 feedback:
// it is a property of the transport, and what only some of them say is void.
func offersCCFB(offer *description) bool {
	found := false
	for _, sec := range offer.sections {
		if sec.m.RTP() && !sec.m.Rejected() {
			if found = sec.m.CongestionFeedback; !found {
				return false
			}
		}
	}
	return found
}

// agreedCCFB reports whether RFC 8888 feedback is in use. It stays in use then: a
// peer's congestion control does not expect to change horses.
func (s *State) agreedCCFB() bool {
	d := s.answer()
	return d != nil && slices.ContainsFunc(d.sections, func(sec *section) bool { return sec.m.CongestionFeedback })
}

// common are the feedback messages that both know, in our order.
func common(ours, theirs []string) []string {
	if !slices.ContainsFunc(ours, func(fb string) bool { return !slices.Contains(theirs, fb) }) {
		return ours[:len(ours):len(ours)]
	}
	var out []string
	for _, fb := range ours {
		if slices.Contains(theirs, fb) {
			out = append(out, fb)
		}
	}
	return out
}

// mediaCodecs reads the formats of a section that a capability and a format of
// the other side's section cover, in the section's order. other may be nil.
func (c *Capabilities) mediaCodecs(step codecStep) []MediaCodec {
	kind, m, other := step.kind, step.from, step.other
	k := &c.kinds[kind.slot()]
	out := make([]MediaCodec, 0, len(m.codecs))
	for i, key := range m.keys {
		if key.rtx || key == (payloadKey{}) || k.of(key.format, step.send, !step.send) == nil {
			continue
		}
		c := &m.codecs[i]
		feedback := c.Feedback
		if other != nil {
			j := slices.Index(other.keys, key)
			if j < 0 {
				continue
			}
			if o := other.codecs[j].Feedback; !slices.Equal(o, feedback) {
				feedback = common(feedback, o)
			}
		}
		mc := MediaCodec{
			PayloadType: c.PayloadType,
			Codec:       Codec{MimeType: mimeType(kind, c.Name), ClockRate: c.ClockRate, Channels: c.Channels, SDPFmtpLine: c.Fmtp},
			Feedback:    feedback,
		}
		if r := m.repair[i]; r >= 0 {
			mc.RTXPayloadType, mc.HasRTX = m.codecs[r].PayloadType, true
		}
		out = append(out, mc)
	}
	if len(out) == 0 {
		return nil
	}
	return slices.Clip(out)
}

func mimeType(kind Kind, name string) string {
	for _, known := range knownMIMETypes {
		if len(known) == len(kind)+1+len(name) && known[:len(kind)] == string(kind) && known[len(kind)+1:] == name {
			return known
		}
	}
	return string(kind) + "/" + name
}

// knownMIMETypes need no new string: a description of many m-sections names
// each of them many times.
var knownMIMETypes = []string{
	"video/VP8", "video/VP9", "video/H264", "video/AV1", "video/H265", "video/rtx", "video/red", "video/ulpfec", "video/flexfec-03",
	"audio/opus", "audio/PCMU", "audio/PCMA", "audio/G722", "audio/telephone-event", "audio/CN", "audio/red",
}

// withNewFormats adds to the codecs that both sections have those that only the
// remote answer has, in its order.
func (s *State) withNewFormats(t *Transceiver, answer *media, both []MediaCodec) []MediaCodec {
	all := s.codecs(t.kind, answer, nil, true)
	if len(all) == len(both) {
		return both
	}
	out := make([]MediaCodec, 0, len(all))
	for _, c := range all {
		i := slices.IndexFunc(both, func(o MediaCodec) bool { return o.PayloadType == c.PayloadType })
		if i >= 0 {
			c = both[i]
		}
		out = append(out, c)
	}
	return out
}
