package rtpengine

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// formerMost is how many SSRCs of receivers that were removed are remembered.
const formerMost = 64

// SessionConfig is what a Session needs of the world.
type SessionConfig struct {
	// CNAME names this endpoint in SDES (RFC 7022).
	CNAME string
	// Rand gives 32 random bits; it must be safe for concurrent use.
	Rand func() uint32
	// Wake, if not nil, is called when Poll is to be called earlier than it
	// last said. It runs under locks: it must not call back or block.
	Wake func(at time.Time)
	// Feedback, if not nil, takes the peer's transport-wide feedback on what
	// was sent. The slice is valid only during the call.
	Feedback func(now time.Time, results []PacketResult)
	// Report, if not nil, takes the loss that a report block tells, for peers
	// without transport-wide feedback: the fraction lost in [0, 1) of the
	// packets since the report before.
	Report func(now time.Time, fraction float64, packets int)
	// REMB, if not nil, takes the peer's estimates, in bit/s.
	REMB func(now time.Time, bitrate uint64)
	// RepairRate, if not nil, is the bit rate that packets which are sent again may
	// have, 0 while that is not known. It must be safe for concurrent use.
	RepairRate func() int
}

// Session is the RTP session over one transport: it routes what arrives and
// reports on both directions.
type Session struct {
	cfg     SessionConfig
	cname   atomic.Pointer[string]
	reduced atomic.Bool
	rttNow  atomic.Int64 // ns
	pathRTT atomic.Int64 // ns, from the transport
	nackRTT atomic.Int64 // ns, from NACK to repair
	local   atomic.Uint32

	// deliverMu is held while packets are taken and handed on, so that callbacks
	// are in order and what they are given stays. It comes before recvMu.
	deliverMu sync.Mutex
	queue     []delivery
	frames    []*Frame // free
	// restored are packets for the queue; the first restoredUsed are in it.
	restored     []*Packet
	restoredUsed int

	// receiving
	recvMu    sync.Mutex
	receivers []*Receiver
	mids      map[string]*Receiver
	routes    map[uint32]*route
	stale     bool // what follows from the receivers is to be made anew
	// former are the SSRCs of receivers that were removed last, formerMost of them.
	former     []uint32
	unsignaled int       // routes made by packets, not by signalling
	incoming   *incoming // nil before the first packet
	twccIn     twccReceived
	twccOn     bool
	ccfbIn     ccfbReceived
	xrOn       bool                     // receiver reference times were negotiated
	clocks     map[string]time.Duration // CNAME → our clock − the sender's
	scratch    []byte
	seqs       []uint16
	stats      SessionStats
	nextReport time.Time
	pollAt     time.Time // when Poll is called next; zero if it need not be

	// sending
	sendMu   sync.Mutex
	senders  []*SendStream
	bySSRC   map[uint32]*SendStream // with RTX SSRCs
	twccNext atomic.Uint64
	sentLog  sentLog
	repairs  repairBudget
	remb     uint64
	heard    map[uint32]reference // receivers' times that are to be answered
	// reference is the SSRC that our own receiver's time was sent with.
	reference atomic.Uint32

	pollMu sync.Mutex
	blocks []reportBlock
	tails  []*SendStream
	timed  bool // a report is to tell our time
	out    []byte
	hurry  atomic.Bool // a first report is due soon
	quiet  atomic.Bool // nothing is being sent
	// eventsOn: a telephone event is being sent
	eventsOn atomic.Bool
}

// route is where the packets of one SSRC go.
type route struct {
	receiver *Receiver
	stream   *ReceiveStream // nil while it is not known which stream RTX repairs
	rtx      bool
	fec      bool       // repair packets, for any stream of the receiver
	arrivals ccfbStream // for RFC 8888 feedback
	known    bool       // from signalling: not evicted
	last     time.Time
}

// NewSession returns a session without streams.
func NewSession(cfg SessionConfig) *Session {
	s := &Session{
		cfg:    cfg,
		bySSRC: map[uint32]*SendStream{},
		mids:   map[string]*Receiver{},
		routes: map[uint32]*route{},
		clocks: map[string]time.Duration{},
		heard:  map[uint32]reference{},
	}
	s.SetCNAME(cfg.CNAME)
	s.twccNext.Store(1 << 16)
	s.local.Store(s.rand())
	return s
}

