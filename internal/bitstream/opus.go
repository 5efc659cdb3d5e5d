package bitstream

// OpusFrames returns the length of a packet's frames in samples at 48 kHz and
// their number (RFC 6716 §3.1, §3.2), or zeros for what is no Opus packet.
func OpusFrames(packet []byte) (samples, count int) {
	if len(packet) == 0 {
		return 0, 0
	}
	switch config := packet[0] >> 3; {
	case config < 12:
		samples = [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16:
		samples = [2]int{480, 960}[config&1]
	default:
		samples = 120 << (config & 3)
	}
	switch packet[0] & 3 {
	case 0:
		count = 1
	case 1, 2:
		count = 2
	case 3:
		if len(packet) < 2 {
			return 0, 0
		}
		count = int(packet[1] & 0x3f)
	}
	// "The audio duration contained within a packet MUST NOT exceed 120 ms."
	if samples*count > 5760 {
		return 0, 0
	}
	return samples, count
}

// OpusSamples returns the length of a packet in samples at 48 kHz, or 0 for
// what is no Opus packet.
func OpusSamples(packet []byte) int {
	samples, count := OpusFrames(packet)
	return samples * count
}

// AppendOpusSilence appends a packet of silence as long as the given one:
// full-band CELT frames that consist of the silence flag (RFC 6716 §4.3),
// which decode without a trace of what was before. It appends nothing if the
// given packet is none.
func AppendOpusSilence(dst, packet []byte) []byte {
	frame, count := OpusFrames(packet)
	if count == 0 {
		return dst
	}
	const fullBand = 28 // configurations 28…31 are 2.5, 5, 10 and 20 ms
	config, per := byte(fullBand), 120
	for per < frame && per < 960 {
		config, per = config+1, per*2
	}
	count *= max(1, frame/per)                  // frames of 40 and 60 ms exist only in SILK
	dst = append(dst, config<<3|3, byte(count)) // code 3, constant bit rate, no padding
	for range count {
		dst = append(dst, 0xff, 0xfe)
	}
	return dst
}
