package transport

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"trackway/internal/udp"
)

const (
	// sealRoom is what sealing adds at most: SRTCP under GCM, a tag of 16 and
	// an index of 4 bytes.
	sealRoom = 32
	// earlyPackets bounds what waits for the keys.
	earlyPackets = 64
	replayWindow = 1024
)

// keys are the SRTP contexts of an association.
type keys struct {
	name string
	// in is used under Transport.rx.
	in *srtp.Context

	mu  sync.Mutex
	out *srtp.Context
	rtp rtp.Header // scratch: what it points to is kept from packet to packet
	rcp rtcp.Header
}

func newKeys(e srtp.KeyingMaterialExporter, profile srtp.ProtectionProfile, client bool) (*keys, error) {
	cfg := srtp.Config{Profile: profile}
	if err := cfg.ExtractSessionKeysFromDTLS(e, client); err != nil {
		return nil, err
	}
	in, err := srtp.CreateContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt, profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, err
	}
	out, err := srtp.CreateContext(cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt, profile)
	if err != nil {
		return nil, err
	}
	return &keys{in: in, out: out}, nil
}

// opener is the scratch memory of opening.
type opener struct {
	rtp rtp.Header
	rcp rtcp.Header
}

// receive takes a DTLS, RTP or RTCP datagram from a peer's address.
// g is the generation that has the address.
func (t *Transport) receive(now time.Time, k kind, p []byte, g *generation) {
	t.counters.received(now, len(p), t.path.Load())
	a, keys := t.assoc.Load(), t.keys.Load()
	if n := t.renewed.Load(); n != nil && n.follows(g) {
		// The new peer may be ready before we are.
		a, keys = n, nil
	}
	if !a.follows(g) {
		t.counters.dropped.Add(1) // of the peer before
		return
	}
	if k == kindDTLS {
		if !a.pipe.push(p) {
			t.counters.overflow.Add(1)
		}
		return
	}
	if keys != nil {
		t.open(now, keys, k, p)
	} else if !a.early.push(t, now, k, p) {
		t.counters.overflow.Add(1)
	}
}

// received ends a burst.
func (t *Transport) received() {
	t.rx.Lock()
	defer t.rx.Unlock()
	t.cfg.Handler.Received()
}

// open decrypts in place and hands over.
func (t *Transport) open(now time.Time, keys *keys, k kind, p []byte) {
	t.rx.Lock()
	defer t.rx.Unlock()
	if k == kindRTP {
		out, err := keys.in.DecryptRTP(p, p, &t.in.rtp)
		if err != nil {
			t.counters.dropped.Add(1)
			return
		}
		t.cfg.Handler.RTP(now, out)
		return
	}
	out, err := keys.in.DecryptRTCP(p, p, &t.in.rcp)
	if err != nil {
		t.counters.dropped.Add(1)
		return
	}
	t.cfg.Handler.RTCP(now, out)
}

// early keeps SRTP that overtakes the end of the handshake.
type early struct {
	mu    sync.Mutex
	queue []earlyPacket
	done  bool
}

type earlyPacket struct {
	k   kind
	p   []byte
	now time.Time
}

// push reports false when the packet was dropped.
func (e *early) push(t *Transport, now time.Time, k kind, p []byte) bool {
	e.mu.Lock()
	if !e.done {
		defer e.mu.Unlock()
		if len(e.queue) >= earlyPackets {
			return false
		}
		e.queue = append(e.queue, earlyPacket{k, slices.Clone(p), now})
		return true
	}
	e.mu.Unlock()
	// The keys came since the caller looked, or are gone for good.
	keys := t.keys.Load()
	if keys != nil {
		t.open(now, keys, k, p)
	}
	return keys != nil
}

// open opens what has waited for the keys.
func (e *early) open(t *Transport) {
	e.mu.Lock()
	queue := e.queue
	e.queue, e.done = nil, true
	e.mu.Unlock()
	keys := t.keys.Load()
	if keys == nil {
		return
	}
	for _, e := range queue {
		t.open(e.now, keys, e.k, e.p)
	}
	t.received()
}

// Slot returns an empty slice in b, in which a plain RTP or RTCP packet of at
// most size bytes is to be built with append; SealRTP or SealRTCP follows. It
// fails with ErrNotReady before keys and pair are there.
func (t *Transport) Slot(b *udp.Batch, size int) ([]byte, error) {
	p := t.path.Load()
	if p == nil || t.keys.Load() == nil {
		return nil, ErrNotReady
	}
	slot := b.Slot(p.conn, p.to, size+sealRoom)
	b.CountRefused(&p.refused)
	return slot, nil
}

// Sent notes the time at which what was sealed is sent, for the statistics; the
// packets' maker has read the clock already.
func (t *Transport) Sent(now time.Time) {
	if p := t.path.Load(); p != nil {
		p.lastSent.Store(now.UnixNano())
	}
}

// SealRTP encrypts packet, the last Slot with a plain RTP packet appended, in
// place and commits it to b. The batch's owner flushes.
func (t *Transport) SealRTP(b *udp.Batch, packet []byte) error {
	k := t.keys.Load()
	if k == nil {
		return ErrNotReady
	}
	k.mu.Lock()
	out, err := k.out.EncryptRTP(packet, packet, &k.rtp)
	k.mu.Unlock()
	return t.commit(b, out, err)
}

// SealRTCP is SealRTP for a compound RTCP packet.
func (t *Transport) SealRTCP(b *udp.Batch, packet []byte) error {
	k := t.keys.Load()
	if k == nil {
		return ErrNotReady
	}
	k.mu.Lock()
	out, err := k.out.EncryptRTCP(packet, packet, &k.rcp)
	k.mu.Unlock()
	return t.commit(b, out, err)
}

func (t *Transport) commit(b *udp.Batch, p []byte, err error) error {
	if err != nil {
		return err
	}
	if err := b.Commit(p); err != nil {
		return err
	}
	t.counters.sent(1, len(p), t.path.Load())
	return nil
}

// singles are the batches of SendRTP and SendRTCP.
var singles = sync.Pool{New: func() any { return udp.NewBatch(2048) }}

// SendRTP sends one packet at once. packet is not changed.
func (t *Transport) SendRTP(packet []byte) error { return t.send(packet, t.SealRTP) }

// SendRTCP is SendRTP for a compound RTCP packet.
func (t *Transport) SendRTCP(packet []byte) error { return t.send(packet, t.SealRTCP) }

func (t *Transport) send(packet []byte, seal func(*udp.Batch, []byte) error) error {
	b := singles.Get().(*udp.Batch)
	defer singles.Put(b)
	slot, err := t.Slot(b, len(packet))
	if err == nil {
		err = seal(b, append(slot, packet...))
	}
	t.Sent(time.Now())
	if err2 := b.Flush(); err == nil {
		err = err2
	}
	return err
}
