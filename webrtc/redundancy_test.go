package webrtc

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trackway/media"
)

// thief loses RTP of some payload types, by the order in which it is sent and
// nothing else, so that a run is like every other.
type thief struct {
	loss  float64
	most  int // in a row
	types []byte

	mu         sync.Mutex
	from       map[netip.AddrPort]*theft
	seen, lost int
}

// theft is what a thief does to one sender.
type theft struct {
	rng *rand.Rand
	row int
}

func newThief(loss float64, most int, types ...byte) *thief {
	return &thief{loss: loss, most: most, types: types, from: map[netip.AddrPort]*theft{}}
}

func (f *thief) pass(from, _ netip.AddrPort, p []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(p) < 12 || p[0]>>6 != 2 || !slices.Contains(f.types, p[1]&0x7F) {
		return true
	}
	o := f.from[from]
	if o == nil {
		o = &theft{rng: rand.New(rand.NewPCG(5, 5))}
		f.from[from] = o
	}
	f.seen++
	if o.rng.Float64() < f.loss && o.row < f.most {
		o.row++
		f.lost++
		return false
	}
	o.row = 0
	return true
}

// without takes lines out of a description.
func without(d SessionDescription, line string) SessionDescription {
	d.SDP = strings.ReplaceAll(d.SDP, line+"\r\n", "")
	return d
}

// The line of the issue: audio is intact at 5 % loss. With what is negotiated by
// default lost packets are asked for; with RED, where the peer prefers it, they
// are in the packets that follow.
func TestAudioIsIntactAtFivePercentLoss(t *testing.T) {
	for _, tc := range []struct {
		name string
		red  bool
		pt   byte
	}{{"by default", false, 111}, {"with RED", true, 63}} {
		t.Run(tc.name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				k := newClip(opus)
				a.addTrack(k.track)
				back := newClip(opus)
				b.addTrack(back.track)
				offer := a.offer()
				if tc.red {
					list := []RTPCodec{{MimeType: "audio/red", ClockRate: 48000, Channels: 2}}
					list = append(list, SenderCapabilities(media.Audio).Codecs[0])
					a.must(a.GetTransceivers()[0].SetCodecPreferences(list...), "SetCodecPreferences")
					offer = without(a.offer(), "a=rtcp-fb:111 nack") // redundancy has to do alone
				}
				b.remote(offer)
				answer := b.offer()
				if want := strings.Contains(offer.SDP, "SAVPF 63 111\r\n"); want != tc.red || want != strings.Contains(answer.SDP, "SAVPF 63 111\r\n") {
					t.Fatalf("RED is first in offer and answer where it is preferred:\n%s", answer.SDP)
				}
				a.remote(answer)
				a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
				b.wait(func() bool { return b.ConnectionState() == PeerConnectionStateConnected }, "connected")
				got := watchTrack(b.GetReceivers()[0].Track())
				gotBack := watchTrack(a.GetReceivers()[0].Track())

				// Until reports have told of the loss a packet repeats one other.
				few, many := newThief(0.05, 1, tc.pt), newThief(0.05, 2, tc.pt)
				both := make(chan struct{})
				go func() { back.play(600); close(both) }()
				k.play(10)
				w.sim.SetFilter(few.pass)
				k.play(190)
				w.sim.SetFilter(many.pass)
				k.play(400)
				<-both
				w.sim.SetFilter(nil)
				k.play(10)
				time.Sleep(2 * time.Second)

				wantRun(t, "audio", got.got(""), k.sent[""], 0, false)
				wantRun(t, "audio of the other way", gotBack.got(""), back.sent[""], 0, false)
				lost := few.lost + many.lost
				if lost < 30 || few.seen+many.seen < 1150 {
					t.Fatalf("the path has lost %d of %d packets", lost, few.seen+many.seen)
				}
				in := inboundOf(t, b)
				repaired := *in.FECPacketsReceived - *in.FECPacketsDiscarded
				switch {
				case tc.red && (repaired < 10 || *in.NACKCount != 0 || in.PacketsLost < 10 || *in.FECBytesReceived == 0):
					t.Errorf("not redundancy has repaired it: %d blocks of %d were of use for %d losses, %d NACKs",
						repaired, *in.FECPacketsReceived, in.PacketsLost, *in.NACKCount)
				case !tc.red && (*in.FECPacketsReceived != 0 || *in.NACKCount == 0):
					t.Errorf("%d blocks of RED that nobody prefers, %d NACKs", *in.FECPacketsReceived, *in.NACKCount)
				}
			})
		})
	}
}

