package rtpengine

import (
	"sync"
	"time"
)

// DefaultMaxPayload leaves room for headers and extensions in a packet of 1200
// bytes, which every path is known to carry.
const DefaultMaxPayload = 1144

// RingConfig says how much a Ring keeps.
type RingConfig struct {
	Codec Codec
	// Slots is the number of packets kept at most, rounded up to a power of
	// two; 0 means 1024 for video and 128 for audio. Fewer are kept if they
	// cover a second.
	Slots int
	// MaxPayload is the largest payload to make, in bytes; 0 means
	// DefaultMaxPayload. Packets that pass through keep their size.
	MaxPayload int
}

// Ring holds the latest packets of one encoding of one track. All peers that
// receive the encoding share it: it is what they are sent and what their NACKs
// are answered from.
//
// One goroutine at a time writes; any number may send from it.
type Ring struct {
	mu    sync.RWMutex
	codec Codec
	pack  packetizer
	look  frameAssembler // sees key frames in packets that pass through
	max   int
	slots []ringSlot // a power of two; grows while they fill within ringKeep
	most  int
	mask  uint64
	head  uint64 // index of the packet to come
	epoch uint32
	frame uint64

	// of a source of RTP packets
	passing bool
	srcSSRC uint32
	base    uint64 // extended sequence number minus index
	gone    uint64 // index of the last packet that gave its slot to another

	// while a frame is written
	cur   *Frame
	first uint64
}

// ringSlot is one packet without its peer.
type ringSlot struct {
	index   uint64
	frame   uint64 // counts frames; packets of one frame share it
	epoch   uint32 // changes where timestamps and sequence numbers break
	ts      uint32
	buf     []byte
	capture time.Time
	csrcs   []uint32
	// offsets of VP8's counters inside buf, 0 if absent
	picAt, tl0At uint8
	pic15        bool
	tid          uint8
	set          bool
	marker       bool
	start        bool // first packet of its frame
	key          bool // of a key frame
	sync         bool // a receiver of lower layers may switch up to this one
	event        bool // a telephone event among sound
	hasLevel     bool
	voice        bool
	level        uint8
	hasRotation  bool
	rotation     uint8 // in quarter turns
}

// Span names consecutive packets of a Ring: those of one frame, or one packet.
type Span struct {
	First uint64
	Count int
	// Key says that the packets begin or are a key frame.
	Key bool
}

const (
	ringStart = 32          // slots at first
	ringKeep  = time.Second // of packets are kept, if most permits
)

// firstIndex leaves room below for packets that arrive late.
const firstIndex = 1 << 20

// NewRing returns an empty ring.
func NewRing(cfg RingConfig) *Ring {
	n := cfg.Slots
	if n <= 0 {
		n = 128
		if cfg.Codec.Video() {
			n = 1024
		}
	}
	size := 1
	for size < n {
		size *= 2
	}
	r := &Ring{
		codec: cfg.Codec,
		pack:  newPacketizer(cfg.Codec),
		look:  newFrameAssembler(cfg.Codec),
		max:   cfg.MaxPayload,
		most:  size,
		slots: make([]ringSlot, min(size, ringStart)),
		mask:  uint64(min(size, ringStart) - 1),
		head:  firstIndex,
	}
	if r.max <= 0 {
		r.max = DefaultMaxPayload
	}
	return r
}

// Codec returns the codec of the ring's packets.
func (r *Ring) Codec() Codec { return r.codec }

// WriteFrame packetises f. The data is copied. An error means that nothing was
// stored: ErrFrameTooLarge, ErrMalformedFrame, or an error for a codec without
// a payload format.
func (r *Ring) WriteFrame(f *Frame) (Span, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pack == nil {
		return Span{}, &FormatError{MimeType: r.codec.MimeType}
	}
	if r.passing { // the track's source changed from packets to frames
		r.passing = false
		r.epoch++
	}
	r.frame++
	r.cur, r.first = f, r.head
	err := r.pack.packetize(f, r.max, (*ringWriter)(r))
	r.cur = nil
	n := r.head - r.first
	if err == nil && n > uint64(r.most) {
		err = ErrFrameTooLarge
	}
	if err != nil {
		for i := range min(n, uint64(len(r.slots))) {
			r.slots[(r.head-1-i)&r.mask].set = false
		}
		r.head = r.first
		return Span{}, err
	}
	r.slots[(r.head-1)&r.mask].marker = r.codec.Video()
	return Span{First: r.first, Count: int(n), Key: f.KeyFrame || !r.codec.Video()}, nil
}

// ringWriter is the Ring as the packetiser sees it.
type ringWriter Ring

func (w *ringWriter) next() []byte {
	r := (*Ring)(w)
	r.room(r.head, r.cur.Timestamp)
	return r.slots[r.head&r.mask].buf[:0]
}

