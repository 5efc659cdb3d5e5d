package webrtc

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/domerr"
)

// received collects the messages of a channel.
func received(p *peer, d *DataChannel) *[]string {
	list := new([]string)
	d.OnMessage(func(m DataChannelMessage) {
		kind := "binary "
		if m.IsString {
			kind = "text "
		}
		*list = append(*list, kind+string(m.Data))
	})
	d.OnOpen(func() { p.note("open %s", d.Label()) })
	d.OnClosing(func() { p.note("closing %s", d.Label()) })
	d.OnClose(func() { p.note("close %s", d.Label()) })
	d.OnError(func(e *RTCError) { p.note("error %s", e.ErrorDetail) })
	return list
}

func (p *peer) channel(label string, init *DataChannelInit) *DataChannel {
	p.t.Helper()
	d, err := p.CreateDataChannel(label, init)
	p.must(err, "CreateDataChannel")
	return d
}

func TestDataChannelCarriesMessagesBothWays(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		da := a.channel("chat", &DataChannelInit{Protocol: "proto"})
		gotA := received(a, da)
		var db *DataChannel
		var gotB *[]string
		b.OnDataChannel(func(e DataChannelEvent) {
			b.note("datachannel %s", e.Channel.Label())
			db = e.Channel
			gotB = received(b, db)
			if db.ReadyState() != DataChannelStateOpen {
				t.Errorf("in the datachannel event the channel is open, it is %s", db.ReadyState())
			}
			b.must(db.SendText("from the handler"), "SendText")
		})
		wantError(t, da.SendText("too early"), domerr.InvalidState, "send on a connecting channel")
		wantLog(t, a.take(), []string{"negotiationneeded"}, "the first channel needs negotiation")
		connect(a, b)
		a.must(da.WaitOpen(t.Context()), "WaitOpen")
		a.must(da.SendText("hello"), "SendText")
		a.must(da.Send([]byte{1, 2}), "Send")
		a.must(da.SendText(""), "an empty text")
		a.must(da.Send(nil), "an empty binary message")
		long := strings.Repeat("x", 200000)
		a.must(da.SendText(long), "a long text")
		a.wait(func() bool { return gotB != nil && len(*gotB) == 5 && len(*gotA) == 1 }, "all messages arrived")
		if want := []string{"text hello", "binary \x01\x02", "text ", "binary ", "text " + long}; !slices.Equal(*gotB, want) {
			t.Errorf("messages arrive whole and in order, got %.80q", *gotB)
		}
		wantLog(t, *gotA, []string{"text from the handler"}, "a message sent inside the datachannel handler arrives")
		wantLog(t, b.only("datachannel", "open"), []string{"datachannel chat", "open chat"}, "datachannel comes before open")
		if db.Protocol() != "proto" || !db.Ordered() || db.Negotiated() || *db.ID() != *da.ID() {
			t.Errorf("the other side's channel: protocol %q, ordered %v, id %d and %d", db.Protocol(), db.Ordered(), *db.ID(), *da.ID())
		}
		a.channel("second", nil)
		wantLog(t, a.only("negotiationneeded"), nil, "a second channel needs no negotiation")
		b.wait(func() bool { return slices.Contains(b.taken(), "datachannel second") }, "second channel announced")
	})
}

func TestClosingADataChannel(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		da := a.channel("x", nil)
		received(a, da)
		var gotB *[]string
		b.OnDataChannel(func(e DataChannelEvent) { gotB = received(b, e.Channel) })
		connect(a, b)
		a.must(da.WaitOpen(t.Context()), "WaitOpen")
		a.must(da.SendText("last words"), "SendText")
		id := *da.ID()
		da.Close()
		if da.ReadyState() != DataChannelStateClosing {
			t.Errorf("close() makes the channel closing at once, it is %s", da.ReadyState())
		}
		wantError(t, da.SendText("after close"), domerr.InvalidState, "send on a closing channel")
		a.wait(func() bool { return da.ReadyState() == DataChannelStateClosed }, "closed")
		time.Sleep(time.Second)
		wantLog(t, a.only("open", "clos", "error"), []string{"open x", "close x"}, "the side that closes hears of the end only")
		wantLog(t, b.only("open", "clos", "error"), []string{"open x", "closing x", "close x"}, "the other side hears of both")
		wantLog(t, *gotB, []string{"text last words"}, "what was sent before close arrives")
		if again := a.channel("y", nil); *again.ID() != id {
			t.Errorf("the id of a closed channel is free again: %d, got %d", id, *again.ID())
		}
	})
}

