package webrtc

import (
	"slices"
	"sync/atomic"
	"time"

	"trackway/internal/jsep"
	"trackway/internal/rtpengine"
	"trackway/internal/transport"
	"trackway/media"
)

// mediaPlane is a connection's media: an RTP session for each transport, and
// what connects senders and receivers with tracks. The connection's lock guards
// it, but for packets, which go by a snapshot and take no lock of the
// connection.
type mediaPlane struct {
	pc     *PeerConnection
	wheel  *timerWheel
	routes atomic.Pointer[[]*mediaTransport]
	lines  map[jsep.TransceiverID]*mediaLine
	groups map[string]*media.SyncGroup // by the remote stream's id
	pass   uint64
	closed bool
	// changed says that the encodings have other demands than before.
	changed bool
}

// mediaLine is what was last applied for a transceiver.
type mediaLine struct {
	config      *jsep.MediaConfig
	mt          *mediaTransport
	transceiver *RTPTransceiver
	pass        uint64
}

func newMediaPlane(pc *PeerConnection) *mediaPlane {
	return &mediaPlane{pc: pc, lines: map[jsep.TransceiverID]*mediaLine{}}
}

// find returns the session of a transport; it may be called without the lock.
func (p *mediaPlane) find(tr *transport.Transport) *mediaTransport {
	if list := p.routes.Load(); list != nil {
		for _, mt := range *list {
			if mt.tr == tr {
				return mt
			}
		}
	}
	return nil
}

// rerouted tells the congestion control of a transport that packets take another way.
func (p *mediaPlane) rerouted(tr *transport.Transport) {
	if mt := p.find(tr); mt != nil {
		mt.cc.onRoute()
	}
}

// attach makes the session of a new transport.
func (p *mediaPlane) attach(tr *transport.Transport) { p.ensure(tr) }

func (p *mediaPlane) ensure(tr *transport.Transport) *mediaTransport {
	if mt := p.find(tr); mt != nil || tr == nil || p.closed {
		return mt
	}
	if p.wheel == nil {
		p.wheel = acquireWheel(p.pc.engine)
	}
	mt := newMediaTransport(tr, p.wheel, p.cname())
	var list []*mediaTransport
	if old := p.routes.Load(); old != nil {
		list = slices.Clone(*old)
	}
	list = append(list, mt)
	p.routes.Store(&list)
	return mt
}

// cname is the connection's CNAME once negotiation has made it known.
func (p *mediaPlane) cname() string {
	for _, m := range p.pc.state.Media() {
		if m.CNAME != "" {
			return m.CNAME
		}
	}
	return ""
}

// detach ends the session of a transport that is being closed.
func (p *mediaPlane) detach(tr *transport.Transport) {
	mt := p.find(tr)
	if mt == nil {
		return
	}
	for _, l := range p.lines {
		if l.mt == mt {
			p.unbind(l)
		}
	}
	list := slices.DeleteFunc(slices.Clone(*p.routes.Load()), func(o *mediaTransport) bool { return o == mt })
	p.routes.Store(&list)
	mt.close()
}

// writable: the keys of a transport are there. It is called without the lock.
func (p *mediaPlane) writable(tr *transport.Transport) {
	mt := p.find(tr)
	if mt == nil || mt.ready.Swap(true) {
		return
	}
	now := time.Now()
	mt.wheel.schedule(mt.timer, now, now)
	p.pc.mu.Lock()
	var start []func()
	for _, l := range p.lines {
		if l.mt == mt {
			if m := &l.transceiver.sender.media; m.sending {
				m.connect(true) // an encoder has waited for this
				start = append(start, m.keyFrame(""))
			}
		}
	}
	p.pc.mu.Unlock()
	for _, f := range start {
		f()
	}
}

// handleRTP takes a packet on the goroutine that reads the socket.
func (p *mediaPlane) handleRTP(tr *transport.Transport, now time.Time, packet []byte) {
	if mt := p.find(tr); mt != nil {
		mt.session.HandleRTP(now, packet, &mt.in)
	}
}

