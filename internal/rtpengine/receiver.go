package rtpengine

import (
	"sync/atomic"
	"time"
)

// StreamConfig is an SSRC known from signalling (a=ssrc, a=ssrc-group:FID).
type StreamConfig struct {
	SSRC uint32
	// RTX is the SSRC of its retransmissions, or 0.
	RTX uint32
	// FEC is the SSRC of its repair packets (FlexFEC), or 0.
	FEC uint32
	// RID is the encoding, or "".
	RID   string
	CNAME string
}

// ReceiverConfig says what one m-section receives.
type ReceiverConfig struct {
	// MID is the m-section's; "" if the peer uses none.
	MID string
	// Codecs are the payload types to expect; the receiver keeps the slice.
	Codecs []PayloadCodec
	// Extensions are those negotiated for the m-section.
	Extensions []Extension
	// RIDs are the encodings to expect; empty without simulcast.
	RIDs []string
	// Streams are the SSRCs known beforehand; usually none from a browser that
	// identifies by MID.
	Streams []StreamConfig
	// CongestionFeedback says that RFC 8888 feedback was negotiated: its reports
	// take the place of transport-wide feedback.
	CongestionFeedback bool
	// Receiving is false while the direction excludes receiving: packets are
	// dropped then, and no reports are made.
	Receiving bool
}

// ReceiverEvents are the callbacks of a Receiver; any may be nil. They run on
// the goroutine that called HandleRTP or Poll, one at a time, and may call
// anything but HandleRTP and Poll of the same Session.
type ReceiverEvents struct {
	// Stream: the first packet of an SSRC arrived.
	Stream func(*ReceiveStream)
	// Packet: a packet arrived, in order of arrival, once; also those restored
	// from RTX. It is valid only during the call.
	Packet func(*ReceiveStream, *Packet)
	// Frame: a frame is complete, in decoding order. It is valid only during
	// the call. Needs SetAssemble.
	Frame func(*ReceiveStream, *Frame)
	// Ended: BYE arrived, or else another SSRC took the stream's place or the
	// receiver was removed. It runs under a lock and must not call back.
	Ended func(st *ReceiveStream, bye bool)
}

// streamsPerReceiver bounds what a peer may make us remember for one m-section.
const streamsPerReceiver = 8

// Receiver takes the packets of one m-section.
type Receiver struct {
	session *Session
	events  ReceiverEvents
	cfg     ReceiverConfig
	byPT    [128]uint8 // 1 + the index in cfg.Codecs, or 0
	rtxPT   [128]uint8 // the same by RTX payload type
	fec     [128]bool  // payload types of repair packets
	red     [128]uint8 // by RED's payload type: that of its blocks, or 0
	streams []*ReceiveStream
	sources []Source
	live    atomic.Pointer[[]*ReceiveStream] // a copy of streams, for RequestKeyFrame
	frames  atomic.Bool
	removed bool
}

// Source is a synchronisation or contributing source that packets named
// lately (RTCRtpContributingSource).
type Source struct {
	// Contributing is true for a CSRC, false for an SSRC.
	Contributing bool
	Source       uint32
	Timestamp    time.Time
	RTPTimestamp uint32
	AudioLevel   uint8 // -dBov
	HasLevel     bool
	// CaptureTime is when the last packet's media were captured, by the capturing
	// machine's NTP clock: as abs-capture-time says it, or counted from a packet
	// that had it. Zero before one had.
	CaptureTime time.Time
	// CaptureOffset is what has to be added to the sender's clock to have the
	// capturer's, where the sender knows.
	CaptureOffset    time.Duration
	HasCaptureOffset bool
}

const (
	sourcesMost = 32
	sourceAge   = 10 * time.Second // webrtc-pc, getContributingSources
)

func (r *Receiver) setConfig(cfg ReceiverConfig) {
	r.cfg = cfg
	r.byPT, r.rtxPT, r.red, r.fec = [128]uint8{}, [128]uint8{}, [128]uint8{}, [128]bool{}
	codecs := cfg.Codecs
	for i := range min(len(codecs), 255) {
		c := &codecs[i]
		if c.Codec.isFlexFEC() {
			r.fec[c.PayloadType&0x7F] = true
			continue
		}
		r.byPT[c.PayloadType&0x7F] = uint8(i + 1)
		if c.RTXPayloadType != 0 {
			r.rtxPT[c.RTXPayloadType&0x7F] = uint8(i + 1)
		}
	}
	for i := range codecs {
		if pt, ok := codecs[i].Codec.redPrimary(); ok {
			if c := r.codecOf(pt); c != nil && c.Codec.Format() == FormatOpus {
				r.red[codecs[i].PayloadType&0x7F] = pt
			}
		}
	}
	for _, st := range r.streams {
		if st.codec != nil {
			if c := r.codecOf(st.pt); c != nil && c.Codec == st.codec.Codec {
				st.codec = c
			} else {
				st.codec = nil // found anew with the next packet
				st.asm.restart()
			}
		}
	}
}

// codecOf is what a payload type of media stands for, or nil.
func (r *Receiver) codecOf(pt uint8) *PayloadCodec { return r.codecAt(r.byPT[pt]) }

// repairedBy is what packets of an RTX payload type repair, or nil.
func (r *Receiver) repairedBy(pt uint8) *PayloadCodec { return r.codecAt(r.rtxPT[pt]) }

func (r *Receiver) codecAt(i uint8) *PayloadCodec {
	if i == 0 {
		return nil
	}
	return &r.cfg.Codecs[i-1]
}

// expects reports whether a payload type was negotiated.
func (r *Receiver) expects(pt uint8) bool {
	return r.byPT[pt] != 0 || r.rtxPT[pt] != 0 || r.fec[pt]
}

