package webrtc

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/media"
)

// bottleneck is a link of a certain rate with a queue: what does not fit is
// dropped. The simulated network asks it about every datagram.
type bottleneck struct {
	mu     sync.Mutex
	from   netip.Addr
	rate   float64 // bytes per second
	most   float64 // of the bucket
	bucket float64
	at     time.Time
}

func (b *bottleneck) pass(from, _ netip.AddrPort, p []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if from.Addr() != b.from {
		return true
	}
	now := time.Now()
	b.bucket = min(b.most, b.bucket+b.rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.bucket < float64(len(p)) {
		return false
	}
	b.bucket -= float64(len(p))
	return true
}

// TestSourceHearsWhatThePathCarries checks the way from the peer's feedback to
// the source's OnFeedback: up to what the encoding can use on a wide path, and
// down on a narrow one, with media of the rate that was told.
func TestSourceHearsWhatThePathCarries(t *testing.T) {
	t.Run("transport-wide feedback", func(t *testing.T) { hearsWhatThePathCarries(t, false) })
	t.Run("RFC 8888", func(t *testing.T) { hearsWhatThePathCarries(t, true) })
}

func hearsWhatThePathCarries(t *testing.T, ccfb bool) {
	run(t, func(t *testing.T, w *world) {
		if ccfb {
			w.options = append(w.options, WithCongestionFeedback())
		}
		a, b := w.pair()
		source := media.NewEncodedSource(vp8)
		track := source.NewTrack()
		var mu sync.Mutex
		target := 0
		source.OnFeedback(func(f media.Feedback) {
			mu.Lock()
			defer mu.Unlock()
			target = f.TargetBitrate
		})
		told := func() int {
			mu.Lock()
			defer mu.Unlock()
			return target
		}
		a.addTrack(track)
		connect(a, b)
		answer := b.LocalDescription().SDP
		if strings.Contains(answer, "a=rtcp-fb:* ack ccfb") != ccfb || strings.Contains(answer, " transport-cc") == ccfb {
			t.Errorf("the feedback of the answer:\n%s", answer)
		}
		watchTrack(b.GetReceivers()[0].Track())
		ts := uint32(0)
		play := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); ts += 3000 {
				rate := told()
				if rate == 0 {
					rate = 300_000
				}
				data := make([]byte, max(rate*9/10/8/30, 20))
				copy(data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
				_ = source.WriteFrame(&media.EncodedFrame{MimeType: "video/VP8", Data: data, KeyFrame: true, Timestamp: ts})
				time.Sleep(time.Second / 30)
			}
		}
		play(1500 * time.Millisecond) // the first probes, not growth
		if got := told(); got < 2_000_000 {
			t.Errorf("after 1.5 s on a wide path the source was told %d bit/s, want what video can use", got)
		}
		narrow := &bottleneck{from: a.addr(), rate: 800_000 / 8, most: 20_000, at: time.Now()}
		w.sim.SetFilter(narrow.pass)
		play(10 * time.Second)
		if got := told(); got > 1_200_000 || got < 100_000 {
			t.Errorf("after 10 s on a path of 800 kbit/s the source was told %d bit/s", got)
		}
		a.must(a.GetSenders()[0].ReplaceTrack(t.Context(), nil), "ReplaceTrack")
		synctest.Wait() // for the source's task
		if got := told(); got != 0 {
			t.Errorf("a sender that has left still asks for %d bit/s", got)
		}
	})
}
