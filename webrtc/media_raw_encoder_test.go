package webrtc

import (
	"testing"
	"testing/synctest"
	"time"

	"trackway/media"
)

func TestPeersShareOneEncoder(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		track := w.capture().GetVideoTracks()[0]
		var from []*peer
		var screens []*screen
		for range 3 {
			a, b := w.pair()
			a.addTrack(track)
			connect(a, b)
			from = append(from, a)
			screens = append(screens, watchScreen(b.GetReceivers()[0].Track()))
		}
		time.Sleep(time.Second)
		coded := from[0].GetSenders()[0].media.targets[0].coded.Load()
		for i, a := range from {
			wantPattern(t, a.name, screens[i].take(), 1)
			if c := a.GetSenders()[0].media.targets[0].coded.Load(); c != coded {
				t.Errorf("connection %d has an encoder of its own", i)
			}
		}
		if n := len(feedOf(coded).rings); n != 1 {
			t.Errorf("%d rings of one encoding for three peers, want 1", n)
		}
		// One that asks for something else gets it, and the others keep theirs.
		s := from[2].GetSenders()[0]
		p := s.GetParameters()
		p.Encodings[0].ScaleResolutionDownBy = new(2.0)
		from[2].must(s.SetParameters(t.Context(), p), "SetParameters")
		time.Sleep(time.Second)
		for i, want := range []int{320, 320, 160} {
			seen := screens[i].take()
			if got := seen[len(seen)-1].width; got != want {
				t.Errorf("peer %d sees pictures %d wide, want %d", i, got, want)
			}
		}
		for i, a := range from {
			if coded.Source().Ended() {
				t.Errorf("the encoder ended before connection %d did", i)
			}
			a.must(a.Close(), "Close")
			synctest.Wait()
			if i == 0 {
				continue
			}
			if !coded.Source().Ended() {
				t.Error("the encoder goes on when its last sender has closed")
			}
			break
		}
		from[2].must(from[2].Close(), "Close")
		synctest.Wait()
		if track.Source().Demand().Raw {
			t.Error("somebody still takes pictures when all connections are closed")
		}
	})
}

func TestLostKeyFramesAreAskedForFromTheEncoder(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(w.capture().GetVideoTracks()[0])
		connect(a, b)
		r := b.GetReceivers()[0]
		screen := watchScreen(r.Track())
		coded := watchTrack(r.Track())
		time.Sleep(time.Second)
		keys := func() (n int) {
			for _, f := range coded.seen() {
				if f.KeyFrame {
					n++
				}
			}
			return n
		}
		before := keys()
		r.Track().RequestKeyFrame()
		time.Sleep(time.Second)
		if n := keys() - before; n != 1 {
			t.Errorf("one request of the peer's made %d key frames", n)
		}
		w.lose(a, b, 1) // longer than repairs reach
		time.Sleep(2 * time.Second)
		w.lose(a, b, 0)
		time.Sleep(1500 * time.Millisecond)
		screen.take()
		time.Sleep(500 * time.Millisecond)
		wantPattern(t, "after a pause of the network", screen.take(), 3)
	})
}

func TestEncoderFollowsTheNetwork(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s := a.addTrack(w.capture().GetVideoTracks()[0])
		connect(a, b)
		time.Sleep(2 * time.Second)
		a.must(a.Do(t.Context(), func() {
			if n := s.media.targets[0].bitrate.Load(); n == 0 {
				t.Error("the encoder was not told a bit rate")
			}
		}), "Do")
		limit := uint32(60_000)
		p := s.GetParameters()
		p.Encodings[0].MaxBitrate = &limit
		a.must(s.SetParameters(t.Context(), p), "SetParameters")
		seen := watchTrack(b.GetReceivers()[0].Track())
		time.Sleep(2 * time.Second) // the first key frame is over
		bytes := func() (n int) {
			for _, f := range seen.got("") {
				n += len(f)
			}
			return n
		}
		before := bytes()
		time.Sleep(4 * time.Second)
		if rate := (bytes() - before) * 8 / 4; rate > 80_000 {
			t.Errorf("the encoder makes %d bit/s where maxBitrate is %d", rate, limit)
		}
	})
}