func (w *ringWriter) put(payload []byte, advance uint32) {
	r, f := (*Ring)(w), w.cur
	s := r.slot(r.head)
	s.buf = payload
	s.ts = f.Timestamp + advance
	s.start = r.head == r.first
	s.key = f.KeyFrame
	s.tid, s.sync = uint8(f.TemporalIndex), f.LayerSync
	s.capture = f.CaptureTime
	if advance != 0 && !f.CaptureTime.IsZero() {
		s.capture = f.CaptureTime.Add(ticksDuration(int64(advance), r.codec.clock()))
	}
	s.csrcs = append(s.csrcs[:0], f.CSRCs[:min(15, len(f.CSRCs))]...)
	s.hasLevel, s.voice, s.level = f.HasAudioLevel, f.VoiceActivity, f.AudioLevel
	s.hasRotation, s.rotation = f.HasRotation, uint8(f.Rotation/90)&3
	if _, vp8 := r.pack.(*vp8Packetizer); vp8 {
		s.picAt, s.pic15, s.tl0At = 2, true, 4
	}
	r.head++
}

// room grows the ring if the slot of an index holds a packet that is too young
// to be forgotten. Media time is the measure: the ring has no clock.
func (r *Ring) room(index uint64, ts uint32) {
	for len(r.slots) < r.most {
		s := &r.slots[index&r.mask]
		if !s.set || s.index == index || s.epoch != r.epoch || int64(int32(ts-s.ts)) >= ticks(ringKeep, r.codec.clock()) {
			return
		}
		old := r.slots
		r.slots = make([]ringSlot, 2*len(old))
		r.mask = uint64(len(r.slots) - 1)
		for i := range old {
			if old[i].set {
				r.slots[old[i].index&r.mask] = old[i]
			}
		}
	}
}

// slot empties the slot of an index, keeping its memory.
func (r *Ring) slot(index uint64) *ringSlot {
	s := &r.slots[index&r.mask]
	*s = ringSlot{index: index, frame: r.frame, epoch: r.epoch, set: true, buf: s.buf, csrcs: s.csrcs}
	return s
}

// at returns the slot of an index if it is still kept. The lock must be held.
func (r *Ring) at(index uint64) *ringSlot {
	if s := &r.slots[index&r.mask]; s.set && s.index == index {
		return s
	}
	return nil
}

// WriteRTP stores a packet as it is. Its sequence numbers may have gaps, and
// packets may come late or twice: peers see the same gaps. Another SSRC, or a
// leap of more than the ring's size, begins anew after the last packet. The
// Span is empty for a packet that came twice or too late.
func (r *Ring) WriteRTP(p *Packet) Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	index := extend(r.head-1+r.base, p.SequenceNumber) - r.base
	size := uint64(r.most)
	ahead := int64(index - r.head)
	if !r.passing || p.SSRC != r.srcSSRC || ahead > 10*int64(size) || ahead < -10*int64(size) {
		if r.head != firstIndex || r.passing {
			r.epoch++
		}
		r.passing, r.srcSSRC = true, p.SSRC
		index = r.head
		// any multiple of 2^16 plus the difference of the low bits
		r.base = uint64(p.SequenceNumber-uint16(index)) & 0xFFFF
	} else if ahead < -int64(size) || index <= r.gone || r.at(index) != nil {
		return Span{} // it came twice, or so late that it may have
	}
	if index >= r.head {
		r.head = index + 1
	}
	var info payloadInfo
	if r.look != nil && len(p.Payload) > 0 {
		info = r.look.inspect(p.Payload)
	}
	if before := r.at(index - 1); before == nil || before.ts != p.Timestamp {
		r.frame++
	}
	r.room(index, p.Timestamp)
	if old := &r.slots[index&r.mask]; old.set {
		r.gone = max(r.gone, old.index)
	}
	s := r.slot(index)
	s.buf = append(s.buf[:0], p.Payload...)
	s.ts, s.marker, s.event = p.Timestamp, p.Marker, p.Event
	s.start, s.tid, s.sync = info.start, uint8(info.tid), info.sync
	before := r.at(index - 1)
	s.key = info.key || before != nil && before.key && before.ts == p.Timestamp
	s.csrcs = append(s.csrcs[:0], p.CSRC[:p.NumCSRC]...)
	s.hasLevel, s.voice, s.level = p.Ext.HasAudioLevel, p.Ext.VoiceActivity, p.Ext.AudioLevel
	s.hasRotation, s.rotation = p.Ext.HasRotation, uint8(p.Ext.Rotation/90)&3
	if p.Ext.HasCaptureTime {
		s.capture = p.Ext.CaptureTime
	}
	if r.codec.Format() == FormatVP8 {
		if d, ok := parseVP8Descriptor(p.Payload); ok {
			s.picAt, s.pic15, s.tl0At = uint8(d.picAt), d.pic15, uint8(d.tl0At)
		}
	}
	return Span{First: index, Count: 1, Key: s.key || !r.codec.Video() || r.look == nil}
}

// FormatError says that frames of a codec cannot be packetised; its packets
// may still pass through as RTP.
type FormatError struct{ MimeType string }

// Error names the codec.
func (e *FormatError) Error() string {
	return "rtpengine: no payload format for " + e.MimeType + "; send it as RTP packets"
}
