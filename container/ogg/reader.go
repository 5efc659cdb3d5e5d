package ogg

import (
	"encoding/binary"
	"io"
	"time"

	"trackway/container"
	"trackway/internal/bitstream"
)

// maxPacket is the longest Opus packet there can be: 48 frames of 1275 bytes
// with their lengths (RFC 6716 §3.4), and the comment header we look at.
const maxPacket = 61440 + 4096

// Reader reads the first Opus stream of an Ogg file; other streams beside it
// are skipped, and streams chained after it continue it.
type Reader struct {
	pages   pageReader
	track   []container.Track
	serial  uint32
	headers int // packets that are still headers

	partial  []byte // of a packet that continues on the next page
	lost     bool   // the start of the packet that continues is missing
	oversize bool
	queue    []container.Packet
	samples  int64 // elapsed up to the end of the queue
	offset   int64 // of the stream's granule positions against samples
	started  bool
}

// NewReader reads the stream's headers.
func NewReader(r io.Reader) (*Reader, error) {
	in := &Reader{pages: pageReader{r: r}}
	for range 64 { // streams beside each other begin before anything else
		p, err := in.pages.next()
		if err != nil {
			return nil, container.Errorf("ogg", "no Opus stream: %v", err)
		}
		if p.flags&flagFirst == 0 {
			break
		}
		if in.begin(p) {
			return in, nil
		}
	}
	return nil, container.Errorf("ogg", "no Opus stream")
}

// begin takes up the stream that a first page opens, if it is Opus.
func (in *Reader) begin(p page) bool {
	h := p.body
	if len(h) < 19 || string(h[:8]) != "OpusHead" || h[8]>>4 != 0 {
		return false
	}
	channels := int(h[9])
	if channels == 0 || channels > 2 || h[18] != 0 {
		return false // more channels need a mapping that RTP cannot say
	}
	in.serial, in.headers, in.started = p.serial, 1, false
	in.partial, in.lost = in.partial[:0], false
	if in.track == nil {
		in.track = []container.Track{{
			MimeType: "audio/opus", ClockRate: 48000,
			SampleRate: 48000, Channels: channels,
			Private: append([]byte(nil), h[:19]...),
		}}
	}
	return true
}

// Tracks describes the one track.
func (in *Reader) Tracks() []container.Track { return in.track }

// PreSkip is the number of samples, at 48 kHz, that a player discards at the start.
func (in *Reader) PreSkip() int {
	return int(binary.LittleEndian.Uint16(in.track[0].Private[10:]))
}

// ReadPacket returns the next packet. Times count from the first packet, with
// the samples that PreSkip says to discard; lost pages leave a gap.
func (in *Reader) ReadPacket() (container.Packet, error) {
	for len(in.queue) == 0 {
		p, err := in.pages.next()
		if err != nil {
			return container.Packet{}, err
		}
		if p.flags&flagFirst != 0 {
			in.begin(p)
		} else if p.serial == in.serial {
			in.take(p)
		}
	}
	p := in.queue[0]
	in.queue = in.queue[1:]
	return p, nil
}

// take splits a page into packets and gives them their times.
func (in *Reader) take(p page) {
	if p.flags&flagContinued == 0 {
		in.partial, in.lost, in.oversize = in.partial[:0], false, false
	} else if len(in.partial) == 0 {
		in.lost = true
	}
	in.queue = in.queue[:0]
	var total int64
	body := p.body
	for _, l := range p.lacing {
		if len(in.partial)+int(l) > maxPacket {
			in.oversize = true
		}
		if !in.oversize && !in.lost {
			in.partial = append(in.partial, body[:l]...)
		}
		body = body[l:]
		if l == 255 {
			continue
		}
		whole := !in.oversize && !in.lost
		in.oversize, in.lost = false, false
		data := in.partial
		in.partial = in.partial[:0]
		if in.headers > 0 { // OpusTags may be longer than we care for
			in.headers--
			continue
		}
		n := int64(bitstream.OpusSamples(data))
		if !whole || n == 0 {
			continue
		}
		in.queue = append(in.queue, container.Packet{
			Time:     time.Duration(total), // in samples, from the page's start
			Duration: time.Duration(n) * time.Second / 48000,
			KeyFrame: true,
			Data:     append([]byte(nil), data...),
		})
		total += n
	}
	if len(in.queue) == 0 {
		return
	}
	// "The granule position of an audio data page encodes the total number of
	// PCM samples in the stream up to and including the last fully decodable
	// sample from the last packet completed on that page" (RFC 7845 §4). On
	// the last page it may say less, to trim the end.
	start := in.samples
	if p.granule != noGranule && p.flags&flagLast == 0 && p.granule < 1<<62 {
		at := int64(p.granule) - total
		if !in.started {
			in.offset = at - in.samples
		}
		if at-in.offset > start {
			start = at - in.offset
		}
	}
	in.started = true
	for i := range in.queue {
		q := &in.queue[i]
		q.Time = samplesToTime(start + int64(q.Time))
	}
	in.samples = start + total
}

// samplesToTime keeps clear of overflow: 2^62 samples are in no file.
func samplesToTime(n int64) time.Duration {
	return time.Duration(n/48000)*time.Second + time.Duration(n%48000)*time.Second/48000
}