func (s *Session) rand() uint32 { return s.cfg.Rand() }

// wake asks for a Poll at the given time; the zero time means at once.
func (s *Session) wake(at time.Time) {
	if s.cfg.Wake != nil {
		s.cfg.Wake(at)
	}
}

// pollBy sees to it that Poll is called by the given time. The receive lock is
// held.
func (s *Session) pollBy(at time.Time) {
	if !at.IsZero() && (s.pollAt.IsZero() || at.Before(s.pollAt)) {
		s.pollAt = at
		s.wake(at)
	}
}

// SetCNAME changes what SDES says, for when it becomes known late.
func (s *Session) SetCNAME(cname string) { s.cname.Store(&cname) }

func (s *Session) name() string { return *s.cname.Load() }

// SetReducedSize says whether a=rtcp-rsize was negotiated (RFC 5506).
func (s *Session) SetReducedSize(on bool) { s.reduced.Store(on) }

// SetPathRTT gives the round-trip time that the transport measured; it serves
// until reports give one, as on a transport that only receives.
func (s *Session) SetPathRTT(d time.Duration) { s.pathRTT.Store(int64(d)) }

// RTT is the smoothed round-trip time that reports tell, or ICE's; 0 if neither
// has been measured.
func (s *Session) RTT() time.Duration {
	if d := s.rttNow.Load(); d > 0 {
		return time.Duration(d)
	}
	return time.Duration(s.pathRTT.Load())
}

// rtt is the best estimate, 100 ms if there is none.
func (s *Session) rtt() time.Duration {
	if d := s.rttNow.Load(); d > 0 {
		return time.Duration(d)
	}
	if d := s.pathRTT.Load(); d > 0 {
		return time.Duration(d)
	}
	if d := s.nackRTT.Load(); d > 0 {
		return time.Duration(d)
	}
	return 100 * time.Millisecond
}

// noteRepair learns from the time that repairs take, for want of anything
// better.
func (s *Session) noteRepair(d time.Duration) {
	if old := s.nackRTT.Load(); old > 0 {
		d = time.Duration(old) + (d-time.Duration(old))/8
	}
	s.nackRTT.Store(int64(d))
}

// Stats returns the session's counters.
func (s *Session) Stats() SessionStats {
	s.recvMu.Lock()
	st := s.stats
	s.recvMu.Unlock()
	s.sendMu.Lock()
	st.REMB = s.remb
	s.sendMu.Unlock()
	st.RTT = time.Duration(s.rttNow.Load())
	return st
}

// AddSender adds a stream to send. It fails if one of its SSRCs is in use.
func (s *Session) AddSender(cfg SendConfig, ev SendEvents) (*SendStream, error) {
	ss := newSendStream(s, cfg, ev)
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if s.taken(cfg, ss) {
		return nil, &SSRCError{SSRC: cfg.SSRC}
	}
	if len(s.senders) == 0 {
		s.local.Store(cfg.SSRC)
	}
	s.senders = append(s.senders, ss)
	s.enter(cfg, ss)
	return ss, nil
}

func (s *Session) updateSender(ss *SendStream, cfg SendConfig) error {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if s.taken(cfg, ss) {
		return &SSRCError{SSRC: cfg.SSRC}
	}
	delete(s.bySSRC, ss.cfg.SSRC)
	delete(s.bySSRC, ss.cfg.RTXSSRC)
	s.enter(cfg, ss)
	ss.setConfig(cfg)
	return nil
}

