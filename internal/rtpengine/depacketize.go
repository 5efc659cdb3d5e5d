package rtpengine

// payloadInfo is what one payload tells by itself.
type payloadInfo struct {
	malformed bool
	// start says that a frame may begin here.
	start bool
	// weakStart says that start alone does not prove it: only the packet
	// before does.
	weakStart bool
	// key says that the frame that begins here is a key frame.
	key          bool
	tid          int
	sync         bool
	nonReference bool
}

// A frameAssembler turns the payloads of one frame, in order, into the frame.
type frameAssembler interface {
	// inspect looks at one payload without regard to any other.
	inspect(payload []byte) payloadInfo
	begin()
	// add appends the payload's share to dst and fills in what it knows of f.
	add(dst, payload []byte, f *Frame) ([]byte, error)
	finish(dst []byte, f *Frame) ([]byte, error)
}

func newFrameAssembler(c Codec) frameAssembler {
	switch c.Format() {
	case FormatVP8:
		return &vp8Assembler{}
	case FormatVP9:
		return &vp9Assembler{}
	case FormatH264:
		return &h264Assembler{}
	case FormatAV1:
		return &av1Assembler{}
	case FormatOpus, FormatPCMU, FormatPCMA, FormatG722:
		return wholeAssembler{}
	}
	return nil
}

// wholeAssembler is for codecs whose payload is the frame.
type wholeAssembler struct{}

func (wholeAssembler) inspect(payload []byte) payloadInfo {
	return payloadInfo{start: true, key: true, malformed: len(payload) == 0}
}

func (wholeAssembler) begin() {}

func (wholeAssembler) add(dst, payload []byte, f *Frame) ([]byte, error) {
	return append(dst, payload...), nil
}

func (wholeAssembler) finish(dst []byte, f *Frame) ([]byte, error) {
	f.KeyFrame = true
	return dst, nil
}
