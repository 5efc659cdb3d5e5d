package jsep

import (
	"encoding/binary"
	"strings"
	"sync"

	"trackway/internal/sdp"
)

// maxShared bounds what a table of shared values holds on to: peers of a kind
// describe themselves in the same words, and those of the wild in a few dozen.
const maxShared = 128

// shared remembers immutable values by all of their inputs, for all connections
// that have the same Capabilities: of what a thousand of them negotiate, most is
// the same. It changes what a state costs and never what it is.
type shared[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]V
}

// get gives the value for a key, derived at most once while it is remembered.
func (c *shared[K, V]) get(key K, derive func() V) V {
	c.mu.Lock()
	v, ok := c.values[key]
	c.mu.Unlock()
	if ok {
		return v
	}
	v = derive()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(key, v)
}

// put remembers a value unless another was faster, and gives the one remembered.
// Where the table is full it begins anew: what is in use stays with its users.
func (c *shared[K, V]) put(key K, v V) V {
	if first, ok := c.values[key]; ok {
		return first
	}
	if c.values == nil || len(c.values) >= maxShared {
		c.values = make(map[K]V, 16)
	}
	c.values[key] = v
	return v
}

// commons is what the connections of one Capabilities share.
type commons struct {
	formats    shared[string, *formats]
	codecs     shared[codecStep, []MediaCodec]
	extensions shared[[2]*formats, *exchanged]
	numbered   shared[numbering, *payloadTypes]
	identified shared[identification, *extensionIDs]
}

// codecStep is what mediaCodecs reads: the formats of a section, and those of the
// other side's, or nil.
type codecStep struct {
	from, other *formats
	kind        Kind
	send        bool
}

// numbering is a step of payloadTypes: what was known, what is learnt, from whom.
type numbering struct {
	known  *payloadTypes
	of     *formats
	remote bool
}

// identification is the same for extensionIDs.
type identification struct {
	known  *extensionIDs
	of     *formats
	remote bool
}

// formats are the lists of an m-section with what is derived from them: its
// codecs and header extensions. They are immutable, and sections in which the same
// stands share them.
type formats struct {
	written []string
	codecs  []sdp.Codec
	extmaps []sdp.Extmap
	// keys says what each codec stands for; zero for RTX of an unknown primary.
	keys []payloadKey
	// repair is the index of each codec's RTX codec, or -1.
	repair []int16
}

// maxFormats bounds the size of what is kept for others, in bytes of its key.
// Browsers need about two thousand.
const maxFormats = 8192

// section gives an m-section with what is derived from it; m is its owner's no
// more.
func (c *commons) section(m *sdp.Media) *media {
	var scratch [maxFormats]byte
	key := appendFormats(scratch[:0], m)
	var f *formats
	if len(key) > maxFormats {
		f = newFormats(m)
	} else {
		c.formats.mu.Lock()
		f = c.formats.values[string(key)]
		c.formats.mu.Unlock()
		if f == nil {
			f = newFormats(detached(m))
			c.formats.mu.Lock()
			f = c.formats.put(string(key), f)
			c.formats.mu.Unlock()
		}
	}
	m.Formats, m.Codecs, m.Extmaps = f.written, f.codecs, f.extmaps
	return &media{m, f}
}

func newFormats(m *sdp.Media) *formats {
	f := &formats{written: m.Formats, codecs: m.Codecs, extmaps: m.Extmaps}
	f.match(Kind(m.Kind))
	return f
}

// match derives keys and repair.
func (f *formats) match(kind Kind) {
	if len(f.codecs) == 0 {
		return
	}
	f.keys, f.repair = make([]payloadKey, len(f.codecs)), make([]int16, len(f.codecs))
	var at [128]int16
	for i := range f.codecs {
		c := &f.codecs[i]
		at[c.PayloadType], f.repair[i] = int16(i)+1, -1
		if _, rtx := aptOf(c); !rtx {
			f.keys[i].format = formatOf(kind, c.Name, c.ClockRate, c.Channels, c.Fmtp)
		}
	}
	if kind == Audio {
		for i := range f.keys {
			// Its fmtp line names payload types of this section, so it is here and not
			// in formatOf that RED of something else is told apart: it has no meaning.
			if f.keys[i].name == "red" && !f.redundantOpus(f.codecs[i].Fmtp) {
				f.keys[i] = payloadKey{}
			}
		}
	}
	for i := range f.codecs {
		apt, rtx := aptOf(&f.codecs[i])
		if !rtx || apt > 127 || at[apt] == 0 {
			continue
		}
		primary := at[apt] - 1
		if f.keys[primary].format == (format{}) {
			// RTX of RTX means nothing.
			continue
		}
		f.keys[i] = payloadKey{f.keys[primary].format, true}
		if f.repair[primary] < 0 {
			f.repair[primary] = int16(i)
		}
	}
}

// appendFormats writes what stands in a section's lists, such that different
// lists differ.
func appendFormats(b []byte, m *sdp.Media) []byte {
	add := func(list ...string) {
		for _, s := range list {
			b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
		}
	}
	count := func(n int) { b = binary.AppendUvarint(b, uint64(n)) }
	add(m.Kind)
	count(len(m.Formats))
	add(m.Formats...)
	count(len(m.Codecs))
	for i := range m.Codecs {
		c := &m.Codecs[i]
		implicit := byte(0)
		if c.Implicit {
			implicit = 1
		}
		b = append(b, c.PayloadType, implicit)
		b = binary.BigEndian.AppendUint32(b, c.ClockRate)
		b = binary.BigEndian.AppendUint16(b, c.Channels)
		add(c.Name, c.Fmtp)
		count(len(c.Feedback))
		add(c.Feedback...)
	}
	for i := range m.Extmaps {
		e := &m.Extmaps[i]
		b = binary.BigEndian.AppendUint16(b, e.ID)
		add(string(e.Direction), e.URI, e.Attributes)
	}
	return b
}

// detached copies the lists of a section: the strings of one that was parsed are
// parts of its text, which would live as long as they do.
func detached(m *sdp.Media) *sdp.Media {
	out := &sdp.Media{Kind: m.Kind}
	out.Formats = cloneStrings(m.Formats)
	for _, c := range m.Codecs {
		c.Name, c.Fmtp, c.Feedback = strings.Clone(c.Name), strings.Clone(c.Fmtp), cloneStrings(c.Feedback)
		out.Codecs = append(out.Codecs, c)
	}
	for _, e := range m.Extmaps {
		e.URI, e.Attributes = strings.Clone(e.URI), strings.Clone(e.Attributes)
		e.Direction = sdp.Direction(strings.Clone(string(e.Direction)))
		out.Extmaps = append(out.Extmaps, e)
	}
	return out
}

func cloneStrings(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.Clone(s)
	}
	return out
}
