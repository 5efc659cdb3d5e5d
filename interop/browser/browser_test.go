package browser

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

var kinds = []Kind{Chromium, Firefox}

// start starts the browser for a test of the harness itself. Where browsers
// are expected, a missing one is a failure.
func start(t *testing.T, kind Kind) *Browser {
	t.Helper()
	b, err := Start(t.Context(), kind, Options{})
	if errors.Is(err, ErrMissing) && !Expected() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestScriptsRunInFrames(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			b := start(t, kind)
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			f, err := b.Open(ctx, "/harness/blank")
			if err != nil {
				t.Fatal(err)
			}
			var sum int
			if err := f.Eval(ctx, &sum, `return args.a + await Promise.resolve(args.b)`, Args{"a": 20, "b": 22}); err != nil || sum != 42 {
				t.Errorf("a script's value must come back: got %d, %v", sum, err)
			}
			var thrown *ScriptError
			err = f.Eval(ctx, nil, `new RTCPeerConnection({iceServers: [{urls: "nonsense:"}]})`, nil)
			if !errors.As(err, &thrown) || thrown.Name != "SyntaxError" {
				t.Errorf("what a script throws must come back by name: got %v", err)
			}
			if err := f.Close(ctx); err != nil {
				t.Error(err)
			}
			if err := f.Eval(ctx, nil, `return 1`, nil); err == nil {
				t.Error("a closed frame must not run scripts")
			}

			profile := b.profile
			b.Close()
			if _, err := os.Stat(profile); !os.IsNotExist(err) {
				t.Errorf("Close must remove the profile: %v", err)
			}
		})
	}
}

// The harness before our program: two connections of the browser's own.
func TestBrowserCallsItself(t *testing.T) {
	const call = `
	const a = new RTCPeerConnection(), b = new RTCPeerConnection();
	for (const [x, y] of [[a, b], [b, a]]) x.onicecandidate = ({candidate}) => y.addIceCandidate(candidate);
	const got = {};
	b.ontrack = ({track}) => got[track.kind] = track;
	a.addTrack(T.picture("#0000ff"));
	a.addTrack(await T.tone());
	await a.setLocalDescription();
	await b.setRemoteDescription(a.localDescription);
	await b.setLocalDescription();
	await a.setRemoteDescription(b.localDescription);
	const video = T.play(got.video);
	await T.until("frames decode", async () => await T.frames(b, got.video) > 5);
	await T.until("picture shows", () => video.videoWidth > 0);
	const {peak, hz} = await T.level(b, got.audio);
	return {pixel: T.pixel(video, 0.5, 0.7), peak, hz};`
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			b := start(t, kind)
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			f, err := b.Open(ctx, "/harness/blank")
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Pixel [3]int
				Peak  float64
				Hz    *float64
			}
			if err := f.Eval(ctx, &got, call, nil); err != nil {
				t.Fatal(err)
			}
			if p := got.Pixel; p[0] > 40 || p[1] > 40 || p[2] < 200 {
				t.Errorf("a blue picture must arrive blue: got %v", p)
			}
			if got.Peak < 0.01 {
				t.Errorf("the tone must be heard: peak %v", got.Peak)
			}
		})
	}
}
