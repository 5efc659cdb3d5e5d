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

// OpusFEC reports whether a packet repeats the sound before it at a lower bit
// rate, the in-band FEC of RFC 6716 §2.1.7: the LBRR flags of its first frame
// follow the voice activity flags of the SILK layer (§4.2.3, §4.2.4).
func OpusFEC(packet []byte) bool {
	samples, count := OpusFrames(packet)
	if count == 0 || packet[0]>>3 >= 16 { // CELT only
		return false
	}
	at := 1
	switch packet[0] & 3 {
	case 2: // the first frame's length
		if at < len(packet) && packet[at] >= 252 {
			at++
		}
		at++
	case 3:
		vbr, padded := packet[1]&0x80 != 0, packet[1]&0x40 != 0
		at = 2
		for padded { // the length of the padding (§3.2.5)
			if at >= len(packet) {
				return false
			}
			padded = packet[at] == 255
			at++
		}
		if vbr && count > 1 {
			if at < len(packet) && packet[at] >= 252 {
				at++
			}
			at++
		}
	}
	if at >= len(packet) {
		return false
	}
	frames := max(1, samples/960) // SILK frames of 20 ms in one Opus frame
	fec := packet[at]>>(7-frames)&1 != 0
	if packet[0]&4 != 0 && 2*frames <= 6 { // stereo: the side channel's flags follow
		fec = fec || packet[at]>>(6-2*frames)&1 != 0
	}
	return fec
}
