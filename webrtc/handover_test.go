package webrtc

import (
	"slices"
	"testing"
	"time"
)

// After the first exchange with b, c answers in b's place: media and data go to
// c under new keys.
func TestHandover(t *testing.T) {
	for _, restart := range []bool{false, true} {
		name := "same credentials"
		if restart {
			name = "ICE restart"
		}
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				c := w.peer("c")
				video := newClip(vp8)
				a.addTrack(video.track)
				old := a.channel("old", nil)
				gotOld := received(a, old)
				b.OnDataChannel(func(e DataChannelEvent) { received(b, e.Channel) })
				connect(a, b)
				a.must(old.WaitOpen(t.Context()), "WaitOpen")
				video.play(5)
				if n := watchTrack(b.GetReceivers()[0].Track()); n == nil || b.GetReceivers()[0].Track().Muted() {
					t.Fatal("media must reach the first peer")
				}
				dtls := a.GetSenders()[0].Transport()
				var states []DTLSTransportState
				dtls.OnStateChange(func() { states = append(states, dtls.State()) })
				sctp := a.SCTP()
				var data []SCTPTransportState
				sctp.OnStateChange(func() { data = append(data, sctp.State()) })
				a.take()

				a.trickleTo(c)
				c.trickleTo(a)
				if restart {
					a.RestartICE()
				}
				var gotNew *[]string
				a.OnDataChannel(func(e DataChannelEvent) { gotNew = received(a, e.Channel) })
				back := c.channel("back", nil)
				negotiate(a, c)
				c.must(back.WaitOpen(t.Context()), "WaitOpen of the new peer's channel")
				c.must(back.SendText("welcome"), "SendText")
				a.wait(func() bool { return gotNew != nil && len(*gotNew) == 1 }, "a message from the new peer")
				forth := a.channel("forth", nil)
				c.OnDataChannel(func(e DataChannelEvent) { c.note("datachannel %s", e.Channel.Label()) })
				a.must(forth.WaitOpen(t.Context()), "WaitOpen")
				c.wait(func() bool { return slices.Contains(c.taken(), "datachannel forth") }, "a channel of the old peer's partner")
				wantLog(t, a.only("close ", "closing", "error"), []string{"close old"}, "the old channel closes without an error")
				if old.ReadyState() != DataChannelStateClosed || len(*gotOld) != 0 {
					t.Errorf("the old channel is closed: %s, %q", old.ReadyState(), *gotOld)
				}
				if a.GetSenders()[0].Transport() != dtls || !slices.Equal(states, []DTLSTransportState{"connecting", "connected"}) {
					t.Errorf("the RTCDtlsTransport stays and connects anew: %v", states)
				}
				if a.SCTP() != sctp || !slices.Equal(data, []SCTPTransportState{"connecting", "connected"}) {
					t.Errorf("the RTCSctpTransport stays and connects anew: %v", data)
				}
				if certs := dtls.GetRemoteCertificates(); len(certs) != 1 || !slices.Equal(certs[0], c.certificates[0].tls.Certificate[0]) {
					t.Error("the remote certificate is the new peer's")
				}
				seen := watchTrack(c.GetReceivers()[0].Track())
				sent := len(video.sent[""])
				video.play(30)
				time.Sleep(time.Second)
				wantRun(t, "video after the handover", seen.got(""), video.sent[""][sent:], 5, false)
				if a.ConnectionState() != PeerConnectionStateConnected {
					t.Errorf("the connection is %s", a.ConnectionState())
				}
			})
		})
	}
}
