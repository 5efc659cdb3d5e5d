package interop

import (
	"bytes"
	"context"
	"encoding/base64"
	"image/png"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/testfilm"
	"trackway/interop/browser"
	"trackway/media"
	"trackway/media/pattern"
)

const recordedLength = 6 * time.Second

// recordFilm records the test film, in which each picture bears its number and
// each second begins with a key frame, on virtual time.
func recordFilm(t *testing.T) (file []byte) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p, err := testfilm.NewPlayer(media.PlayerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		r, err := media.NewRecorder(p.Stream(), media.RecorderOptions{MimeType: "video/webm;codecs=vp8,opus"})
		if err != nil {
			t.Fatal(err)
		}
		r.OnDataAvailable(func(e media.BlobEvent) { file = append(file, e.Data...) })
		r.OnError(func(err error) { t.Error(err) })
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Nanosecond, p.Start)
		time.Sleep(recordedLength)
		r.Stop()
		synctest.Wait()
	})
	return file
}

// A file that media.Recorder wrote plays in browsers: it lasts as long as it
// says, can be searched, and has the pictures and the sound that went in.
func TestRecordingsPlayInBrowsers(t *testing.T) {
	file := recordFilm(t)
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			h := enter(t, kind, "", browser.Options{})
			h.browser.Handle("GET /interop/recording.webm", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "video/webm")
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
			}))
			ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
			defer cancel()
			f, err := h.browser.Open(ctx, "/harness/blank")
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := f.Close(context.WithoutCancel(ctx)); err != nil {
					t.Error(err)
				}
			}()
			var got struct {
				Duration, Ended float64
				Width, Height   int
				Shots           []struct {
					At      float64 // what was looked for
					Picture string
				}
				Peak *float64 // nil where there is no audio device
			}
			if err := f.Eval(ctx, &got, playRecordingJS, browser.Args{"seek": []float64{3.1, 5.4, 0.7}}); err != nil {
				t.Fatal(err)
			}
			if want := recordedLength.Seconds(); math.Abs(got.Duration-want) > 0.05 || math.Abs(got.Ended-want) > 0.1 {
				t.Errorf("the file lasts %.3f s and ended at %.3f s, want %.3f", got.Duration, got.Ended, want)
			}
			if got.Width != testfilm.Width || got.Height != testfilm.Height {
				t.Errorf("the picture is %d×%d", got.Width, got.Height)
			}
			for _, s := range got.Shots {
				checkShot(t, s.Picture, s.At)
			}
			if got.Peak != nil && *got.Peak < 0.1 {
				t.Errorf("the beeps must be heard: peak %v", *got.Peak)
			}
			if got.Peak == nil && kind == browser.Chromium {
				t.Error("the sound could not be measured")
			}
		})
	}
}

const playRecordingJS = `
	const video = document.createElement("video");
	const happens = (name) => new Promise((resolve, reject) => {
		video.addEventListener(name, resolve, { once: true });
		video.addEventListener("error", () => reject(new Error(name + ": " + video.error.message)), { once: true });
	});
	let next = happens("loadedmetadata");
	video.src = "/interop/recording.webm";
	video.playsInline = true;
	document.body.append(video);
	await next;
	const { duration, videoWidth: width, videoHeight: height } = video;
	const canvas = Object.assign(document.createElement("canvas"), { width, height });
	const shots = [];
	for (const at of args.seek) {
		next = happens("seeked");
		video.currentTime = at;
		await next;
		canvas.getContext("2d").drawImage(video, 0, 0);
		shots.push({ at, picture: canvas.toDataURL("image/png") });
	}
	const context = new AudioContext();
	let peak = null;
	if (await Promise.race([context.resume().then(() => true), T.sleep(1000)])) {
		peak = 0;
		const analyser = context.createAnalyser(), samples = new Float32Array(analyser.fftSize);
		context.createMediaElementSource(video).connect(analyser).connect(context.destination);
		const look = setInterval(() => {
			analyser.getFloatTimeDomainData(samples);
			peak = samples.reduce((m, v) => Math.max(m, Math.abs(v)), peak);
		}, 20);
		video.addEventListener("ended", () => clearInterval(look));
	}
	next = happens("seeked");
	video.currentTime = duration - 1.6;
	await next;
	next = happens("ended");
	await video.play();
	await next;
	context.close();
	return { duration, width, height, shots, peak, ended: video.currentTime };`

// checkShot looks at a picture of the film that was shown at a time.
func checkShot(t *testing.T, dataURL string, at float64) {
	t.Helper()
	_, data, _ := strings.Cut(dataURL, ",")
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	f := &media.VideoFrame{Width: size.X, Height: size.Y, StrideY: size.X, Y: make([]byte, size.X*size.Y)}
	for y := range size.Y {
		for x := range size.X {
			r, g, b, _ := img.At(x, y).RGBA()
			f.Y[y*size.X+x] = byte((299*r + 587*g + 114*b) / 1000 >> 8)
		}
	}
	if n, ok := pattern.Number(f); !ok || math.Abs(float64(n)-at*testfilm.FrameRate) > 1.01 {
		t.Errorf("at %.1f s picture %d is shown (%v), want %.0f", at, n, ok, math.Floor(at*testfilm.FrameRate))
	}
	for _, b := range pattern.Blocks {
		area := b.In(size.X, size.Y)
		r, g, bl, _ := img.At((area.Min.X+area.Max.X)/2, (area.Min.Y+area.Max.Y)/2).RGBA()
		if got, want := [3]int{int(r >> 8), int(g >> 8), int(bl >> 8)}, [3]int{int(b.R), int(b.G), int(b.B)}; !near(got, want, 40) {
			t.Errorf("at %.1f s the %s block is %v, want %v", at, b.Name, got, want)
		}
	}
}
