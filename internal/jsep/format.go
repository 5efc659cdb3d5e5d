package jsep

import (
	"strconv"
	"strings"
)

// format is what has to be equal for two codec descriptions to mean the same
// media format. It is comparable, so codecs are matched without parsing fmtp
// lines again.
type format struct {
	kind Kind
	// name is in lower case.
	name     string
	clock    uint32
	channels uint16
	// params are the symmetrical fmtp parameters in a normal form.
	params string
}

// formatOf derives a codec's format. Which parameters are symmetrical is defined
// by each payload format: H.264's profile and packetization mode (RFC 6184
// §8.2.2), VP9's profile (RFC 9628 §6), AV1's profile, H.265's profile, tier and
// transmission mode (RFC 7798 §7.2.2).
func formatOf(kind Kind, name string, clock uint32, channels uint16, fmtp string) format {
	f := format{kind: kind, name: strings.ToLower(name), clock: clock, channels: channels}
	if kind == Audio && channels == 0 {
		f.channels = 1
	} else if kind == Video {
		f.channels = 0
	}
	switch f.name {
	case "h264":
		mode := fmtpValue(fmtp, "packetization-mode")
		if mode == "" {
			mode = "0"
		}
		profile, _ := h264Profile(fmtpValue(fmtp, "profile-level-id"))
		f.params = profile + "/" + mode
	case "vp9":
		f.params = orDefault(fmtpValue(fmtp, "profile-id"), "0")
	case "av1":
		f.params = orDefault(fmtpValue(fmtp, "profile"), "0")
	case "h265":
		f.params = orDefault(fmtpValue(fmtp, "profile-id"), "1") + "/" +
			orDefault(fmtpValue(fmtp, "tier-flag"), "0") + "/" + orDefault(fmtpValue(fmtp, "tx-mode"), "SRST")
	case "multiopus":
		f.params = fmtpValue(fmtp, "channel_mapping")
	}
	return f
}

func orDefault(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// fmtpValue finds a parameter in a semicolon-separated list; names are compared
// without case.
func fmtpValue(fmtp, key string) string {
	for fmtp != "" {
		var pair string
		pair, fmtp, _ = strings.Cut(fmtp, ";")
		k, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(strings.TrimSpace(k), key) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// CodecMatch is "codec dictionary match" (webrtc-pc 5.4).
func CodecMatch(a, b Codec, ignoreAsymmetrical bool) bool {
	if !ignoreAsymmetrical {
		return sameCodec(a, b)
	}
	kind, name, ok := splitMime(a.MimeType)
	other, otherName, ok2 := splitMime(b.MimeType)
	return ok && ok2 && formatOf(kind, name, a.ClockRate, a.Channels, a.SDPFmtpLine) ==
		formatOf(other, otherName, b.ClockRate, b.Channels, b.SDPFmtpLine)
}

// sameCodec is "codec dictionary match" (webrtc-pc 5.4) without ignoring
// asymmetrical parameters.
func sameCodec(a, b Codec) bool {
	if !strings.EqualFold(a.MimeType, b.MimeType) || a.ClockRate != b.ClockRate || a.Channels != b.Channels {
		return false
	}
	if a.SDPFmtpLine == b.SDPFmtpLine {
		return true
	}
	x, okX := fmtpMap(a.SDPFmtpLine)
	y, okY := fmtpMap(b.SDPFmtpLine)
	if !okX || !okY || len(x) != len(y) {
		return false
	}
	for k, v := range x {
		if w, ok := y[k]; !ok || !strings.EqualFold(v, w) {
			return false
		}
	}
	return true
}

// fmtpMap reads key=value pairs; ok is false where the line has another form.
func fmtpMap(fmtp string) (m map[string]string, ok bool) {
	if fmtp == "" {
		return nil, false
	}
	m = map[string]string{}
	for _, pair := range strings.Split(fmtp, ";") {
		k, v, found := strings.Cut(strings.TrimSpace(pair), "=")
		if !found {
			return nil, false
		}
		m[strings.ToLower(strings.TrimSpace(k))] = strings.TrimSpace(v)
	}
	return m, true
}

// h264Profile gives a normal name for the profile in a profile-level-id and the
// level. The patterns are those of RFC 6184 §8.1, table 5: several bytes mean
// the same profile.
func h264Profile(id string) (profile string, level byte) {
	// "If no profile-level-id is present, the Baseline profile, without additional
	// constraints at Level 1, MUST be inferred."
	if id == "" {
		id = "42000a"
	}
	n, err := strconv.ParseUint(id, 16, 32)
	if err != nil || len(id) != 6 {
		return "invalid " + id, 0
	}
	idc, iop, level := byte(n>>16), byte(n>>8), byte(n)
	match := func(mask, value byte) bool { return iop&mask == value }
	switch {
	case idc == 0x42 && match(0x4f, 0x40), idc == 0x4d && match(0x8f, 0x80), idc == 0x58 && match(0xcf, 0xc0):
		return "constrained-baseline", level
	case idc == 0x42 && match(0x4f, 0x00), idc == 0x58 && match(0xcf, 0x80):
		return "baseline", level
	case idc == 0x4d && match(0xaf, 0x00):
		return "main", level
	case idc == 0x64 && iop == 0x00:
		return "high", level
	case idc == 0x64 && iop == 0x0c:
		return "constrained-high", level
	}
	return strings.ToLower(id[:4]), level
}

// answerFmtp is the fmtp line for an answer: our own capability's, with the
// H.264 level lowered to the offer's where levels have to be symmetrical (RFC
// 6184 §8.2.2, level-asymmetry-allowed).
func answerFmtp(c *capability, offered string) string {
	if c.format.name != "h264" || c.SDPFmtpLine == "" {
		return c.SDPFmtpLine
	}
	if fmtpValue(offered, "level-asymmetry-allowed") == "1" && fmtpValue(c.SDPFmtpLine, "level-asymmetry-allowed") == "1" {
		return c.SDPFmtpLine
	}
	mine := fmtpValue(c.SDPFmtpLine, "profile-level-id")
	_, ours := h264Profile(mine)
	_, theirs := h264Profile(fmtpValue(offered, "profile-level-id"))
	if theirs >= ours || len(mine) != 6 {
		return c.SDPFmtpLine
	}
	const hex = "0123456789abcdef"
	lowered := mine[:4] + string([]byte{hex[theirs>>4], hex[theirs&15]})
	return strings.Replace(c.SDPFmtpLine, mine, lowered, 1)
}
