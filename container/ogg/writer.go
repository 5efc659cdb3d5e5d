package ogg

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"time"

	"trackway/container"
	"trackway/internal/bitstream"
)

// Writer writes an Ogg Opus file. It needs no seeking.
type Writer struct {
	w        io.Writer
	page     page
	samples  int64 // written, as the granule position counts them
	inPage   int64
	toc      byte
	buf      []byte
	finished bool
}

// pageSamples is how much sound goes on a page: "Implementations need to be
// prepared", says RFC 7845 §6 of longer ones, and recommends one second.
const pageSamples = 48000

// maxGap is the longest silence between two packets that is filled up.
const maxGap = 10 * time.Minute

// NewWriter writes the headers for a track. Without Private, an OpusHead for
// the track's channels is made.
func NewWriter(w io.Writer, t container.Track) (*Writer, error) {
	if t.MimeType != "audio/opus" {
		return nil, container.Errorf("ogg", "cannot hold %s", t.MimeType)
	}
	head := t.Private
	if len(head) < 19 || string(head[:8]) != "OpusHead" {
		head = Head(t.Channels)
	}
	out := &Writer{w: w, page: page{serial: rand.Uint32()}}
	out.page.flags = flagFirst
	out.add(head)
	if err := out.flush(0); err != nil {
		return nil, err
	}
	tags := []byte("OpusTags")
	const vendor = "trackway"
	tags = binary.LittleEndian.AppendUint32(tags, uint32(len(vendor)))
	tags = append(tags, vendor...)
	tags = binary.LittleEndian.AppendUint32(tags, 0)
	out.add(tags)
	return out, out.flush(0)
}

// Head returns the OpusHead of a stream with 1 or 2 channels that came over
// RTP: whoever joins a stream has no encoder delay to skip, but a decoder's 80
// ms to converge are advised (RFC 7845 §4.2), so 3840 samples.
func Head(channels int) []byte {
	if channels != 1 {
		channels = 2
	}
	h := append([]byte("OpusHead"), 1, byte(channels))
	h = binary.LittleEndian.AppendUint16(h, 3840)
	h = binary.LittleEndian.AppendUint32(h, 48000)
	return append(h, 0, 0, 0) // no gain, mapping family 0
}

// WritePacket writes one Opus packet. If time is missing since the last one,
// packets are written that ask the decoder to conceal the loss (RFC 7845 §4.1).
func (out *Writer) WritePacket(p container.Packet) error {
	n := int64(bitstream.OpusSamples(p.Data))
	if n == 0 {
		return container.Errorf("ogg", "not an Opus packet")
	}
	if len(p.Data) > maxPacket {
		return container.Errorf("ogg", "packet of %d bytes", len(p.Data))
	}
	if err := out.fillGap(p.Time); err != nil {
		return err
	}
	out.toc = p.Data[0] &^ 3
	return out.put(p.Data, n)
}

// fillGap writes packets without coded data up to the time of the next one.
func (out *Writer) fillGap(next time.Duration) error {
	missing := next - samplesToTime(out.samples+out.inPage)
	if missing > maxGap {
		missing = maxGap
	}
	toc := out.toc
	if out.samples+out.inPage == 0 {
		toc = 31 << 3 // 20 ms
	}
	lost := []byte{toc}
	n := int64(bitstream.OpusSamples(lost))
	// Less than one frame is jitter of the clock, not a loss.
	for step := samplesToTime(n); missing >= step; missing -= step {
		if err := out.put(lost, n); err != nil {
			return err
		}
	}
	return nil
}

func (out *Writer) put(data []byte, n int64) error {
	if out.inPage >= pageSamples || len(out.page.lacing)+len(data)/255+1 > 255 {
		if err := out.flush(0); err != nil {
			return err
		}
	}
	// A packet longer than a page continues on the next.
	for rest := data; ; {
		take := min(len(rest), 255*(255-len(out.page.lacing)))
		for l := take; l >= 255; l -= 255 {
			out.page.lacing = append(out.page.lacing, 255)
		}
		if take == len(rest) {
			out.page.lacing = append(out.page.lacing, byte(take%255))
			out.page.body = append(out.page.body, rest...)
			break
		}
		out.page.body = append(out.page.body, rest[:take]...)
		rest = rest[take:]
		if err := out.flushUnended(); err != nil {
			return err
		}
	}
	out.inPage += n
	return nil
}

func (out *Writer) add(header []byte) {
	for l := len(header); l >= 255; l -= 255 {
		out.page.lacing = append(out.page.lacing, 255)
	}
	out.page.lacing = append(out.page.lacing, byte(len(header)%255))
	out.page.body = append(out.page.body, header...)
}

func (out *Writer) flushUnended() error {
	out.page.granule = noGranule
	err := out.write()
	out.page.flags |= flagContinued
	return err
}

func (out *Writer) flush(flags byte) error {
	out.samples += out.inPage
	out.inPage = 0
	out.page.flags |= flags
	out.page.granule = uint64(out.samples)
	return out.write()
}

func (out *Writer) write() error {
	out.buf = out.page.appendTo(out.buf[:0])
	out.page.sequence++
	out.page.flags = 0
	out.page.lacing, out.page.body = out.page.lacing[:0], out.page.body[:0]
	_, err := out.w.Write(out.buf)
	return err
}

// Flush writes the page that is being gathered, for a reader that follows live.
func (out *Writer) Flush() error {
	if out.inPage == 0 {
		return nil
	}
	return out.flush(0)
}

// Close writes the last page.
func (out *Writer) Close() error {
	if out.finished {
		return nil
	}
	out.finished = true
	return out.flush(flagLast)
}