// handleRTCP takes a compound packet on the goroutine that reads the socket.
func (p *mediaPlane) handleRTCP(tr *transport.Transport, now time.Time, packet []byte) {
	if mt := p.find(tr); mt != nil {
		mt.session.HandleRTCP(now, packet, &mt.in)
		mt.heard = true
	}
}

// received ends a burst of packets.
func (p *mediaPlane) received(tr *transport.Transport) {
	if mt := p.find(tr); mt != nil {
		mt.received()
	}
}

// apply has the media follow the state: a configuration that is the same
// pointer as before needs nothing.
func (p *mediaPlane) apply(configs []*jsep.MediaConfig, transportOf func(*jsep.MediaConfig) *transport.Transport) {
	if p.closed {
		return
	}
	p.pass++
	for _, c := range configs {
		tr := transportOf(c)
		l := p.lines[c.Transceiver]
		if l != nil && l.config == c && l.mt != nil && l.mt.tr == tr {
			l.pass = p.pass
			continue
		}
		t := p.pc.transceivers[c.Transceiver]
		if t == nil || tr == nil {
			continue
		}
		if l == nil {
			l = &mediaLine{transceiver: t}
			p.lines[c.Transceiver] = l
		}
		l.pass = p.pass
		mt := p.ensure(tr)
		if l.mt != nil && l.mt != mt {
			p.unbind(l) // bundled with another m-section since
		}
		l.config, l.mt, p.changed = c, mt, true
		mt.session.SetReducedSize(c.ReducedSizeRTCP)
		if c.CNAME != "" {
			mt.session.SetCNAME(c.CNAME)
		}
		t.sender.media.apply(t.sender, mt, c)
		t.receiver.media.apply(t.receiver, mt, c)
		t.receiver.media.play.setGroup(t.receiver.source, p.group(c.RemoteMSIDs))
	}
	defer p.shareOut()
	if len(p.lines) > len(configs) {
		for id, l := range p.lines {
			if l.pass != p.pass { // stopped, or rolled back
				p.unbind(l)
				delete(p.lines, id)
				p.changed = true
			}
		}
	}
}

// shareOut collects what the encodings of each transport want.
func (p *mediaPlane) shareOut() {
	list := p.routes.Load()
	if list == nil || !p.changed {
		return
	}
	p.changed = false
	for _, mt := range *list {
		var flows []flow
		for _, l := range p.lines {
			if l.mt == mt {
				flows = l.transceiver.sender.media.flows(flows, l.config)
			}
		}
		mt.cc.flows.Store(&flows)
	}
}

// unbind ends sending and receiving of a line; the peer is told with BYE.
func (p *mediaPlane) unbind(l *mediaLine) {
	l.transceiver.sender.media.unbind()
	l.transceiver.receiver.media.unbind()
	l.mt, l.config = nil, nil
}

// close ends everything, with BYE to the peer. It is called without the lock,
// when the connection has been marked as closed.
func (p *mediaPlane) close() {
	p.pc.mu.Lock()
	if p.closed {
		p.pc.mu.Unlock()
		return
	}
	p.closed = true
	for _, l := range p.lines {
		if l.mt != nil {
			p.unbind(l)
		}
	}
	for _, t := range p.pc.transceivers {
		t.sender.media.setTrack(nil)
		t.receiver.endLocked()
	}
	p.lines = nil
	list := p.routes.Swap(nil)
	wheel := p.wheel
	p.pc.mu.Unlock()
	if list != nil {
		for _, mt := range *list {
			mt.close()
		}
	}
	if wheel != nil {
		releaseWheel(p.pc.engine)
	}
}

// engineCodec is a codec as the media engine knows it.
func engineCodec(c jsep.Codec) rtpengine.Codec {
	return rtpengine.Codec{MimeType: c.MimeType, ClockRate: c.ClockRate, Channels: c.Channels, Fmtp: c.SDPFmtpLine}
}

func engineExtensions(in []jsep.HeaderExtension) []rtpengine.Extension {
	out := make([]rtpengine.Extension, 0, len(in))
	for _, e := range in {
		out = append(out, rtpengine.Extension{ID: e.ID, URI: e.URI})
	}
	return out
}
