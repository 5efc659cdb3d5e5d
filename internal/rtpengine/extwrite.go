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

func (w *extWriter) uint24(id uint8, v uint32) {
	w.head(id, 3)
	w.dst = append(w.dst, byte(v>>16), byte(v>>8), byte(v))
}

// absSendTime is 6.18 fixed point seconds, modulo 64 s.
func absSendTime(now time.Time) uint32 { return uint32(ntpOf(now) >> 14) }

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
