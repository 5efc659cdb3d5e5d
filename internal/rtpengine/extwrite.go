package rtpengine

import (
	"encoding/binary"
	"time"
)

// extIDs are the ids under which a SendStream writes extensions; 0 is not
// negotiated.
type extIDs [extKinds]uint8

func extIDsOf(exts []Extension) (ids extIDs) {
	for _, e := range exts {
		if k := kindOfURI(e.URI); k != extUnknown && ids[k] == 0 {
			ids[k] = e.ID
		}
	}
	return ids
}

// twoByte reports whether one-byte headers cannot hold what is to be written
// (RFC 8285 section 4.2).
func (ids *extIDs) twoByte(mid, rid string) bool {
	for _, id := range ids {
		if id > 14 {
			return true
		}
	}
	return len(mid) > 16 || len(rid) > 16
}

// extWriter appends header extensions after a packet's fixed header.
type extWriter struct {
	dst   []byte
	start int // of the extension header in dst
	two   bool
}

func beginExtensions(dst []byte, two bool) extWriter {
	profile := uint16(0xBEDE)
	if two {
		profile = 0x1000
	}
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, profile)
	return extWriter{dst: append(dst, 0, 0), start: start, two: two}
}

// head appends an element's header; the caller appends n bytes of data.
func (w *extWriter) head(id uint8, n int) {
	if w.two {
		w.dst = append(w.dst, id, byte(n))
	} else {
		w.dst = append(w.dst, id<<4|byte(n-1))
	}
}

func (w *extWriter) text(id uint8, s string) {
	if id == 0 || s == "" || len(s) > 255 {
		return
	}
	w.head(id, len(s))
	w.dst = append(w.dst, s...)
}

func (w *extWriter) absSendTime(id uint8, now time.Time) {
	v := ntpOf(now) >> 14
	w.head(id, 3)
	w.dst = append(w.dst, byte(v>>16), byte(v>>8), byte(v))
}

func (w *extWriter) uint16(id uint8, v uint16) {
	w.head(id, 2)
	w.dst = binary.BigEndian.AppendUint16(w.dst, v)
}

func (w *extWriter) byte(id uint8, v byte) {
	w.head(id, 1)
	w.dst = append(w.dst, v)
}

func (w *extWriter) captureTime(id uint8, t time.Time) {
	w.head(id, 16)
	w.dst = binary.BigEndian.AppendUint64(w.dst, ntpOf(t))
	// "estimated capture clock offset": none, for t is by our own clock.
	w.dst = binary.BigEndian.AppendUint64(w.dst, 0)
}

func (w *extWriter) playoutDelay(id uint8, lo, hi time.Duration) {
	a, b := min(uint32(lo/(10*time.Millisecond)), 4095), min(uint32(hi/(10*time.Millisecond)), 4095)
	w.head(id, 3)
	w.dst = append(w.dst, byte(a>>4), byte(a<<4)|byte(b>>8), byte(b))
}

// end pads and writes the length. Without elements there is no extension.
func (w *extWriter) end() []byte {
	n := len(w.dst) - w.start - 4
	if n == 0 {
		return w.dst[:w.start]
	}
	for n&3 != 0 {
		w.dst = append(w.dst, 0)
		n++
	}
	binary.BigEndian.PutUint16(w.dst[w.start+2:], uint16(n/4))
	return w.dst
}