// Update changes the parameters after a renegotiation; streams go on.
func (r *Receiver) Update(cfg ReceiverConfig) { r.session.updateReceiver(r, cfg) }

// SetAssemble says whether frames are wanted. Without it only packets are
// delivered and no key frame is asked for unless somebody asks. It takes
// effect with the next packet and may be called from anywhere.
func (r *Receiver) SetAssemble(on bool) { r.frames.Store(on) }

// RequestKeyFrame asks for a key frame of one encoding, or of all with "". It
// may be called from anywhere.
func (r *Receiver) RequestKeyFrame(rid string) {
	streams := r.live.Load()
	if streams == nil {
		return
	}
	for _, st := range *streams {
		if rid == "" || st.rid == rid {
			st.RequestKeyFrame()
		}
	}
}

// setStreams replaces the list of streams; the receive lock is held.
func (r *Receiver) setStreams(list []*ReceiveStream) {
	r.streams = list
	r.live.Store(&list)
}

// forget takes a stream out of the list.
func (r *Receiver) forget(st *ReceiveStream) {
	list := make([]*ReceiveStream, 0, len(r.streams))
	for _, o := range r.streams {
		if o != st {
			list = append(list, o)
		}
	}
	r.setStreams(list)
}

// Stats calls f with the counters of every stream that the receiver has.
func (r *Receiver) Stats(f func(InboundStats, RemoteOutboundStats)) {
	s := r.session
	s.recvMu.Lock()
	defer s.recvMu.Unlock()
	for _, st := range r.streams {
		f(st.snapshot())
	}
}

// Sources returns the synchronisation and contributing sources of the last ten
// seconds, the latest first.
func (r *Receiver) Sources(now time.Time) []Source {
	s := r.session
	s.recvMu.Lock()
	defer s.recvMu.Unlock()
	var out []Source
	for _, src := range r.sources {
		if now.Sub(src.Timestamp) <= sourceAge {
			out = append(out, src)
		}
	}
	for i := 1; i < len(out); i++ {
		for j := i; j > 0 && out[j].Timestamp.After(out[j-1].Timestamp); j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func (r *Receiver) noteSources(now time.Time, clock uint32, p *Packet) {
	src := Source{Source: p.SSRC, Timestamp: now, RTPTimestamp: p.Timestamp, AudioLevel: p.Ext.AudioLevel, HasLevel: p.Ext.HasAudioLevel}
	r.noteCapture(&src, clock, p)
	r.noteSource(src)
	for i, c := range p.CSRC[:p.NumCSRC] {
		src := Source{Contributing: true, Source: c, Timestamp: now, RTPTimestamp: p.Timestamp}
		if i < len(p.Ext.CSRCLevels) {
			src.AudioLevel, src.HasLevel = p.Ext.CSRCLevels[i]&0x7F, true
		}
		r.noteSource(src)
	}
}

// noteCapture finds out when a packet's media were captured. Not every packet
// tells: "receivers … interpolate" from the RTP timestamps
// (abs-capture-time, "Timestamp interpolation").
func (r *Receiver) noteCapture(src *Source, clock uint32, p *Packet) {
	if p.Ext.HasCaptureTime {
		src.CaptureTime, src.CaptureOffset, src.HasCaptureOffset = p.Ext.CaptureTime, p.Ext.CaptureOffset, p.Ext.HasCaptureOffset
		return
	}
	for i := range r.sources {
		if old := &r.sources[i]; old.Source == src.Source && !old.Contributing && !old.CaptureTime.IsZero() && clock != 0 {
			src.CaptureTime = old.CaptureTime.Add(ticksDuration(int64(int32(src.RTPTimestamp-old.RTPTimestamp)), clock))
			src.CaptureOffset, src.HasCaptureOffset = old.CaptureOffset, old.HasCaptureOffset
		}
	}
}

func (r *Receiver) noteSource(src Source) {
	oldest := -1
	for i := range r.sources {
		if r.sources[i].Source == src.Source && r.sources[i].Contributing == src.Contributing {
			r.sources[i] = src
			return
		}
		if oldest < 0 || r.sources[i].Timestamp.Before(r.sources[oldest].Timestamp) {
			oldest = i
		}
	}
	if len(r.sources) < sourcesMost {
		r.sources = append(r.sources, src)
	} else {
		r.sources[oldest] = src
	}
}

// streamFor returns the stream of an SSRC that has no route yet, making one.
// Without a RID another SSRC takes the place of the one before it.
func (r *Receiver) streamFor(ssrc uint32, rid string) *ReceiveStream {
	for _, st := range r.streams {
		if st.ssrc == ssrc && st.rid == rid {
			return st
		}
	}
	for _, st := range r.streams {
		if st.rid == rid && (rid != "" || !r.signalled(st.ssrc)) || len(r.streams) >= streamsPerReceiver {
			r.forget(st)
			r.session.dropStream(st)
			break
		}
	}
	st := newReceiveStream(r, ssrc, rid)
	r.setStreams(append(append([]*ReceiveStream(nil), r.streams...), st))
	return st
}

func (r *Receiver) signalled(ssrc uint32) bool {
	for _, c := range r.cfg.Streams {
		if c.SSRC == ssrc {
			return true
		}
	}
	return false
}

// knowsRID reports whether an encoding was negotiated. Without simulcast any
// RID names the one encoding.
func (r *Receiver) knowsRID(rid []byte) bool {
	for _, id := range r.cfg.RIDs {
		if id == string(rid) {
			return true
		}
	}
	return len(r.cfg.RIDs) == 0
}

// ridString returns the negotiated string, which needs no allocation.
func (r *Receiver) ridString(rid []byte) string {
	for _, id := range r.cfg.RIDs {
		if id == string(rid) {
			return id
		}
	}
	return ""
}
