// Package webm reads and writes WebM and the part of Matroska (RFC 9559) that
// real-time media needs: VP8, VP9, AV1, H.264 and Opus, in files and in live
// streams of unknown length.
package webm

import (
	"bufio"
	"io"
	"math"
	"time"

	"trackway/container"
	"trackway/internal/bitstream"
)

const (
	maxHeader = 1 << 20  // Info and Tracks
	maxBlock  = 64 << 20 // a block with its frames
)

// Reader reads a file from start to end; it needs no seeking, and goes over
// what it does not know.
type Reader struct {
	r        *bufio.Reader
	scale    uint64 // nanoseconds per tick
	duration float64
	tracks   []container.Track
	entries  []entry
	cluster  uint64
	queue    []container.Packet
}

// entry is what the reader keeps of a track that it delivers.
type entry struct {
	number   uint64
	duration time.Duration
	avc      *avcConfig
}

// NewReader reads as far as the tracks.
func NewReader(r io.Reader) (*Reader, error) {
	in := &Reader{r: bufio.NewReaderSize(r, 64<<10), scale: 1e6}
	id, size, err := readHead(in.r)
	if err != nil || id != idEBML {
		return nil, container.Errorf("webm", "no EBML header")
	}
	head, err := in.body(size, maxHeader)
	if err != nil {
		return nil, container.Errorf("webm", "EBML header: %v", err)
	}
	for id, b := range children(head) {
		if doc := string(b); id == idDocType && doc != "webm" && doc != "matroska" {
			return nil, container.Errorf("webm", "document type %q", doc)
		}
	}
	for in.tracks == nil {
		if err := in.step(); err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, container.Errorf("webm", "the file ends before its tracks")
		} else if err != nil {
			return nil, err
		}
	}
	return in, nil
}

// Tracks describes the tracks whose codec this package knows.
func (in *Reader) Tracks() []container.Track { return in.tracks }

// ReadPacket returns the next frame of any track. A file that ends in the
// middle of an element, as an interrupted recording does, ends with io.EOF.
func (in *Reader) ReadPacket() (container.Packet, error) {
	for len(in.queue) == 0 {
		if err := in.step(); err != nil {
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			return container.Packet{}, err
		}
	}
	p := in.queue[0]
	in.queue = in.queue[1:]
	return p, nil
}

