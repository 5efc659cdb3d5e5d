package jsep

import "trackway/internal/sdp"

// media is an m-section with what is derived from it once. It is immutable.
type media struct {
	*sdp.Media
	// keys says what each codec stands for; zero for RTX of an unknown primary.
	keys []payloadKey
	// repair is the index of each codec's RTX codec, or -1.
	repair []int16
}

func newMedia(m *sdp.Media) *media {
	out := &media{Media: m}
	if len(m.Codecs) == 0 {
		return out
	}
	out.keys, out.repair = make([]payloadKey, len(m.Codecs)), make([]int16, len(m.Codecs))
	var at [128]int16
	kind := Kind(m.Kind)
	for i := range m.Codecs {
		c := &m.Codecs[i]
		at[c.PayloadType], out.repair[i] = int16(i)+1, -1
		if _, rtx := aptOf(c); !rtx {
			out.keys[i].format = formatOf(kind, c.Name, c.ClockRate, c.Channels, c.Fmtp)
		}
	}
	for i := range m.Codecs {
		apt, rtx := aptOf(&m.Codecs[i])
		if !rtx || apt > 127 || at[apt] == 0 {
			continue
		}
		primary := at[apt] - 1
		if out.keys[primary].format == (format{}) {
			// RTX of RTX means nothing.
			continue
		}
		out.keys[i] = payloadKey{out.keys[primary].format, true}
		if out.repair[primary] < 0 {
			out.repair[primary] = int16(i)
		}
	}
	return out
}

// memo remembers results for one transceiver by all of their inputs, so it
// changes how fast a state is and never what it is; all versions of the
// transceiver share it.
type memo struct {
	// sections are local sections, by offer and answer.
	sections [2]*section
	// media are configs without and with a pending local description.
	media [2]struct {
		key    mediaKey
		config *MediaConfig
	}
	codecs [6]struct {
		from codecSource
		send bool
		list []MediaCodec
	}
	next int
}

// codecs is mediaCodecs with memory.
func (s *State) codecs(t *Transceiver, m, other *media, send bool) []MediaCodec {
	if t.memo == nil {
		return s.mediaCodecs(t.kind, m, other, send)
	}
	from := codecSource{m, other}
	for i := range t.memo.codecs {
		if c := &t.memo.codecs[i]; c.from == from && c.send == send {
			return c.list
		}
	}
	c := &t.memo.codecs[t.memo.next]
	t.memo.next = (t.memo.next + 1) % len(t.memo.codecs)
	c.from, c.send, c.list = from, send, s.mediaCodecs(t.kind, m, other, send)
	return c.list
}