func TestRawTrackWithoutAnEncoderIsAnError(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		track := w.capture().GetVideoTracks()[0]
		s := a.addTrack(track)
		var coded []RTPCodec
		for _, c := range SenderCapabilities(media.Video).Codecs {
			if c.MimeType == "video/VP9" {
				coded = append(coded, c)
			}
		}
		a.must(a.GetTransceivers()[0].SetCodecPreferences(coded...), "SetCodecPreferences")
		connect(a, b)
		wantError(t, s.EncodingError(), ErrNotSupported, "a raw track where only VP9 was negotiated")
		clone := track.Clone()
		defer clone.Stop()
		wantError(t, s.ReplaceTrack(t.Context(), clone), ErrInvalidModification, "ReplaceTrack by a raw track that cannot be encoded")
		clip := newClip(media.Codec{MimeType: "video/VP9", ClockRate: 90000})
		a.must(s.ReplaceTrack(t.Context(), clip.track), "ReplaceTrack by a track that is coded in VP9")
		if err := s.EncodingError(); err != nil {
			t.Errorf("EncodingError of a track that needs no encoder: %v", err)
		}
		r := b.GetReceivers()[0]
		watchScreen(r.Track())
		if err := r.DecodingError(); err != nil {
			t.Errorf("DecodingError before anything has come: %v", err)
		}
		err := clip.source.WriteFrame(&media.EncodedFrame{ // the header of a key frame, and no more
			MimeType: "video/VP9", KeyFrame: true, Data: []byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xF0, 0x0B, 0x30, 0, 0, 0},
		})
		a.must(err, "WriteFrame")
		time.Sleep(time.Second)
		wantError(t, r.DecodingError(), ErrNotSupported, "pictures of a track that comes in VP9")
	})
}

func TestRawTrackPicksTheFirstCodecItCanEncode(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		a.addTrack(w.capture().GetVideoTracks()[0])
		var order []RTPCodec
		for _, mime := range []string{"video/AV1", "video/VP9", "video/VP8"} {
			for _, c := range SenderCapabilities(media.Video).Codecs {
				if c.MimeType == mime {
					order = append(order, c)
				}
			}
		}
		a.must(a.GetTransceivers()[0].SetCodecPreferences(order...), "SetCodecPreferences")
		connect(a, b)
		screen := watchScreen(b.GetReceivers()[0].Track())
		time.Sleep(time.Second)
		wantPattern(t, "VP8 after AV1 and VP9", screen.take(), 1)
	})
}

// webrtc-pc 5.2.2: maxFramerate 0 freezes the next picture, and "even a bitrate
// of zero will allow sending one frame".
func TestLimitsOfZeroLetOnePictureThrough(t *testing.T) {
	for name, limit := range map[string]func(*RTPEncodingParameters){
		"maxFramerate": func(e *RTPEncodingParameters) { e.MaxFramerate = new(0.0) },
		"maxBitrate":   func(e *RTPEncodingParameters) { e.MaxBitrate = new(uint32(0)) },
	} {
		run(t, func(t *testing.T, w *world) {
			track := w.capture().GetVideoTracks()[0]
			for i := range 2 { // the second joins the encoder of the first
				a, b := w.pair()
				s := a.addTrack(track)
				connect(a, b)
				seen := watchTrack(b.GetReceivers()[0].Track())
				time.Sleep(time.Second)
				set := func(change func(*RTPEncodingParameters)) (frames []media.EncodedFrame) {
					p := s.GetParameters()
					change(&p.Encodings[0])
					a.must(s.SetParameters(t.Context(), p), "SetParameters")
					before := seen.count()
					time.Sleep(3 * time.Second)
					return seen.seen()[before:]
				}
				keys, frames := 0, set(limit)
				for _, f := range frames {
					if f.KeyFrame {
						keys++
					}
				}
				if keys != 1 || len(frames) > 2 { // one may have been under way
					t.Errorf("%s 0: %d frames in 3 s, %d of them key frames; want one", name, len(frames), keys)
				}
				if i == 0 {
					continue
				}
				n := len(set(func(e *RTPEncodingParameters) { e.MaxFramerate, e.MaxBitrate = nil, nil }))
				if n < 80 {
					t.Errorf("%s removed: %d frames in 3 s, want 30 a second again", name, n)
				}
			}
		})
	}
}

func TestAMaxBitrateOfZeroSilencesSound(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s := a.addTrack(w.capture().GetAudioTracks()[0])
		connect(a, b)
		seen := watchTrack(b.GetReceivers()[0].Track())
		time.Sleep(time.Second)
		if seen.count() == 0 {
			t.Error("no sound without a limit")
		}
		p := s.GetParameters()
		p.Encodings[0].MaxBitrate = new(uint32(0))
		a.must(s.SetParameters(t.Context(), p), "SetParameters")
		time.Sleep(100 * time.Millisecond) // what was under way
		before := seen.count()
		time.Sleep(time.Second)
		if n := seen.count() - before; n != 0 {
			t.Errorf("%d packets of sound in a second with maxBitrate 0", n)
		}
		if err := s.EncodingError(); err != nil {
			t.Errorf("EncodingError of sound that is not wanted: %v", err)
		}
	})
}