// step takes one element. Segment and Cluster are entered, and nothing keeps
// track of where they end: their children cannot be mistaken for anything
// else, and so their sizes may be unknown or wrong.
func (in *Reader) step() error {
	id, size, err := readHead(in.r)
	if err != nil {
		return err
	}
	switch id {
	case idSegment, idCluster:
		return nil
	case idTimestamp:
		b, err := in.body(size, 8)
		in.cluster = toUint(b)
		return err
	case idInfo:
		b, err := in.body(size, maxHeader)
		if err == nil {
			in.info(b)
		}
		return err
	case idTracks:
		b, err := in.body(size, maxHeader)
		if err != nil || in.tracks != nil {
			return err
		}
		return in.takeTracks(b)
	case idSimpleBlock:
		b, err := in.body(size, maxBlock)
		if err != nil || in.tracks == nil {
			return err
		}
		return in.block(b, true, false, 0)
	case idBlockGroup:
		b, err := in.body(size, maxBlock)
		if err != nil || in.tracks == nil {
			return err
		}
		return in.blockGroup(b)
	}
	if size == unknownSize || size > math.MaxInt64 {
		return container.Errorf("webm", "element %#x of unknown size", id)
	}
	if n, err := io.CopyN(io.Discard, in.r, int64(size)); err != nil || n < int64(size) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (in *Reader) body(size uint64, most uint64) ([]byte, error) {
	if size > most {
		return nil, container.Errorf("webm", "element of %d bytes", size)
	}
	b, err := container.ReadFull(in.r, int(size))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

func (in *Reader) info(b []byte) {
	for id, b := range children(b) {
		switch id {
		case idTimestampScale:
			if v := toUint(b); v > 0 && v <= 1e12 {
				in.scale = v
			}
		case idDuration:
			if v := toFloat(b); v > 0 && v < 1e15 {
				in.duration = v
			}
		}
	}
}

func (in *Reader) takeTracks(b []byte) error {
	in.tracks = []container.Track{}
	for id, b := range children(b) {
		if id != idTrackEntry {
			continue
		}
		if t, e, ok := in.trackEntry(b); ok {
			in.tracks = append(in.tracks, t)
			in.entries = append(in.entries, e)
		}
	}
	if len(in.tracks) == 0 {
		return container.Errorf("webm", "no track of a known codec")
	}
	return nil
}

func (in *Reader) trackEntry(b []byte) (t container.Track, e entry, ok bool) {
	var codecID string
	encoded := false
	rate := 8000.0 // the default of SamplingFrequency
	t.Channels = 1
	for id, b := range children(b) {
		switch id {
		case idTrackNumber:
			e.number = toUint(b)
		case idCodecID:
			codecID = string(b)
		case idCodecPrivate:
			t.Private = b
		case idDefaultDuration:
			if v := toUint(b); v > 0 && v < 1e12 {
				e.duration = time.Duration(v)
			}
		case idContentEncodings:
			encoded = true // compressed or encrypted
		case idVideo:
			for id, b := range children(b) {
				switch id {
				case idPixelWidth:
					t.Width = int(min(toUint(b), 1<<16))
				case idPixelHeight:
					t.Height = int(min(toUint(b), 1<<16))
				}
			}
		case idAudio:
			for id, b := range children(b) {
				switch id {
				case idSamplingFrequency:
					if v := toFloat(b); v > 0 && v < 1e6 {
						rate = v
					}
				case idChannels:
					t.Channels = int(min(toUint(b), 255))
				}
			}
		}
	}
	if t.MimeType, ok = codecs[codecID]; !ok || encoded || e.number == 0 {
		return t, e, false
	}
	if t.MimeType == "audio/opus" {
		t.ClockRate, t.SampleRate = 48000, int(rate)
	} else {
		t.ClockRate, t.Channels = 90000, 0
		if e.duration > 0 {
			t.FrameRate = float64(time.Second) / float64(e.duration)
		}
	}
	if t.MimeType == "video/H264" {
		if e.avc, ok = parseAVC(t.Private); !ok {
			return t, e, false
		}
	}
	t.Duration = in.ticks(in.duration)
	return t, e, true
}

func (in *Reader) ticks(n float64) time.Duration {
	d := n * float64(in.scale)
	if d > math.MaxInt64/4 || d < -math.MaxInt64/4 {
		return 0
	}
	return time.Duration(d)
}

func (in *Reader) blockGroup(b []byte) error {
	var block []byte
	var duration time.Duration
	key := true
	for id, b := range children(b) {
		switch id {
		case idBlock:
			block = b
		case idBlockDuration:
			duration = in.ticks(float64(toUint(b)))
		case idReferenceBlock:
			key = false
		}
	}
	if block == nil {
		return nil
	}
	return in.block(block, false, key, duration)
}

// block takes a block's frames (RFC 9559 §10). A block of a track that is not
// delivered, or that is damaged inside, is left out.
func (in *Reader) block(b []byte, simple, key bool, duration time.Duration) error {
	number, n := vint(b, false)
	if n == 0 || len(b) < n+3 {
		return nil
	}
	track := -1
	for i, e := range in.entries {
		if e.number == number {
			track = i
		}
	}
	if track < 0 {
		return nil
	}
	relative := int16(uint16(b[n])<<8 | uint16(b[n+1]))
	flags := b[n+2]
	at := in.ticks(float64(in.cluster) + float64(relative))
	if simple {
		key = flags&0x80 != 0
	}
	frames, ok := unlace(b[n+3:], flags>>1&3)
	if !ok {
		return nil
	}
	e := &in.entries[track]
	each := e.duration
	if duration > 0 {
		each = duration / time.Duration(len(frames))
	}
	for _, f := range frames {
		p := container.Packet{Track: track, Time: at, Duration: each, KeyFrame: key, Data: f}
		switch in.tracks[track].MimeType {
		case "audio/opus":
			p.KeyFrame = true
			p.Duration = time.Duration(bitstream.OpusSamples(f)) * time.Second / 48000
		case "video/H264":
			if p.Data, ok = e.avc.annexB(f, key); !ok {
				continue
			}
		}
		in.queue = append(in.queue, p)
		at += p.Duration
	}
	return nil
}
