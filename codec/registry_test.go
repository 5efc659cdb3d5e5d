package codec

import (
	"errors"
	"testing"

	"trackway/internal/domerr"
)

type nothing struct{ VideoEncoder }

func fake(mime, name string, fail error) Implementation {
	return Implementation{
		Codec: Codec{MimeType: mime, ClockRate: 90000}, Name: name,
		NewVideoEncoder: func(Codec, VideoSettings) (VideoEncoder, error) { return nothing{}, fail },
	}
}

func TestTheFirstThatWorksServes(t *testing.T) {
	var r Registry
	broken := errors.New("no such device")
	r.Register(fake("video/VP8", "soft", nil))
	r.Prefer(fake("video/VP8", "hard", broken))
	if _, name, err := r.NewVideoEncoder(Codec{MimeType: "video/vp8", ClockRate: 90000}, VideoSettings{}); err != nil || name != "soft" {
		t.Errorf("served by %q, %v; the preferred one fails, so the next serves", name, err)
	}
	r.Prefer(fake("VIDEO/vp8", "mine", nil))
	if _, name, _ := r.NewVideoEncoder(Codec{MimeType: "video/VP8"}, VideoSettings{}); name != "mine" {
		t.Errorf("served by %q; the application's own comes first", name)
	}
	if got := r.Implementations(); len(got) != 3 || got[0].Name != "mine" || got[2].Name != "soft" {
		t.Errorf("implementations %v", got)
	}
}

func TestCapabilitiesFollowTheRegistry(t *testing.T) {
	var r Registry
	r.Register(fake("video/VP8", "a", nil))
	r.Register(fake("video/AV1", "a", nil))
	r.Register(fake("video/VP8", "b", nil))
	if got := r.Encoders("video"); len(got) != 2 || got[0].MimeType != "video/VP8" || got[1].MimeType != "video/AV1" {
		t.Errorf("encoders %v, want each codec once, in order", got)
	}
	if len(r.Encoders("audio")) != 0 || len(r.Decoders("video")) != 0 {
		t.Error("only what can be done is listed")
	}
}

func TestAMissingCodecIsNotSupported(t *testing.T) {
	var r Registry
	if _, _, err := r.NewAudioDecoder(Codec{MimeType: "audio/opus"}); !errors.Is(err, domerr.NotSupported) {
		t.Errorf("no decoder: %v, want NotSupportedError", err)
	}
	broken := errors.New("no such device")
	r.Register(fake("video/VP8", "hard", broken))
	if _, _, err := r.NewVideoEncoder(Codec{MimeType: "video/VP8"}, VideoSettings{}); !errors.Is(err, domerr.NotSupported) || !errors.Is(err, broken) {
		t.Errorf("no encoder starts: %v, want NotSupportedError with its cause", err)
	}
	if _, _, err := r.NewVideoEncoder(Codec{MimeType: "video/VP8", ClockRate: 8000}, VideoSettings{}); !errors.Is(err, domerr.NotSupported) {
		t.Errorf("another clock rate: %v, want NotSupportedError", err)
	}
}

func TestMistakesOfTheProgramPanic(t *testing.T) {
	for name, im := range map[string]Implementation{"no MIME type": {Name: "x"}, "no constructor": {Codec: Codec{MimeType: "video/VP8"}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("registering %s must panic", name)
				}
			}()
			new(Registry).Register(im)
		}()
	}
}

func TestFmtpValue(t *testing.T) {
	c := Codec{MimeType: "video/H264", SDPFmtpLine: "level-asymmetry-allowed=1; packetization-mode=1;profile-level-id=42e01f"}
	for name, want := range map[string]string{"packetization-mode": "1", "Profile-Level-Id": "42e01f", "x": ""} {
		if got := c.FmtpValue(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if c.Kind() != "video" || !c.Is("VIDEO/h264") {
		t.Error("MIME types compare without regard to case")
	}
}

func TestVideoFrameOfOddSize(t *testing.T) {
	f := NewVideoFrame(5, 3)
	if len(f.U) != 6 || len(f.V) != 6 || f.StrideUV != 3 {
		t.Errorf("chroma of 5x3 is %d and %d bytes, want 3x2", len(f.U), len(f.V))
	}
	f.Fill(1, 2, 3)
	wide := &VideoFrame{Width: 5, Height: 3, StrideY: 8, StrideUV: 4, Y: make([]byte, 24), U: make([]byte, 8), V: make([]byte, 8)}
	wide.Fill(9, 9, 9) // leaves what is beyond the width
	wide.CopyFrom(f)
	c := wide.Clone()
	if wide.Y[5] != 0 || wide.Y[8+4] != 1 || c.StrideY != 5 || c.V[5] != 3 {
		t.Error("copies respect strides")
	}
	c.Y[0] = 7
	if wide.Y[0] == 7 {
		t.Error("a clone has its own planes")
	}
}

func TestSelfTestRunsOnceAndOnlyWhenAsked(t *testing.T) {
	var r Registry
	runs := map[string]int{}
	add := func(mime string, err error) {
		r.Register(Implementation{
			Codec: Codec{MimeType: mime, ClockRate: 90000}, Name: mime,
			NewVideoDecoder: func(Codec) (VideoDecoder, error) { return nil, nil },
			SelfTest:        func() error { runs[mime]++; return err },
		})
	}
	add(VP9, nil)
	add(AV1, errors.New("no library"))
	if len(runs) != 0 {
		t.Fatalf("self-tests ran at registration: %v", runs)
	}
	if !r.Decodes(Codec{MimeType: VP9}) || r.Encodes(Codec{MimeType: VP9}) {
		t.Error("VP9 can be decoded and not encoded")
	}
	if runs[AV1] != 0 {
		t.Error("asking for VP9 tested AV1")
	}
	if _, _, err := r.NewVideoDecoder(Codec{MimeType: AV1}); err == nil {
		t.Error("a codec that failed its self-test was used")
	}
	if list := r.Decoders("video"); len(list) != 1 || !list[0].Is(VP9) {
		t.Errorf("decoders %v, want VP9 only: AV1 failed its self-test", list)
	}
	if runs[VP9] != 1 || runs[AV1] != 1 {
		t.Errorf("self-tests ran %v times, want once each", runs)
	}
}
