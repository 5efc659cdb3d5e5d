package webrtc

import (
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/bitstream"
	"trackway/media"
)

func TestOneCaptureMakesThreeEncodings(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		track := w.capture().GetVideoTracks()[0]
		scale := map[string]float64{"f": 1, "h": 2, "q": 4}
		rids := []string{"f", "h", "q"}
		_, err := b.AddTransceiverKind(media.Video, &RTPTransceiverInit{Direction: RTPTransceiverDirectionRecvonly, ReceiveRIDs: rids})
		b.must(err, "AddTransceiverKind")
		a.remote(b.offer())
		tr := a.GetTransceivers()[0]
		s := tr.Sender()
		a.must(tr.SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
		a.must(s.ReplaceTrack(t.Context(), track), "ReplaceTrack")
		set := func(change func(*RTPEncodingParameters)) {
			p := s.GetParameters()
			for i := range p.Encodings {
				change(&p.Encodings[i])
			}
			a.must(s.SetParameters(t.Context(), p), "SetParameters")
		}
		set(func(e *RTPEncodingParameters) { e.ScaleResolutionDownBy = new(scale[e.RID]) })
		b.remote(a.offer())
		b.wait(func() bool { return b.ConnectionState() == PeerConnectionStateConnected }, "connected")
		remote := b.GetReceivers()[0].Track()
		coded := watchTrack(remote)
		pictures := watchScreen(remote)
		time.Sleep(time.Second)
		for _, rid := range rids {
			frames := coded.got(rid)
			if len(frames) < 20 {
				t.Errorf("rid %s: %d frames in a second, want 20 at least", rid, len(frames))
				continue
			}
			info := bitstream.Inspect("video/VP8", frames[0])
			if want := int(320 / scale[rid]); !info.KeyFrame || info.Width != want {
				t.Errorf("rid %s begins with %+v, want a key frame %d wide", rid, info, want)
			}
		}
		seen := pictures.take()
		wantPattern(t, "what is played", seen[len(seen)-10:], 1)
		if p := seen[len(seen)-1]; p.width != 320 {
			t.Errorf("of several encodings the largest is played, not one that is %d wide", p.width)
		}

		before := len(coded.got("f"))
		small := len(coded.got("q"))
		set(func(e *RTPEncodingParameters) {
			e.Active = e.RID != "f"
			if e.RID == "q" {
				e.MaxFramerate = new(10.0)
			}
		})
		time.Sleep(2 * time.Second)
		if n := len(coded.got("f")) - before; n > 2 {
			t.Errorf("%d frames of an encoding that is not active", n)
		}
		if n := len(coded.got("q")) - small; n < 15 || n > 25 {
			t.Errorf("%d frames in 2 s of an encoding with maxFramerate 10", n)
		}
		if t2 := s.media.target(0); t2.coded.Load() != nil {
			t.Error("an encoding that is not active has no encoder")
		}
		seen = pictures.take()
		if p := seen[len(seen)-1]; p.width != 160 {
			t.Errorf("when the largest encoding ends the next is played, not one that is %d wide", p.width)
		}
		synctest.Wait()
	})
}
