package webrtc

import (
	"sync/atomic"
	"testing"
	"time"

	"trackway/internal/eventloop"
)

// A message on a negotiated channel arrives although the receiving side has not
// run the task yet in which its own channel opens.
func TestMessagesMayOvertakeTheOpeningOfNegotiatedChannels(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		w.loop = eventloop.New() // b's tasks wait on their own
		b := w.peer("b")
		a.trickleTo(b)
		b.trickleTo(a)
		id := uint16(3)
		from, err := a.CreateDataChannel("chat", &DataChannelInit{Negotiated: true, ID: &id})
		a.must(err, "CreateDataChannel")
		to, err := b.CreateDataChannel("chat", &DataChannelInit{Negotiated: true, ID: &id})
		b.must(err, "CreateDataChannel")
		got := make(chan string, 1)
		to.OnMessage(func(m DataChannelMessage) { got <- string(m.Data) })
		var sent atomic.Bool
		from.OnOpen(func() {
			sent.Store(true)
			a.must(from.SendText("early"), "SendText")
		})
		b.OnConnectionStateChange(func() {
			if b.ConnectionState() == PeerConnectionStateConnected {
				time.Sleep(2 * time.Second)
				if !sent.Load() {
					t.Error("the other side is not open yet: this tests nothing")
				}
			}
		})
		connect(a, b)
		select {
		case m := <-got:
			if m != "early" {
				t.Errorf("got %q", m)
			}
		case <-time.After(10 * time.Second):
			t.Error("a message that came before the channel opened was lost")
		}
	})
}
