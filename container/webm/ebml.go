package webm

import (
	"encoding/binary"
	"io"
	"math"

	"trackway/container"
)

// Element IDs, RFC 8794 §11 and RFC 9559 §5.
const (
	idEBML               = 0x1A45DFA3
	idEBMLVersion        = 0x4286
	idEBMLReadVersion    = 0x42F7
	idEBMLMaxIDLength    = 0x42F2
	idEBMLMaxSizeLength  = 0x42F3
	idDocType            = 0x4282
	idDocTypeVersion     = 0x4287
	idDocTypeReadVersion = 0x4285
	idVoid               = 0xEC

	idSegment      = 0x18538067
	idSeekHead     = 0x114D9B74
	idSeek         = 0x4DBB
	idSeekID       = 0x53AB
	idSeekPosition = 0x53AC

	idInfo           = 0x1549A966
	idTimestampScale = 0x2AD7B1
	idDuration       = 0x4489
	idMuxingApp      = 0x4D80
	idWritingApp     = 0x5741

	idTracks            = 0x1654AE6B
	idTrackEntry        = 0xAE
	idTrackNumber       = 0xD7
	idTrackUID          = 0x73C5
	idTrackType         = 0x83
	idFlagLacing        = 0x9C
	idCodecID           = 0x86
	idCodecPrivate      = 0x63A2
	idCodecDelay        = 0x56AA
	idSeekPreRoll       = 0x56BB
	idDefaultDuration   = 0x23E383
	idVideo             = 0xE0
	idPixelWidth        = 0xB0
	idPixelHeight       = 0xBA
	idAudio             = 0xE1
	idSamplingFrequency = 0xB5
	idChannels          = 0x9F
	idContentEncodings  = 0x6D80

	idCluster        = 0x1F43B675
	idTimestamp      = 0xE7
	idSimpleBlock    = 0xA3
	idBlockGroup     = 0xA0
	idBlock          = 0xA1
	idBlockDuration  = 0x9B
	idReferenceBlock = 0xFB
	idDiscardPadding = 0x75A2

	idCues               = 0x1C53BB6B
	idCuePoint           = 0xBB
	idCueTime            = 0xB3
	idCueTrackPositions  = 0xB7
	idCueTrack           = 0xF7
	idCueClusterPosition = 0xF1
)

// unknownSize is the size of an element that ends where one begins that
// cannot be in it, as live streams have them.
const unknownSize = 1<<56 - 1

// vint reads a variable-size integer from the start of b (RFC 8794 §4) and
// returns the bytes it takes, 0 if b is too short or malformed. With marker
// the length bits stay in the value, as they do in IDs.
func vint(b []byte, marker bool) (v uint64, n int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	n = 1
	for m := byte(0x80); b[0]&m == 0; m >>= 1 {
		n++
	}
	if len(b) < n {
		return 0, 0
	}
	v = uint64(b[0])
	if !marker {
		v &= 1<<(8-n) - 1
	}
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	if !marker && v == 1<<(7*n)-1 {
		v = unknownSize
	}
	return v, n
}

// readHead reads the ID and size of the next element.
func readHead(r io.Reader) (id uint32, size uint64, err error) {
	v, err := readVint(r, 4, true)
	if err != nil {
		return 0, 0, err
	}
	size, err = readVint(r, 8, false)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return uint32(v), size, err
}

func readVint(r io.Reader, most int, marker bool) (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:1]); err != nil {
		return 0, err
	}
	n := 1
	for m := byte(0x80); m != 0 && b[0]&m == 0; m >>= 1 {
		n++
	}
	if n > most {
		return 0, container.Errorf("webm", "byte %#02x starts no element", b[0])
	}
	if _, err := io.ReadFull(r, b[1:n]); err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	v, _ := vint(b[:n], marker)
	return v, nil
}

// children yields the elements within a body, until one does not fit.
func children(b []byte) func(yield func(id uint32, body []byte) bool) {
	return func(yield func(uint32, []byte) bool) {
		for len(b) > 0 {
			id, n := vint(b, true)
			if n == 0 || n > 4 {
				return
			}
			size, m := vint(b[n:], false)
			if m == 0 {
				return
			}
			b = b[n+m:]
			if size == unknownSize {
				size = uint64(len(b))
			}
			if size > uint64(len(b)) || !yield(uint32(id), b[:size]) {
				return
			}
			b = b[size:]
		}
	}
}

func toUint(b []byte) uint64 {
	var v uint64
	for _, c := range b[:min(len(b), 8)] {
		v = v<<8 | uint64(c)
	}
	return v
}

func toFloat(b []byte) float64 {
	switch len(b) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return 0
}

func appendID(b []byte, id uint32) []byte {
	switch {
	case id > 0xffffff:
		b = append(b, byte(id>>24))
		fallthrough
	case id > 0xffff:
		b = append(b, byte(id>>16))
		fallthrough
	case id > 0xff:
		b = append(b, byte(id>>8))
	}
	return append(b, byte(id))
}

// appendSize appends the shortest form of a size.
func appendSize(b []byte, size uint64) []byte {
	n := 1
	for size >= 1<<(7*n)-1 {
		n++
	}
	return appendSizeN(b, size, n)
}

func appendSizeN(b []byte, size uint64, n int) []byte {
	v := size | 1<<(7*n)
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

func appendBytes(b []byte, id uint32, body []byte) []byte {
	b = appendSize(appendID(b, id), uint64(len(body)))
	return append(b, body...)
}

func appendString(b []byte, id uint32, s string) []byte { return appendBytes(b, id, []byte(s)) }

func appendUint(b []byte, id uint32, v uint64) []byte {
	n := 1
	for n < 8 && v>>(8*n) != 0 {
		n++
	}
	return appendUintN(b, id, v, n)
}

func appendUintN(b []byte, id uint32, v uint64, n int) []byte {
	b = appendSize(appendID(b, id), uint64(n))
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

func appendFloat(b []byte, id uint32, v float64) []byte {
	return appendUintN(b, id, math.Float64bits(v), 8)
}

// appendMaster appends an element whose body is what build appends.
func appendMaster(b []byte, id uint32, build func([]byte) []byte) []byte {
	return appendBytes(b, id, build(nil))
}
