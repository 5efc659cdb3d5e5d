package jsep

import (
	"strings"
	"testing"

	"trackway/internal/domerr"
)

func TestStop(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"), "s1")
	a.addTrack(audioTrack("x1"), "s1")
	negotiate(a, b)
	b.log, a.log = nil, nil
	a.stop(id)
	a.wantLog("the receiver's track ends at once", "stopped 1")
	tr := a.s.Transceiver(id)
	if tr.Direction() != Stopped || tr.CurrentDirection() != SendOnly || tr.MID() == "" || !tr.Stopping() || tr.Stopped() {
		t.Fatalf("a stopping transceiver has direction stopped, and its currentDirection and mid:%s", a.dump())
	}
	if m := a.s.Media()[0]; m.Send || m.Receive {
		t.Fatal("media stops at once")
	}
	a.wantNeeded(true, "a stopping transceiver needs negotiation")

	offer := a.setLocal(Offer)
	if section := mustSection(t, offer, 0); !strings.HasPrefix(section, "m=video 0 ") || len(lines(section, "a=msid")) != 0 {
		t.Fatalf("a stopping transceiver is offered with port zero and without a=msid:\n%s", section)
	}
	if group := lines(offer, "a=group:BUNDLE"); group[0] != "a=group:BUNDLE 1" {
		t.Fatalf("the rejected section leaves the group: %q", group)
	}
	b.setRemote(Offer, offer)
	b.wantLog("the offer stops the peer's transceiver", "stopped 1", "have-remote-offer", "mute 1", "removetrack s1 1")
	if tr := b.s.Transceiver(1); tr.CurrentDirection() != Stopped || tr.MID() == "" {
		t.Fatalf("it stays in the set until the answer:%s", b.dump())
	}
	a.setRemote(Answer, b.setLocal(Answer))
	a.wantLog("the offerer removes it with the answer", "have-local-offer", "stable", "removed 1")
	b.wantLog("the answerer too", "stable", "removed 1")
	checkPair(a, b)
	b.wantTrack("x1", "s1")
	if len(a.s.Transports()) != 1 || a.s.Transports()[0].MID != "1" {
		t.Fatal("the transport lives on in the section that is left")
	}
}

func TestRecyclingOfMSections(t *testing.T) {
	a, b := pair(t)
	a.addTrack(audioTrack("x1"), "s1")
	v := a.addTrack(videoTrack("v1"), "s1")
	negotiate(a, b)
	a.stop(v)
	negotiate(a, b)
	a.addTrack(audioTrack("x2"), "s2")
	a.addTrack(audioTrack("x3"), "s2")
	negotiate(a, b)
	if n := len(a.s.lines); n != 3 {
		t.Fatalf("the rejected section is recycled: %d m-sections, want 3", n)
	}
	if mid := a.s.Transceiver(3).MID(); mid == "1" || a.s.Transceiver(3).MLineIndex() != 1 {
		t.Fatalf("the first new transceiver takes the rejected place with a new mid, not %q at %d", mid, a.s.Transceiver(3).MLineIndex())
	}
	b.wantTrack("x2", "s2")
	b.wantTrack("x3", "s2")
	// From the other side, and with data.
	b.stop(3)
	b.addData()
	negotiate(b, a)
	b.addTrack(videoTrack("w1"), "t1")
	negotiate(b, a)
	a.wantTrack("w1", "t1")
	if d := a.s.Data(); d == nil || !d.Negotiated {
		t.Fatal("the data section is negotiated")
	}
}

func TestStopBeforeAnyOffer(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	a.addTrack(audioTrack("x1"))
	a.stop(id)
	offer := a.setLocal(Offer)
	if strings.Contains(offer, "m=video") {
		t.Fatal("a transceiver that was stopped before is not offered")
	}
	b.setRemote(Offer, offer)
	a.setRemote(Answer, b.setLocal(Answer))
	a.wantNeeded(false, "a stopped transceiver without m-section does not ask for ever")
	if a.s.Transceiver(id) != nil {
		t.Fatal("it leaves the set with the exchange")
	}
}

func TestStopEveryTransceiver(t *testing.T) {
	a, b := pair(t)
	id := a.addTrack(videoTrack("v1"))
	negotiate(a, b)
	a.stop(id)
	negotiate(a, b)
	if len(a.s.Transports()) != 0 || len(b.s.Transports()) != 0 {
		t.Fatal("a transport that no section uses is gone")
	}
	a.addTrack(videoTrack("v2"), "s2")
	negotiate(a, b)
	b.wantTrack("v2", "s2")
	// The last one goes and a new one comes in the same exchange.
	a.stop(2)
	a.addTrack(videoTrack("v3"), "s3")
	negotiate(a, b)
	b.wantTrack("v3", "s3")
}

func TestDirectionErrors(t *testing.T) {
	a, _ := pair(t)
	id := a.addTrack(videoTrack("v1"))
	_, err := a.s.SetDirection(id, Stopped)
	a.refuses("direction = stopped", err, domerr.Type)
	a.stop(id)
	_, err = a.s.SetDirection(id, SendRecv)
	a.refuses("direction of a stopping transceiver", err, domerr.InvalidState)
	_, _, err = a.s.Close().Stop(id)
	a.refuses("stop on a closed connection", err, domerr.InvalidState)
	_, _, err = a.s.AddTransceiver(TransceiverInit{Kind: Video, Direction: Stopped})
	a.refuses("addTransceiver with direction stopped", err, domerr.Type)
	_, _, err = a.s.AddTransceiver(TransceiverInit{Kind: "text"})
	a.refuses("addTransceiver with another kind", err, domerr.Type)
}
