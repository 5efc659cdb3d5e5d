package media_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/codec"
	"trackway/internal/bitstream"
	"trackway/internal/domerr"
	"trackway/media"
	"trackway/media/pattern"
)

// show writes n pictures of the pattern at 30 frames per second.
func show(s *media.Source, from, n, w, h int) {
	pic, f := pattern.New(w, h), new(media.VideoFrame)
	for i := from; i < from+n; i++ {
		pic.Draw(f, i, time.Duration(i)*time.Second/30)
		f.Timestamp = uint32(i * 3000)
		s.WriteVideo(f)
		time.Sleep(time.Second / 30)
	}
	synctest.Wait()
}

type coded struct {
	mu     sync.Mutex
	frames []*media.EncodedFrame
}

func (c *coded) take() []*media.EncodedFrame {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.frames
	c.frames = nil
	return f
}

func watchCoded(t *media.Track) *coded {
	c := new(coded)
	t.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
		c.mu.Lock()
		c.frames = append(c.frames, f.Clone())
		c.mu.Unlock()
	}})
	return c
}

var vp8 = media.EncodeOptions{Codec: media.Codec{MimeType: codec.VP8, ClockRate: 90000}}

func TestManySendersShareOneEncoder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := media.NewVideoSource()
		raw := src.NewTrack()
		a, releaseA, err := media.Encode(raw, vp8)
		if err != nil {
			t.Fatal(err)
		}
		b, releaseB, err := media.Encode(raw, vp8)
		if err != nil {
			t.Fatal(err)
		}
		half := vp8
		half.ScaleResolutionDownBy, half.RID, half.MaxFrameRate = 2, "h", 10
		c, releaseC, err := media.Encode(raw, half)
		if err != nil {
			t.Fatal(err)
		}
		if a != b || a == c {
			t.Error("equal options share a track; others do not")
		}
		if media.EncoderName(a) == "" || media.EncoderName(raw) != "" {
			t.Errorf("encoder names %q and %q", media.EncoderName(a), media.EncoderName(raw))
		}
		full, small := watchCoded(a), watchCoded(c)
		show(src, 0, 30, 320, 180)
		frames, halves := full.take(), small.take()
		if len(frames) != 30 || !frames[0].KeyFrame || frames[0].RID != "" || frames[7].Timestamp != 7*3000 {
			t.Errorf("%d frames in a second, the first a key frame: %v", len(frames), frames[0].KeyFrame)
		}
		if in := bitstream.Inspect(codec.VP8, halves[0].Data); in.Width != 160 || in.Height != 90 || halves[0].RID != "h" {
			t.Errorf("scaled by two: %dx%d, rid %q", in.Width, in.Height, halves[0].RID)
		}
		if len(halves) < 9 || len(halves) > 11 {
			t.Errorf("%d frames in a second at 10 per second", len(halves))
		}
		b.RequestKeyFrame()
		show(src, 30, 3, 320, 180)
		if f := full.take(); len(f) != 3 || !f[0].KeyFrame || f[1].KeyFrame {
			t.Error("a key frame that was asked for is the next frame")
		}
		releaseA()
		releaseA()
		show(src, 33, 1, 320, 180)
		if len(full.take()) != 1 {
			t.Error("the encoder works until the last sender has given it up")
		}
		releaseB()
		releaseC()
		synctest.Wait()
		if a.ReadyState() != media.Ended || src.Demand().Raw {
			t.Error("after that it stops, and takes no more pictures")
		}
	})
}

func TestTheEncoderFollowsTheNetwork(t *testing.T) {
	for _, c := range []struct {
		preference string
		smaller    bool
		fewer      bool
	}{{"maintain-framerate", true, false}, {"maintain-resolution", false, true}, {"", true, false}} {
		synctest.Test(t, func(t *testing.T) {
			src := media.NewVideoSource()
			raw := src.NewTrack()
			o := vp8
			o.DegradationPreference = c.preference
			track, release, err := media.Encode(raw, o)
			if err != nil {
				t.Fatal(err)
			}
			out := watchCoded(track)
			show(src, 0, 70, 480, 270)
			out.take()
			track.SendFeedback("a", media.Feedback{TargetBitrate: 40_000})
			track.SendFeedback("b", media.Feedback{TargetBitrate: 2_000_000})
			track.RequestKeyFrame()
			show(src, 70, 60, 480, 270)
			frames := out.take()
			bits, width := 0, 0
			for _, f := range frames {
				if in := bitstream.Inspect(codec.VP8, f.Data); in.KeyFrame {
					width = in.Width
				}
			}
			for _, f := range frames[len(frames)/2:] {
				bits += 8 * len(f.Data)
			}
			if bits > 2*40_000 {
				t.Errorf("%q: %d bits in the second second at a target of 40 kbit/s, the thinnest path's", c.preference, bits)
			}
			if (width < 480) != c.smaller || (len(frames) < 45) != c.fewer {
				t.Errorf("%q: width %d and %d frames in 2 s", c.preference, width, len(frames))
			}
			track.SendFeedback("a", media.Feedback{})
			show(src, 130, 70, 480, 270)
			track.RequestKeyFrame()
			out.take()
			show(src, 200, 5, 480, 270)
			if in := bitstream.Inspect(codec.VP8, out.take()[0].Data); in.Width != 480 {
				t.Errorf("%q: %d wide when there is room again, want 480", c.preference, in.Width)
			}
			release()
		})
	}
}

func TestMaxFrameRateBelowOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := media.NewVideoSource()
		o := vp8
		o.MaxFrameRate = 0.5
		track, release, err := media.Encode(src.NewTrack(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		out := watchCoded(track)
		show(src, 0, 30*7, 64, 36)
		var at []uint32
		for _, f := range out.take() {
			at = append(at, f.Timestamp/90000)
		}
		if want := []uint32{0, 1, 3, 5}; !slices.Equal(at, want) { // up to a picture early
			t.Errorf("frames in the seconds %v at a picture in two seconds, want %v", at, want)
		}
	})
}

func TestMaxBitrateHoldsBelowTheUsualLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := media.NewVideoSource()
		o := vp8
		o.MaxBitrate = 12_000
		track, release, err := media.Encode(src.NewTrack(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		out := watchCoded(track)
		track.SendFeedback(t, media.Feedback{TargetBitrate: 2_000_000})
		show(src, 0, 90, 320, 180)
		out.take() // the key frame is over
		show(src, 90, 150, 320, 180)
		bits := 0
		for _, f := range out.take() {
			bits += 8 * len(f.Data)
		}
		if s, _ := media.EncoderStats(track); s.TargetBitrate != 12_000 || bits > 5*14_000 {
			t.Errorf("%d bit/s with a target of %d where maxBitrate is 12000", bits/5, s.TargetBitrate)
		}
	})
}

func TestAStillIsEncodedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := media.NewVideoSource()
		raw := src.NewTrack()
		o := vp8
		o.Still = true
		track, release, err := media.Encode(raw, o)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		dec, _, err := codec.Default.NewVideoDecoder(vp8.Codec)
		if err != nil {
			t.Fatal(err)
		}
		out := watchCoded(track)
		want := func(what string, numbers ...int) {
			t.Helper()
			var got []int
			for _, f := range out.take() {
				dec.Decode(f, func(v *media.VideoFrame) {
					n, _ := pattern.Number(v)
					got = append(got, n)
				})
			}
			if !slices.Equal(got, numbers) {
				t.Errorf("%s: pictures %v, want %v", what, got, numbers)
			}
		}
		show(src, 5, 30, 160, 96)
		want("in a second", 5)
		track.RequestKeyFrame()
		show(src, 35, 30, 160, 96)
		want("when a key frame is asked for", 5)
		raw.SetEnabled(false)
		track.RequestKeyFrame()
		show(src, 65, 1, 160, 96)
		if frames := out.take(); len(frames) != 1 {
			t.Fatalf("%d frames for a request on a disabled track, want one", len(frames))
		} else {
			dec.Decode(frames[0], func(v *media.VideoFrame) {
				if luma := v.Y[10*v.StrideY+10]; luma > 24 {
					t.Errorf("luma %d of a disabled track; black is 16", luma)
				}
			})
		}
	})
}

func TestADisabledTrackIsEncodedAsBlack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := media.NewVideoSource()
		raw := src.NewTrack()
		track, release, err := media.Encode(raw, vp8)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		dec, _, err := codec.Default.NewVideoDecoder(vp8.Codec)
		if err != nil {
			t.Fatal(err)
		}
		out := watchCoded(track)
		show(src, 0, 3, 160, 90)
		raw.SetEnabled(false)
		show(src, 3, 20, 160, 90)
		luma := 0
		for _, f := range out.take() {
			dec.Decode(f, func(v *media.VideoFrame) { luma = int(v.Y[10*v.StrideY+10]) })
		}
		if luma > 24 {
			t.Errorf("luma %d after the track was disabled; black is 16", luma)
		}
	})
}

func TestAudioIsEncoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := media.NewAudioSource()
		raw := src.NewTrack()
		track, release, err := media.Encode(raw, media.EncodeOptions{Codec: media.Codec{MimeType: codec.Opus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "stereo=1;useinbandfec=1"}})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		out := watchCoded(track)
		for i := range 100 {
			s := make([]int16, 960)
			pattern.Sound(s, int64(i*480), 48000, 2)
			src.WriteAudio(&media.AudioFrame{Samples: s, SampleRate: 48000, Channels: 2, Timestamp: uint32(i * 480)})
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		frames := out.take()
		if len(frames) != 50 || frames[49].Timestamp != 49*960 || frames[0].Data[0]&4 == 0 {
			t.Errorf("%d stereo packets of 20 ms in a second", len(frames))
		}
		raw.Stop()
		synctest.Wait()
		if track.ReadyState() != media.Ended {
			t.Error("when the raw track ends, the coded one does")
		}
	})
}

// hear encodes a second and a half of sound and returns the bits per second and
// the packets of the last second.
func hear(t *testing.T, fmtp string, maxBitrate, network int, sound func(i int) int16) (bitrate, packets int) {
	synctest.Test(t, func(t *testing.T) {
		src := media.NewAudioSource()
		raw := src.NewTrack()
		defer raw.Stop()
		track, release, err := media.Encode(raw, media.EncodeOptions{
			Codec: media.Codec{MimeType: codec.Opus, ClockRate: 48000, Channels: 2, SDPFmtpLine: fmtp}, MaxBitrate: maxBitrate,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if network > 0 {
			track.SendFeedback(t, media.Feedback{TargetBitrate: network})
		}
		out := watchCoded(track)
		for n := range 150 {
			s := make([]int16, 480)
			for i := range s {
				s[i] = sound(n*480 + i)
			}
			src.WriteAudio(&media.AudioFrame{Samples: s, SampleRate: 48000, Channels: 1, Timestamp: uint32(n * 480)})
			time.Sleep(10 * time.Millisecond)
			if n == 49 {
				synctest.Wait()
				out.take()
			}
		}
		synctest.Wait()
		for _, f := range out.take() {
			bitrate, packets = bitrate+8*len(f.Data), packets+1
		}
	})
	return bitrate, packets
}

func TestOpusFollowsWhatWasNegotiatedAndTheNetwork(t *testing.T) {
	noise := uint32(1)
	loud := func(int) int16 {
		noise = noise*1664525 + 1013904223
		return int16(noise>>16) / 4
	}
	for _, c := range []struct {
		what            string
		fmtp            string
		max, network    int
		lowest, highest int
	}{
		{"the usual rate", "", 0, 0, 24_000, 40_000},
		{"stereo has two channels' rate", "stereo=1", 0, 0, 48_000, 80_000},
		{"maxaveragebitrate", "maxaveragebitrate=14000", 0, 0, 8_000, 18_000},
		{"maxaveragebitrate is a wish for more, too", "maxaveragebitrate=96000", 0, 0, 70_000, 120_000},
		{"maxBitrate", "maxaveragebitrate=96000", 20_000, 0, 14_000, 26_000},
		{"the network", "", 0, 12_000, 8_000, 16_000},
		{"the network carries more than is wanted", "", 0, 500_000, 24_000, 40_000},
	} {
		if got, _ := hear(t, c.fmtp, c.max, c.network, loud); got < c.lowest || got > c.highest {
			t.Errorf("%s: %d bit/s, want %d to %d", c.what, got, c.lowest, c.highest)
		}
	}
	silent := func(int) int16 { return 0 }
	if _, n := hear(t, "", 0, 0, silent); n != 50 {
		t.Errorf("%d packets in a second of silence, want 50", n)
	}
	if _, n := hear(t, "usedtx=1", 0, 0, silent); n > 15 {
		t.Errorf("%d packets in a second of silence with usedtx=1, want few", n)
	}
}

func TestEncodeRefusesWhatItCannot(t *testing.T) {
	if _, _, err := media.Encode(media.NewEncodedSource(vp8.Codec).NewTrack(), vp8); !errors.Is(err, domerr.NotSupported) {
		t.Errorf("a coded track: %v, want NotSupportedError", err)
	}
	if _, _, err := media.Encode(media.NewVideoSource().NewTrack(), media.EncodeOptions{Codec: media.Codec{MimeType: "video/none"}}); !errors.Is(err, domerr.NotSupported) {
		t.Errorf("a codec that is not there: %v, want NotSupportedError", err)
	}
}
