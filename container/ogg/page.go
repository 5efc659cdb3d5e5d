// Package ogg reads and writes Opus in Ogg files, RFC 7845 over RFC 3533.
package ogg

import (
	"bytes"
	"encoding/binary"
	"io"

	"trackway/container"
)

const (
	flagContinued = 1
	flagFirst     = 2
	flagLast      = 4

	pageHeader = 27
	// noGranule is the position of a page on which no packet ends.
	noGranule = ^uint64(0)
)

type page struct {
	flags    byte
	granule  uint64
	serial   uint32
	sequence uint32
	lacing   []byte
	body     []byte
}

// crcTable is of the CRC of RFC 3533 §6 field 7: polynomial 0x04c11db7, not
// reflected, starting at 0.
var crcTable = func() (t [256]uint32) {
	for i := range t {
		c := uint32(i) << 24
		for range 8 {
			if c&0x80000000 != 0 {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()

func crc(sum uint32, b []byte) uint32 {
	for _, c := range b {
		sum = sum<<8 ^ crcTable[byte(sum>>24)^c]
	}
	return sum
}

// appendTo appends the page in its written form.
func (p *page) appendTo(b []byte) []byte {
	start := len(b)
	b = append(b, "OggS\x00"...)
	b = append(b, p.flags)
	b = binary.LittleEndian.AppendUint64(b, p.granule)
	b = binary.LittleEndian.AppendUint32(b, p.serial)
	b = binary.LittleEndian.AppendUint32(b, p.sequence)
	b = append(b, 0, 0, 0, 0, byte(len(p.lacing)))
	b = append(b, p.lacing...)
	b = append(b, p.body...)
	binary.LittleEndian.PutUint32(b[start+22:], crc(0, b[start:]))
	return b
}

// pageReader finds pages. What is damaged is skipped up to the next page that
// is whole, as far as maxSkip bytes.
type pageReader struct {
	r   io.Reader
	buf []byte // read and not used yet
	err error  // of r, met after buf
}

const (
	maxPage = pageHeader + 255 + 255*255
	maxSkip = 1 << 20
)

// fill has at least n bytes in buf, unless r ends.
func (r *pageReader) fill(n int) bool {
	for len(r.buf) < n && r.err == nil {
		if cap(r.buf)-len(r.buf) < 4096 {
			r.buf = append(make([]byte, 0, 2*maxPage), r.buf...)
		}
		var m int
		m, r.err = r.r.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+m]
	}
	return len(r.buf) >= n
}

// next returns the next whole page; its slices are valid until the next call.
func (r *pageReader) next() (page, error) {
	for skipped := 0; ; {
		if !r.fill(pageHeader) {
			return page{}, r.end()
		}
		i := bytes.Index(r.buf, []byte("OggS"))
		if i != 0 {
			if i < 0 {
				i = len(r.buf) - 3
			}
			r.buf = r.buf[i:]
			if skipped += i; skipped > maxSkip {
				return page{}, container.Errorf("ogg", "no page in %d bytes", skipped)
			}
			continue
		}
		if p, n, ok := r.parse(); ok {
			r.buf = r.buf[n:]
			return p, nil
		} else if r.err != nil && n > len(r.buf) {
			return page{}, r.end() // the file ends within this page
		}
		r.buf = r.buf[4:]
		if skipped += 4; skipped > maxSkip {
			return page{}, container.Errorf("ogg", "no whole page in %d bytes", skipped)
		}
	}
}

func (r *pageReader) end() error {
	if r.err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return r.err
}

// parse tries the page at the start of buf and returns its length.
func (r *pageReader) parse() (p page, n int, ok bool) {
	segments := int(r.buf[26])
	if n = pageHeader + segments; r.buf[4] != 0 || !r.fill(n) {
		return p, n, false
	}
	for _, l := range r.buf[pageHeader:n] {
		n += int(l)
	}
	if !r.fill(n) {
		return p, n, false
	}
	b := r.buf[:n:n]
	sum := crc(0, b[:22])
	sum = crc(sum, []byte{0, 0, 0, 0})
	sum = crc(sum, b[26:])
	if sum != binary.LittleEndian.Uint32(b[22:]) {
		return p, 0, false
	}
	return page{
		flags:    b[5],
		granule:  binary.LittleEndian.Uint64(b[6:]),
		serial:   binary.LittleEndian.Uint32(b[14:]),
		sequence: binary.LittleEndian.Uint32(b[18:]),
		lacing:   b[pageHeader : pageHeader+segments],
		body:     b[pageHeader+segments:],
	}, n, true
}