// RemoveSender ends a stream and tells the peer with BYE.
func (s *Session) RemoveSender(ss *SendStream, out Output) {
	ss.mu.Lock()
	if ss.closed {
		ss.mu.Unlock()
		return
	}
	ss.closed = true
	bye := [2]uint32{ss.cfg.SSRC, ss.cfg.RTXSSRC}
	if ss.fec != nil {
		ss.fec.drop()
	}
	started := ss.started
	ss.nsegs, ss.segs = 0, nil // lets the rings go
	ss.mu.Unlock()
	s.sendMu.Lock()
	for i, o := range s.senders {
		if o == ss {
			s.senders = append(s.senders[:i], s.senders[i+1:]...)
			break
		}
	}
	delete(s.bySSRC, bye[0])
	delete(s.bySSRC, bye[1])
	s.sendMu.Unlock()
	if !started || out == nil {
		return
	}
	n := 2
	if bye[1] == 0 {
		n = 1
	}
	b := appendReceiverReport(nil, bye[0], nil)
	b = appendSDES(b, bye[0], s.name())
	out.WriteRTCP(appendBye(b, bye[:n]))
}

// SSRCError says that an SSRC is in use already.
type SSRCError struct{ SSRC uint32 }

// Error names the SSRC's conflict.
func (e *SSRCError) Error() string { return "rtpengine: SSRC or RTX SSRC is in use in this session" }

// taken reports whether an SSRC of cfg belongs to a stream other than ss.
func (s *Session) taken(cfg SendConfig, ss *SendStream) bool {
	used := func(ssrc uint32) bool { o := s.bySSRC[ssrc]; return o != nil && o != ss }
	return used(cfg.SSRC) || cfg.RTXSSRC != 0 && (used(cfg.RTXSSRC) || cfg.RTXSSRC == cfg.SSRC) ||
		cfg.FECSSRC != 0 && (used(cfg.FECSSRC) || cfg.FECSSRC == cfg.SSRC || cfg.FECSSRC == cfg.RTXSSRC)
}

func (s *Session) enter(cfg SendConfig, ss *SendStream) {
	s.bySSRC[cfg.SSRC] = ss
	if cfg.RTXSSRC != 0 {
		s.bySSRC[cfg.RTXSSRC] = ss
	}
}

// senderOf finds the stream of an SSRC or RTX SSRC.
func (s *Session) senderOf(ssrc uint32) *SendStream {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	return s.bySSRC[ssrc]
}

// AddReceiver adds an m-section's receiving side.
func (s *Session) AddReceiver(cfg ReceiverConfig, ev ReceiverEvents) *Receiver {
	r := &Receiver{session: s, events: ev}
	s.recvMu.Lock()
	defer s.recvMu.Unlock()
	r.setConfig(cfg)
	s.receivers = append(s.receivers, r)
	s.stale = true
	s.prebind(r)
	return r
}

func (s *Session) updateReceiver(r *Receiver, cfg ReceiverConfig) {
	s.recvMu.Lock()
	defer s.recvMu.Unlock()
	if r.removed {
		return
	}
	r.setConfig(cfg)
	s.stale = true
	s.prebind(r)
}

// RemoveReceiver ends the receiving side of an m-section.
func (s *Session) RemoveReceiver(r *Receiver) {
	s.recvMu.Lock()
	defer s.recvMu.Unlock()
	if r.removed {
		return
	}
	r.removed = true
	for i, o := range s.receivers {
		if o == r {
			s.receivers = append(s.receivers[:i:i], s.receivers[i+1:]...)
			break
		}
	}
	for ssrc, rt := range s.routes {
		if rt.receiver == r {
			s.dropRoute(ssrc)
			if len(s.former) == formerMost {
				s.former = slices.Delete(s.former, 0, 1)
			}
			s.former = append(s.former, ssrc)
		}
	}
	for _, st := range r.streams {
		s.dropStream(st)
	}
	r.setStreams(nil)
	s.stale = true
}

// rebuild makes what follows from the receivers' configuration. It waits for the
// next packet, so that many changes cost one.
func (s *Session) rebuild() {
	s.stale = false
	clear(s.mids)
	s.twccOn, s.xrOn = false, false
	for _, r := range s.receivers {
		if r.cfg.MID != "" {
			s.mids[r.cfg.MID] = r
		}
		for i := range r.cfg.Codecs {
			// RFC 8888 feedback takes the place of the other where both were agreed on.
			s.twccOn = s.twccOn || r.cfg.Codecs[i].TransportCC && !r.cfg.CongestionFeedback
			s.xrOn = s.xrOn || r.cfg.Codecs[i].ReferenceTime
		}
	}
	if s.incoming != nil {
		s.incoming.rebuild(s.receivers)
	}
}