func TestClosingTheConnectionClosesItsChannels(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		da := a.channel("x", nil)
		received(a, da)
		b.OnDataChannel(func(e DataChannelEvent) { received(b, e.Channel) })
		connect(a, b)
		a.must(da.WaitOpen(t.Context()), "WaitOpen")
		a.take()
		b.wait(func() bool { return slices.Contains(b.taken(), "open x") }, "open")
		a.must(a.Close(), "Close")
		if da.ReadyState() != DataChannelStateClosed || a.SCTP().State() != SCTPTransportStateClosed {
			t.Errorf("close() closes channels and SCTP at once: %s %s", da.ReadyState(), a.SCTP().State())
		}
		wantLog(t, a.take(), nil, "and fires nothing")
		b.wait(func() bool { return b.SCTP().State() == SCTPTransportStateClosed }, "SCTP closed")
		wantLog(t, b.only("close x", "error"), []string{"error sctp-failure", "close x"}, "the other side's channel closes with an error")
	})
}

func TestNegotiatedChannels(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		id := uint16(7)
		off := false
		init := &DataChannelInit{Negotiated: true, ID: &id, Ordered: &off, MaxRetransmits: new(uint16(0))}
		da, db := a.channel("x", init), b.channel("other name", init)
		got := received(b, db)
		connect(a, b)
		a.must(da.WaitOpen(t.Context()), "WaitOpen")
		b.must(db.WaitOpen(t.Context()), "WaitOpen")
		a.must(da.SendText("hi"), "SendText")
		b.wait(func() bool { return len(*got) == 1 }, "message arrived")
		wantLog(t, b.only("datachannel"), nil, "a negotiated channel is not announced")
		if db.Label() != "other name" || db.Ordered() {
			t.Errorf("a negotiated channel is as its own side made it: %q %v", db.Label(), db.Ordered())
		}
	})
}

func TestReliabilityReachesTheOtherSide(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		off := false
		a.channel("rexmit", &DataChannelInit{MaxRetransmits: new(uint16(3))})
		a.channel("timed", &DataChannelInit{MaxPacketLifeTime: new(uint16(500)), Ordered: &off})
		got := map[string]*DataChannel{}
		b.OnDataChannel(func(e DataChannelEvent) { got[e.Channel.Label()] = e.Channel })
		connect(a, b)
		b.wait(func() bool { return len(got) == 2 }, "announced")
		if d := got["rexmit"]; d.MaxRetransmits() == nil || *d.MaxRetransmits() != 3 || !d.Ordered() || d.MaxPacketLifeTime() != nil {
			t.Errorf("rexmit: %v %v %v", d.MaxRetransmits(), d.Ordered(), d.MaxPacketLifeTime())
		}
		if d := got["timed"]; d.MaxPacketLifeTime() == nil || *d.MaxPacketLifeTime() != 500 || d.Ordered() || d.MaxRetransmits() != nil {
			t.Errorf("timed: %v %v %v", d.MaxPacketLifeTime(), d.Ordered(), d.MaxRetransmits())
		}
	})
}