// inboundOf is the one incoming stream of a peer.
func inboundOf(t *testing.T, p *peer) *InboundRTPStreamStats {
	t.Helper()
	report, err := p.GetStats(t.Context(), nil)
	p.must(err, "GetStats")
	var found *InboundRTPStreamStats
	for _, s := range report.All() {
		if in, ok := s.(*InboundRTPStreamStats); ok {
			if found != nil {
				t.Fatal("there is more than one incoming stream")
			}
			found = in
		}
	}
	if found == nil {
		t.Fatal("there is no incoming stream")
	}
	return found
}

// Without NACK, which negotiation switches off, video that loses packets is
// whole by its repair packets once reports have told of the loss.
func TestFlexFECRepairsVideo(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.options = append(w.options, WithCodecs(append(DefaultCodecs(), FlexFEC())...))
		a, b := w.pair()
		k := newClip(vp8)
		a.addTrack(k.track)
		offer := a.offer()
		if !strings.Contains(offer.SDP, "a=rtpmap:49 flexfec-03/90000\r\na=rtcp-fb:49 goog-remb\r\na=rtcp-fb:49 transport-cc\r\na=fmtp:49 repair-window=10000000\r\n") ||
			!strings.Contains(offer.SDP, "a=ssrc-group:FEC-FR ") {
			t.Fatalf("repair packets are offered as Chromium does:\n%s", offer.SDP)
		}
		b.remote(without(offer, "a=rtcp-fb:96 nack"))
		answer := b.offer()
		if !strings.Contains(answer.SDP, "flexfec-03/90000") {
			t.Fatalf("repair packets that are offered are taken:\n%s", answer.SDP)
		}
		a.remote(answer)
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		b.wait(func() bool { return b.ConnectionState() == PeerConnectionStateConnected }, "connected")
		got := watchTrack(b.GetReceivers()[0].Track())
		k.play(30)
		lossless := inboundOf(t, b)
		if *lossless.FECPacketsReceived != 0 || lossless.FECSSRC != nil {
			t.Errorf("%d repair packets came although nothing is lost", *lossless.FECPacketsReceived)
		}
		every := 0
		w.sim.SetFilter(func(_, _ netip.AddrPort, p []byte) bool {
			if len(p) > 12 && p[0]>>6 == 2 && p[1]&0x7F == 96 {
				every++
			}
			return every%31 != 30 || len(p) <= 12 || p[0]>>6 != 2 || p[1]&0x7F != 96
		})
		k.play(150)
		before := inboundOf(t, b)
		k.play(300)
		w.sim.SetFilter(nil) // repair packets come with the next frame at the latest
		k.play(10)
		time.Sleep(time.Second)
		after := inboundOf(t, b)
		all := got.got("")
		wantRun(t, "video", all[max(0, len(all)-310):], k.sent[""][180:], 0, false)
		repaired := *after.FECPacketsReceived - *after.FECPacketsDiscarded - *before.FECPacketsReceived + *before.FECPacketsDiscarded
		if lost := after.PacketsLost - before.PacketsLost; lost < 30 || int64(repaired) < lost-1 {
			t.Errorf("%d repair packets were of use for %d losses", repaired, lost)
		}
		if *after.PLICount != *before.PLICount || *after.NACKCount != 0 || after.RetransmittedPacketsReceived != 0 {
			t.Errorf("something else repaired it: %d PLIs, %d NACKs", *after.PLICount-*before.PLICount, *after.NACKCount)
		}
		if after.FECSSRC == nil || !strings.Contains(offer.SDP, fmt.Sprintf("a=ssrc-group:FEC-FR %d %d\r\n", after.SSRC, *after.FECSSRC)) ||
			*after.FECBytesReceived == 0 || *after.FECBytesReceived >= after.BytesReceived {
			t.Errorf("the repair packets are of SSRC %v, %d bytes of %d", after.FECSSRC, *after.FECBytesReceived, after.BytesReceived)
		}
	})
}
