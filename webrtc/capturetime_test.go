package webrtc

import (
	"strings"
	"testing"
	"time"
)

// wantCaptureTime turns the direction of abs-capture-time in a transceiver's list.
func wantCaptureTime(p *peer, tr *RTPTransceiver, d RTPTransceiverDirection) {
	p.t.Helper()
	list := tr.GetHeaderExtensionsToNegotiate()
	for i := range list {
		if list[i].URI == extensionCaptureTime {
			list[i].Direction = d
		}
	}
	p.must(tr.SetHeaderExtensionsToNegotiate(list), "SetHeaderExtensionsToNegotiate")
}

func TestCaptureTimeOfSources(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		with, without := newClip(vp8), newClip(opus)
		a.addTrack(with.track)
		a.addTrack(without.track)
		wantCaptureTime(a, a.GetTransceivers()[0], RTPTransceiverDirectionSendrecv)
		connect(a, b)
		if n := strings.Count(a.LocalDescription().SDP, extensionCaptureTime); n != 1 {
			t.Errorf("abs-capture-time is offered %d times, and was asked for once", n)
		}
		go without.play(100)
		with.play(20)
		time.Sleep(100 * time.Millisecond)
		sources := b.GetReceivers()[0].GetSynchronizationSources()
		if len(sources) != 1 {
			t.Fatalf("%d sources of one stream", len(sources))
		}
		s := sources[0]
		// The last frame was captured 100 ms, a frame and its way ago.
		if age := time.Since(s.CaptureTimestamp); age < 100*time.Millisecond || age > 160*time.Millisecond {
			t.Errorf("the last frame was captured %v ago", age)
		}
		if s.SenderCaptureTimeOffset == nil || *s.SenderCaptureTimeOffset != 0 {
			t.Errorf("who sends has captured: the offset is %v", s.SenderCaptureTimeOffset)
		}
		first := s.CaptureTimestamp
		with.play(6) // of which none tells its time: frames between are counted on
		time.Sleep(20 * time.Millisecond)
		s = b.GetReceivers()[0].GetSynchronizationSources()[0]
		if d := s.CaptureTimestamp.Sub(first); d < 160*time.Millisecond || d > 310*time.Millisecond {
			t.Errorf("six frames later the capture time is %v later", d)
		}
		for _, s := range b.GetReceivers()[1].GetSynchronizationSources() {
			if !s.CaptureTimestamp.IsZero() || s.SenderCaptureTimeOffset != nil {
				t.Errorf("without the extension nothing is known: %+v", s)
			}
		}
		time.Sleep(2 * time.Second)
	})
}

func TestCaptureTimeIsStoppedOnRequest(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(videoTrack())
		wantCaptureTime(a, a.GetTransceivers()[0], RTPTransceiverDirectionSendrecv)
		b.remote(a.offer())
		wantCaptureTime(b, b.GetTransceivers()[0], RTPTransceiverDirectionStopped)
		b.must(b.SetLocalDescription(t.Context(), nil), "SetLocalDescription")
		if strings.Contains(b.LocalDescription().SDP, extensionCaptureTime) {
			t.Error("what the program stops is not answered, even if it would be by default")
		}
	})
}