func TestCreateDataChannelErrors(t *testing.T) {
	pc := newPC(t, Configuration{})
	one, max := uint16(1), uint16(65535)
	for _, c := range []struct {
		rule  string
		label string
		init  *DataChannelInit
		want  domerr.Name
	}{
		{"label of 65536 bytes", strings.Repeat("l", 65536), nil, domerr.Type},
		{"protocol of 65536 bytes", "", &DataChannelInit{Protocol: strings.Repeat("p", 65536)}, domerr.Type},
		{"both limits", "", &DataChannelInit{MaxPacketLifeTime: &one, MaxRetransmits: &one}, domerr.Type},
		{"negotiated without id", "", &DataChannelInit{Negotiated: true}, domerr.Type},
		{"id 65535", "", &DataChannelInit{Negotiated: true, ID: &max}, domerr.Type},
		{"id 1", "", &DataChannelInit{Negotiated: true, ID: &one}, ""},
		{"id 1 again", "", &DataChannelInit{Negotiated: true, ID: &one}, domerr.Operation},
		{"id without negotiated is ignored", "", &DataChannelInit{ID: &max}, ""},
	} {
		d, err := pc.CreateDataChannel(c.label, c.init)
		if c.want != "" {
			wantError(t, err, c.want, c.rule)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		if !c.init.Negotiated && d.ID() != nil {
			t.Errorf("%s: the id is null before the DTLS role is known", c.rule)
		}
		if d.BinaryType() != "arraybuffer" || d.ReadyState() != DataChannelStateConnecting {
			t.Errorf("%s: a new channel: %s %s", c.rule, d.BinaryType(), d.ReadyState())
		}
	}
}

// ids are below MaxChannels once that is known (webrtc-pc 6.1.1.3).
func TestIDsAreBelowMaxChannels(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		da := a.channel("x", nil)
		connect(a, b)
		a.must(da.WaitOpen(t.Context()), "WaitOpen")
		if n := a.SCTP().MaxChannels(); n == nil || *n != 65535 {
			t.Errorf("maxChannels is what both sides offer: %v", n)
		}
		*a.SCTP().maxChannels = *da.ID() + 3
		id := *da.ID() + 3
		_, err := a.CreateDataChannel("y", &DataChannelInit{Negotiated: true, ID: &id})
		wantError(t, err, domerr.Operation, "an id that is no stream")
		a.channel("y", nil)
		_, err = a.CreateDataChannel("z", nil)
		wantError(t, err, domerr.Operation, "when all streams are in use")
	})
}

func TestMessagesThatAreTooLong(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		da := a.channel("x", nil)
		connect(a, b)
		a.must(da.WaitOpen(t.Context()), "WaitOpen")
		limit := a.SCTP().MaxMessageSize()
		if limit != 262144 {
			t.Errorf("maxMessageSize is what the other peer announces: %v", limit)
		}
		wantError(t, da.Send(make([]byte, int(limit)+1)), domerr.Type, "a message longer than maxMessageSize")
		wantError(t, da.SendText("\xff"), domerr.Type, "text that is not UTF-8")
		if da.BufferedAmount() != 0 {
			t.Error("a refused message is not buffered")
		}
	})
}

func TestBufferedAmount(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		da := a.channel("x", nil)
		total := 0
		b.OnDataChannel(func(e DataChannelEvent) {
			e.Channel.OnMessage(func(m DataChannelMessage) { total += len(m.Data) })
		})
		connect(a, b)
		a.must(da.WaitOpen(t.Context()), "WaitOpen")
		da.SetBufferedAmountLowThreshold(1000)
		low := 0
		da.OnBufferedAmountLow(func() {
			low++
			if n := da.BufferedAmount(); n > 1000 {
				t.Errorf("bufferedamountlow fires at the threshold or below, at %d", n)
			}
		})
		message := bytes.Repeat([]byte{7}, 16384)
		a.must(a.Do(t.Context(), func() {
			for range 64 {
				a.must(da.Send(message), "Send")
			}
			if n := da.BufferedAmount(); n != 64*16384 {
				t.Errorf("within the task the amount only grows: %d", n)
			}
		}), "Do")
		b.wait(func() bool { return total == 64*16384 }, "all data arrived")
		a.wait(func() bool { return da.BufferedAmount() == 0 }, "buffer drained")
		synctest.Wait()
		if low != 1 {
			t.Errorf("bufferedamountlow fires once for one crossing, fired %d times", low)
		}
	})
}

func TestDataAndMediaShareATransport(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		connect(a, b)
		a.take()
		d := a.channel("late", nil)
		wantLog(t, a.only("negotiationneeded"), []string{"negotiationneeded"}, "data added to a call needs negotiation")
		negotiate(a, b)
		a.must(d.WaitOpen(t.Context()), "WaitOpen")
		if a.SCTP().Transport() != a.GetSenders()[0].Transport() {
			t.Error("with BUNDLE, data and media have the same transport")
		}
	})
}
