package rtpengine

import (
	"strconv"
	"strings"
)

// Format says which payload format (packetisation) a codec uses.
type Format uint8

// The payload formats that this package packetises and assembles. Unknown
// formats pass through as RTP packets but have no frames.
const (
	FormatUnknown Format = iota
	FormatVP8            // RFC 7741
	FormatVP9            // RFC 9628
	FormatH264           // RFC 6184
	FormatAV1            // the AV1 RTP specification of AOMedia
	FormatOpus           // RFC 7587
	FormatPCMU           // RFC 3551
	FormatPCMA           // RFC 3551
	FormatG722           // RFC 3551
)

// Codec is a negotiated codec, without its payload type.
type Codec struct {
	// MimeType is "video/VP8", "audio/opus"…; case does not matter.
	MimeType string
	// ClockRate is the RTP clock in Hz.
	ClockRate uint32
	// Channels is the number of audio channels, 0 for video.
	Channels uint16
	// Fmtp is the value of a=fmtp after the payload type, or "".
	Fmtp string
}

// Format returns the payload format of the codec's MIME type.
func (c Codec) Format() Format {
	_, name, _ := strings.Cut(c.MimeType, "/")
	switch {
	case strings.EqualFold(name, "VP8"):
		return FormatVP8
	case strings.EqualFold(name, "VP9"):
		return FormatVP9
	case strings.EqualFold(name, "H264"):
		return FormatH264
	case strings.EqualFold(name, "AV1"):
		return FormatAV1
	case strings.EqualFold(name, "opus"):
		return FormatOpus
	case strings.EqualFold(name, "PCMU"):
		return FormatPCMU
	case strings.EqualFold(name, "PCMA"):
		return FormatPCMA
	case strings.EqualFold(name, "G722"):
		return FormatG722
	}
	return FormatUnknown
}

// Video reports whether the MIME type is of the video tree.
func (c Codec) Video() bool {
	return len(c.MimeType) > 6 && strings.EqualFold(c.MimeType[:6], "video/")
}

// FmtpValue returns one parameter of the a=fmtp value, or "".
func (c Codec) FmtpValue(key string) string {
	for part := range strings.SplitSeq(c.Fmtp, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(k, key) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// packetizationMode is the H.264 parameter; absent means 0 (RFC 6184 section 8.1).
func (c Codec) packetizationMode() int {
	n, err := strconv.Atoi(c.FmtpValue("packetization-mode"))
	if err != nil {
		return 0
	}
	return n
}

// clock returns the clock rate, never zero.
func (c Codec) clock() uint32 {
	switch {
	case c.ClockRate != 0:
		return c.ClockRate
	case c.Video():
		return 90000
	}
	return 48000
}

// PayloadCodec binds a payload type to a codec on the receiving side.
type PayloadCodec struct {
	// PayloadType is the number that the codec has in the packets that arrive.
	PayloadType uint8
	// RTXPayloadType is that of its retransmissions, or 0 when there is no RTX.
	RTXPayloadType uint8
	Codec          Codec
	// NACK, PLI and FIR say which feedback was negotiated for the codec.
	NACK, PLI, FIR bool
	// TransportCC says that transport-wide feedback was negotiated.
	TransportCC bool
	// ReferenceTime says that senders answer a receiver's time ("rrtr").
	ReferenceTime bool
}
