package jsep

import (
	"slices"
	"strings"

	"trackway/internal/domerr"
)

// Capabilities are the codec and header-extension tables of the product, parsed
// once and shared by all connections.
type Capabilities struct {
	kinds  [2]kindCapabilities
	common commons
}

type kindCapabilities struct {
	// codecs are all but RTX, in order of preference.
	codecs []*capability
	// rtx is the RTX codec, or nil.
	rtx        *CodecCapability
	extensions []HeaderExtensionCapability
}

// capability is a codec of the table with what comparisons need.
type capability struct {
	CodecCapability
	// name is the encoding name as it is printed.
	name   string
	format format
	send   bool
	recv   bool
	// redundant is true for what cannot carry media alone: RED, FEC, comfort
	// noise, telephone events.
	redundant bool
}

// NewCapabilities parses the tables. A malformed codec is a TypeError.
func NewCapabilities(codecs []CodecCapability, extensions []HeaderExtensionCapability) (*Capabilities, error) {
	c := &Capabilities{}
	for _, codec := range codecs {
		kind, name, ok := splitMime(codec.MimeType)
		if !ok || codec.ClockRate == 0 {
			return nil, domerr.New(domerr.Type, "codec %q needs a MIME type of audio or video and a clock rate", codec.MimeType)
		}
		if codec.PayloadType > 127 || codec.RTXPayloadType > 127 {
			return nil, domerr.New(domerr.Type, "codec %q: a payload type is at most 127", codec.MimeType)
		}
		k := &c.kinds[kind.slot()]
		codec.Feedback = slices.Clone(codec.Feedback)
		if strings.EqualFold(name, "rtx") {
			k.rtx = &codec
			continue
		}
		k.codecs = append(k.codecs, &capability{
			CodecCapability: codec, name: name,
			format:    formatOf(kind, name, codec.ClockRate, codec.Channels, codec.SDPFmtpLine),
			send:      codec.Direction != RecvOnly,
			recv:      codec.Direction != SendOnly,
			redundant: redundant(name),
		})
	}
	for _, e := range extensions {
		if e.URI == "" {
			return nil, domerr.New(domerr.Type, "a header extension needs a URI")
		}
		if e.Direction == "" {
			e.Direction = SendRecv
		}
		for _, kind := range []Kind{Audio, Video} {
			if e.Kind == "" || e.Kind == kind {
				c.kinds[kind.slot()].extensions = append(c.kinds[kind.slot()].extensions, e)
			}
		}
	}
	return c, nil
}

// splitMime cuts "video/VP8" into its kind and encoding name.
func splitMime(mime string) (Kind, string, bool) {
	kind, name, ok := strings.Cut(mime, "/")
	k := Kind(strings.ToLower(kind))
	return k, name, ok && name != "" && (k == Audio || k == Video)
}

// redundant is the specification's "RTX, RED, FEC or Comfort Noise" without RTX,
// and telephone events.
func redundant(name string) bool {
	switch strings.ToLower(name) {
	case "red", "ulpfec", "flexfec", "flexfec-03", "cn", "telephone-event":
		return true
	}
	return false
}

// of finds the capability that matches a format, in a direction: it has to be
// able to send where send is set and to receive where recv is set.
func (k *kindCapabilities) of(f format, send, recv bool) *capability {
	for _, c := range k.codecs {
		if c.format == f && (c.send || !send) && (c.recv || !recv) {
			return c
		}
	}
	return nil
}

// candidates are the codecs that may be described for a transceiver, in order:
// its preferences, filtered on direction, or the table where that leaves
// nothing (webrtc-pc "final steps to create an offer"). preferred tells the two
// apart; rtx says whether retransmission may be described.
func (s *State) candidates(t *Transceiver) (list []*capability, preferred, rtx bool) {
	k := &s.cfg.Capabilities.kinds[t.kind.slot()]
	send := t.direction == SendRecv || t.direction == SendOnly
	recv := t.direction == SendRecv || t.direction == RecvOnly
	fits := func(c *capability) bool { return (c.send || !send) && (c.recv || !recv) }
	media := false
	for _, p := range t.preferred {
		_, name, _ := splitMime(p.MimeType)
		if strings.EqualFold(name, "rtx") {
			rtx = true
			continue
		}
		f := formatOf(t.kind, name, p.ClockRate, p.Channels, p.SDPFmtpLine)
		for _, c := range k.codecs {
			if c.format == f && fits(c) && !slices.Contains(list, c) {
				list = append(list, c)
				media = media || !c.redundant
				break
			}
		}
	}
	if media {
		return list, true, rtx && k.rtx != nil
	}
	list = make([]*capability, 0, len(k.codecs))
	for _, c := range k.codecs {
		if fits(c) {
			list = append(list, c)
		}
	}
	return list, false, k.rtx != nil
}

// SetCodecPreferences is setCodecPreferences (webrtc-pc 5.4). A codec that the
// capabilities do not have is an InvalidModificationError.
func (s *State) SetCodecPreferences(id TransceiverID, codecs []Codec) (*State, error) {
	old := s.Transceiver(id)
	if old == nil {
		return s, nil
	}
	t := *old
	t.preferred = nil
	media := false
	for _, c := range codecs {
		// "Remove any duplicate values in codecs, ensuring that the first
		// occurrence of each value remains in place."
		if slices.ContainsFunc(t.preferred, func(o Codec) bool { return sameCodec(o, c) }) {
			continue
		}
		kind, name, ok := splitMime(c.MimeType)
		if !ok || kind != t.kind || !s.cfg.Capabilities.has(c) {
			return nil, domerr.New(domerr.InvalidModification, "%s is not among the capabilities for %s", c.MimeType, t.kind)
		}
		media = media || !redundant(name) && !strings.EqualFold(name, "rtx")
		t.preferred = append(t.preferred, c)
	}
	if len(codecs) > 0 && !media {
		return nil, domerr.New(domerr.InvalidModification, "the preferences name only RTX, RED, FEC or comfort noise, so there would be nothing to offer")
	}
	return s.with(&t), nil
}

// has reports whether a codec of the table matches by "codec dictionary match".
func (c *Capabilities) has(codec Codec) bool {
	kind, name, ok := splitMime(codec.MimeType)
	if !ok {
		return false
	}
	k := &c.kinds[kind.slot()]
	if strings.EqualFold(name, "rtx") {
		return k.rtx != nil && k.rtx.ClockRate == codec.ClockRate
	}
	return slices.ContainsFunc(k.codecs, func(o *capability) bool { return sameCodec(o.Codec, codec) })
}