// prebind makes the routes of signalled SSRCs (RFC 8843 section 9.2: "If the
// SSRC is in the outgoing SSRC mapping table").
func (s *Session) prebind(r *Receiver) {
	for _, rt := range s.routes {
		if rt.receiver == r && rt.known { // until it is named again below
			rt.known = false
			s.unsignaled++
		}
	}
	for _, c := range r.cfg.Streams {
		if old := s.routes[c.SSRC]; old == nil || old.receiver != r || old.stream == nil {
			st := r.streamFor(c.SSRC, c.RID)
			s.bind(c.SSRC, &route{receiver: r, stream: st, known: true})
			st.rtxSSRC = c.RTX
		}
		st := s.routes[c.SSRC].stream
		if rt := s.routes[c.SSRC]; !rt.known {
			rt.known = true
			s.unsignaled--
		}
		if c.CNAME != "" {
			st.cname = c.CNAME
		}
		if c.RTX != 0 {
			st.rtxSSRC = c.RTX
			s.bind(c.RTX, &route{receiver: r, stream: st, rtx: true, known: true})
		}
		if c.FEC != 0 {
			s.bind(c.FEC, &route{receiver: r, fec: true, known: true})
		}
	}
}

func (s *Session) bind(ssrc uint32, rt *route) {
	s.dropRoute(ssrc)
	s.routes[ssrc] = rt
	if !rt.known {
		s.unsignaled++
	}
}

func (s *Session) dropRoute(ssrc uint32) {
	if rt := s.routes[ssrc]; rt != nil {
		if !rt.known {
			s.unsignaled--
		}
		delete(s.routes, ssrc)
	}
}

// dropStream takes a stream out of the tables; its receiver forgets it.
func (s *Session) dropStream(st *ReceiveStream) {
	for ssrc, rt := range s.routes {
		if rt.stream == st {
			s.dropRoute(ssrc)
		}
	}
	st.asm.restart()
	st.end(false)
}

// end tells the program once that the stream is over.
func (st *ReceiveStream) end(bye bool) {
	told := st.ended || !st.announced
	st.ended = true
	if f := st.receiver.events.Ended; f != nil && !told {
		f(st, bye)
	}
}

// delivery is what is handed to a receiver's callbacks after the receive lock
// was released: a packet, a frame, or the beginning of a stream.
type delivery struct {
	stream *ReceiveStream
	packet *Packet
	frame  *Frame
}

func (s *Session) deliver(d delivery) { s.queue = append(s.queue, d) }

// hand calls the callbacks.
func (s *Session) hand() {
	for i, d := range s.queue {
		s.queue[i] = delivery{}
		ev := &d.stream.receiver.events
		switch {
		case d.packet != nil:
			ev.Packet(d.stream, d.packet)
		case d.frame != nil:
			if ev.Frame != nil {
				ev.Frame(d.stream, d.frame)
			}
			s.putFrame(d.frame)
		case ev.Stream != nil:
			ev.Stream(d.stream)
		}
	}
	s.queue, s.restoredUsed = s.queue[:0], 0
}

// framesFree bounds the memory of frames that is kept for the next ones.
const framesFree = 4

func (s *Session) getFrame() *Frame {
	if n := len(s.frames); n > 0 {
		f := s.frames[n-1]
		s.frames = s.frames[:n-1]
		return f
	}
	return &Frame{}
}

func (s *Session) putFrame(f *Frame) {
	if len(s.frames) < framesFree {
		s.frames = append(s.frames, f)
	}
}

// packets that wait for assembly live in buffers of this size.
const bufferSize = 1500

// buffers are shared by all sessions: few packets wait at any time.
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func getBuffer() []byte { return buffers.Get().(*[bufferSize]byte)[:0] }

func putBuffer(b []byte) {
	if cap(b) == bufferSize { // else it had to grow
		buffers.Put((*[bufferSize]byte)(b[:bufferSize]))
	}
}
