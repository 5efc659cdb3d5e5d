package transport

import (
	"bytes"
	"testing"
)

// A pair over loopback exchanges SRTP and SRTCP in both directions.
func TestPairLoopback(t *testing.T) {
	cfg := NetworkConfig{Loopback: LoopbackOnly}
	a, b := newPair(t, newNetwork(t, cfg), newNetwork(t, cfg), nil)
	connect(t, a, b)
	a.waitDTLS(DTLSConnected)
	b.waitDTLS(DTLSConnected)
	exchange(t, a, b)
	exchange(t, b, a)
	a.waitICE(ICECompleted)
	b.waitICE(ICECompleted)
}

// exchange sends from one to the other and compares.
func exchange(t *testing.T, from, to *peer) {
	t.Helper()
	to.note(func() { to.rtp, to.rtcp = nil, nil })
	from.wait("keys must follow DTLSConnected", func() bool { return true })
	p := packet(7, 1200)
	orig := bytes.Clone(p)
	must(t, from.tr.SendRTP(p))
	if !bytes.Equal(p, orig) {
		t.Error("SendRTP must not change the packet")
	}
	rr := []byte{0x80, 201, 0, 1, 1, 2, 3, 4}
	must(t, from.tr.SendRTCP(rr))
	to.wait("RTP and RTCP must arrive", func() bool { return len(to.rtp) > 0 && len(to.rtcp) > 0 })
	if !bytes.Equal(to.rtp[0], p) || !bytes.Equal(to.rtcp[0], rr) {
		t.Errorf("what arrives must be what was sent: %d and %d bytes, %x", len(to.rtp[0]), len(p), to.rtcp[0])
	}
}
