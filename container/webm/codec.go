package webm

import (
	"encoding/binary"

	"trackway/internal/bitstream"
)

var codecs = map[string]string{
	"V_VP8":           "video/VP8",
	"V_VP9":           "video/VP9",
	"V_AV1":           "video/AV1",
	"V_MPEG4/ISO/AVC": "video/H264",
	"A_OPUS":          "audio/opus",
}

func codecID(mime string) string {
	for id, m := range codecs {
		if m == mime {
			return id
		}
	}
	return ""
}

// CodecPrivate returns the initialisation data that a track of the codec
// needs in its header, taken from a key frame; nil if the codec needs none,
// or the frame lacks it.
func CodecPrivate(mimeType string, keyFrame []byte) []byte {
	switch mimeType {
	case "video/H264":
		return newAVC(keyFrame)
	case "video/AV1":
		return newAV1C(keyFrame)
	}
	return nil
}

// newAV1C makes an AV1CodecConfigurationRecord (AV1 in ISOBMFF §2.3) from a
// temporal unit with a sequence header.
func newAV1C(unit []byte) []byte {
	seq := bitstream.AV1SequenceHeader(unit)
	if seq == nil {
		return nil
	}
	h := bitstream.ParseAV1Sequence(seq)
	return append([]byte{
		0x81, // marker, version 1
		h.Profile<<5 | h.Level,
		h.Tier<<7 | 0x0c, // 8 bits, 4:2:0: what real-time encoders make
		0,
	}, seq...)
}

// avcConfig is what of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15)
// one needs to turn samples into Annex B.
type avcConfig struct {
	lengthSize int
	parameters []byte // SPS and PPS in Annex B form
}

func parseAVC(b []byte) (*avcConfig, bool) {
	if len(b) < 7 || b[0] != 1 {
		return nil, false
	}
	c := &avcConfig{lengthSize: int(b[4]&3) + 1}
	counts := [2]int{int(b[5] & 31)}
	b = b[6:]
	for i := range counts {
		if i == 1 {
			if len(b) == 0 {
				return nil, false
			}
			counts[1] = int(b[0])
			b = b[1:]
		}
		for range counts[i] {
			if len(b) < 2 {
				return nil, false
			}
			n := int(binary.BigEndian.Uint16(b))
			if b = b[2:]; n > len(b) {
				return nil, false
			}
			c.parameters = append(append(c.parameters, 0, 0, 0, 1), b[:n]...)
			b = b[n:]
		}
	}
	return c, true
}

// annexB turns length-prefixed NAL units into a byte stream, with the
// parameter sets before a key frame.
func (c *avcConfig) annexB(sample []byte, key bool) ([]byte, bool) {
	out := make([]byte, 0, len(sample)+len(c.parameters)+16)
	if key {
		out = append(out, c.parameters...)
	}
	for len(sample) > 0 {
		if len(sample) < c.lengthSize {
			return nil, false
		}
		n := int(toUint(sample[:c.lengthSize]))
		if sample = sample[c.lengthSize:]; n > len(sample) {
			return nil, false
		}
		out = append(append(out, 0, 0, 0, 1), sample[:n]...)
		sample = sample[n:]
	}
	return out, true
}

// newAVC makes an AVCDecoderConfigurationRecord from the parameter sets in a
// key frame.
func newAVC(unit []byte) []byte {
	var sps, pps []byte
	for n := range bitstream.NALUnits(unit) {
		switch n[0] & 0x1f {
		case 7:
			if sps == nil {
				sps = n
			}
		case 8:
			if pps == nil {
				pps = n
			}
		}
	}
	if len(sps) < 4 || pps == nil {
		return nil
	}
	b := []byte{1, sps[1], sps[2], sps[3], 0xff, 0xe1}
	b = binary.BigEndian.AppendUint16(b, uint16(len(sps)))
	b = append(b, sps...)
	b = append(b, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(len(pps)))
	b = append(b, pps...)
	switch sps[1] {
	case 100, 110, 122, 144: // High and up: 4:2:0, 8 bits, no extension
		b = append(b, 0xfd, 0xf8, 0xf8, 0)
	}
	return b
}

// appendLengthPrefixed turns a byte stream into NAL units with 4-byte lengths.
func appendLengthPrefixed(dst, unit []byte) []byte {
	for n := range bitstream.NALUnits(unit) {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(n)))
		dst = append(dst, n...)
	}
	return dst
}
