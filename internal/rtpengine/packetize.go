package rtpengine

import "errors"

// ErrFrameTooLarge says that the codec's payload format cannot split the frame
// and a packet of the permitted size cannot hold it.
var ErrFrameTooLarge = errors.New("rtpengine: frame does not fit into one packet and its payload format cannot split it")

// ErrMalformedFrame says that the frame is not a bitstream of its codec.
var ErrMalformedFrame = errors.New("rtpengine: frame is not a valid bitstream of its codec")

// payloadWriter takes the payloads of one frame. Each payload is appended to
// the slice that next returns and handed back with put; advance is the number
// of RTP clock ticks from the frame's timestamp (audio that is split).
type payloadWriter interface {
	next() []byte
	put(payload []byte, advance uint32)
}

// A packetizer splits frames into payloads of at most max bytes. Its state is
// what the payload format counts over frames, such as picture ids.
type packetizer interface {
	packetize(f *Frame, max int, w payloadWriter) error
}

// newPacketizer returns the packetizer of a codec, or nil if the package knows
// no payload format for it.
func newPacketizer(c Codec) packetizer {
	switch c.Format() {
	case FormatVP8:
		return &vp8Packetizer{}
	case FormatVP9:
		return &vp9Packetizer{}
	case FormatH264:
		return &h264Packetizer{single: c.packetizationMode() == 0}
	case FormatAV1:
		return &av1Packetizer{}
	case FormatOpus:
		return wholePacketizer{}
	case FormatPCMU, FormatPCMA, FormatG722:
		return samplePacketizer{}
	}
	return nil
}

// wholePacketizer puts one frame into one packet (RFC 7587 section 4.2).
type wholePacketizer struct{}

func (wholePacketizer) packetize(f *Frame, max int, w payloadWriter) error {
	if len(f.Data) == 0 {
		return ErrMalformedFrame
	}
	if len(f.Data) > max {
		return ErrFrameTooLarge
	}
	w.put(append(w.next(), f.Data...), 0)
	return nil
}

// samplePacketizer splits streams in which a byte is a tick of the RTP clock:
// G.711, and G.722 whose clock is 8000 Hz by mistake (RFC 3551 section 4.5.2).
type samplePacketizer struct{}

func (samplePacketizer) packetize(f *Frame, max int, w payloadWriter) error {
	if len(f.Data) == 0 {
		return ErrMalformedFrame
	}
	for at := 0; at < len(f.Data); {
		n := min(max, len(f.Data)-at)
		w.put(append(w.next(), f.Data[at:at+n]...), uint32(at))
		at += n
	}
	return nil
}

// chunk returns the size of the pieces into which n bytes are cut: as few as fit
// into max, of one size but for a last one that is shorter by a few bytes. So a
// frame has no tiny last packet, and its packets make one GSO message.
func chunk(n, max int) int {
	pieces := (n + max - 1) / max
	return (n + pieces - 1) / pieces
}
