package interop

import (
	"math"
	"slices"
	"testing"

	"trackway/codec/vp8"
	"trackway/interop/browser"
	"trackway/media"
	"trackway/media/pattern"
	"trackway/webrtc"
)

// browserPicture is the colour of the picture that the browser sends.
const browserPicture = "#c02060"

var browserRGB = [3]int{0xc0, 0x20, 0x60}

// browserSends has the browser add a picture and a tone to one stream.
const browserSends = `
	peer.sent = new MediaStream([T.picture(args.colour), await T.tone()]);
	for (const track of peer.sent.getTracks()) peer.pc.addTrack(track, peer.sent);
	return {stream: peer.sent.id};`

// S1, S2, S3, S5, S6, S16, S17: each end adds a picture and a tone of one
// stream; the end that did not offer adds its own while it handles the offer.
// What was coded before is passed on, and what comes is decoded by the test.
func TestMediaBothWays(t *testing.T) {
	each(t, func(x *rig) {
		x.mediaBothWays(x.clipTrack, func(v, a *media.Track) {
			x.wantPicture(v, browserRGB)
			x.wantSound(a)
		})
	})
}

// The same with a camera and a microphone at this end, through this program's
// own encoders, and its own decoders.
func TestRawMediaBothWays(t *testing.T) {
	each(t, func(x *rig) {
		x.mediaBothWays(x.liveTrack, func(v, a *media.Track) {
			x.wantDecodedPicture(v, browserRGB)
			x.wantDecodedSound(a)
		})
	})
}

func (x *rig) mediaBothWays(local func(media.Kind) *media.Track, wantTheirs func(video, audio *media.Track)) {
	video, audio, stream := local(media.Video), local(media.Audio), media.NewStream()
	var sent struct{ Stream string }
	if x.goOffers {
		x.eval(nil, `peer.onTrack = ({track}) => {
				if (track.kind !== "video" || peer.sent) return;
				peer.sent = new MediaStream([T.picture(args.colour)]);
				peer.sent.getTracks().forEach((t) => peer.pc.addTrack(t, peer.sent));
				T.tone().then((t) => { peer.sent.addTrack(t); peer.pc.addTrack(t, peer.sent); });
			}`, browser.Args{"colour": browserPicture})
		x.add(video, stream)
		x.add(audio, stream)
	} else {
		x.mu.Lock()
		// S17: added within the handling of the offer, before the answer.
		x.onward = func(e webrtc.TrackEvent) {
			local := map[media.Kind]*media.Track{media.Video: video, media.Audio: audio}[e.Track.Kind()]
			if _, err := x.pc.AddTrack(local, stream); err != nil {
				x.Errorf("S17: addTrack within the track event: %v", err)
			}
		}
		x.mu.Unlock()
		x.eval(&sent, browserSends, browser.Args{"colour": browserPicture})
	}

	x.wantClip(stream)

	remoteVideo, remoteAudio := x.arrived(media.Video, 0), x.arrived(media.Audio, 0)
	wantTheirs(remoteVideo.Track, remoteAudio.Track)
	if x.goOffers {
		x.eval(&sent, `return {stream: peer.sent.id}`, nil)
	}
	for _, e := range []webrtc.TrackEvent{remoteVideo, remoteAudio} {
		if len(e.Streams) != 1 || e.Streams[0].ID() != sent.Stream {
			x.Errorf("S5: the %s must come in the stream %s, came in %v", e.Track.Kind(), sent.Stream, streamIDs(e.Streams))
		}
		if e.Track.Muted() || !x.saw("unmute", e.Track) {
			x.Errorf("S6: the %s track must be unmuted when media arrives", e.Track.Kind())
		}
	}
	if remoteVideo.Streams[0] != remoteAudio.Streams[0] {
		x.Error("S5: both tracks must be in the same MediaStream object")
	}
	if !x.goOffers {
		// Two m-sections: each answers in the one it was asked in (S15).
		if n := len(x.pc.GetTransceivers()); n != 2 {
			x.Errorf("S15: addTrack while answering must use the offered transceivers: there are %d", n)
		}
	}
}

func streamIDs(streams []*media.Stream) []string {
	list := []string{}
	for _, s := range streams {
		list = append(list, s.ID())
	}
	return list
}

// wantClip checks that the test picture and its sound play in the browser, in the stream.
func (x *rig) wantClip(stream *media.Stream) {
	x.Helper()
	points := [][2]float64{}
	for _, b := range pattern.Blocks {
		points = append(points, [2]float64{b.X + b.W/2, b.Y + b.H/2})
	}
	var got struct {
		Pixels  [][3]int
		Peak    float64
		Hz      *float64
		Streams [][]string
		Same    bool
		Muted   []bool
		Now     []bool
	}
	x.eval(&got, `
		const v = await arrived("video"), a = await arrived("audio");
		const video = T.play(v.track);
		await T.until("frames decode", async () => await T.frames(peer.pc, v.track) > 10);
		await T.until("the picture shows", () => video.videoWidth === 640);
		const {peak, hz} = await T.level(peer.pc, a.track);
		const at = (t) => peer.events.find((e) => e.name === "track" && e.track === t.track.id);
		return {
			pixels: args.points.map(([px, py]) => T.pixel(video, px, py)), peak, hz,
			streams: [v, a].map((t) => t.streams.map((s) => s.id)), same: v.streams[0] === a.streams[0],
			muted: [v, a].map((t) => at(t).muted), now: [v, a].map((t) => t.track.muted),
		};`, browser.Args{"points": points})
	for i, b := range pattern.Blocks {
		want := [3]int{int(b.R), int(b.G), int(b.B)}
		if !near(got.Pixels[i], want, 40) {
			x.Errorf("S1: the %s block must arrive as %v, arrived as %v", b.Name, want, got.Pixels[i])
		}
	}
	if got.Peak < 0.01 {
		x.Errorf("S1: the tone must be heard: peak %v", got.Peak)
	}
	if got.Hz != nil && math.Abs(*got.Hz-pattern.ToneFrequency) > 30 && math.Abs(*got.Hz-pattern.BeepFrequency) > 30 {
		x.Errorf("S1: the tone must keep its pitch of %d Hz: %.0f Hz", pattern.ToneFrequency, *got.Hz)
	}
	for i, kind := range []string{"video", "audio"} {
		if !slices.Equal(got.Streams[i], []string{stream.ID()}) {
			x.Errorf("S5: the %s must come in stream %s, came in %v", kind, stream.ID(), got.Streams[i])
		}
		if !got.Muted[i] || got.Now[i] {
			x.Errorf("S6: the %s track must begin muted and be unmuted by its media: at first %v, later %v", kind, got.Muted[i], got.Now[i])
		}
	}
	if !got.Same {
		x.Error("S5: both tracks must be in the same MediaStream object")
	}
}

func near(a, b [3]int, tolerance int) bool {
	for i := range a {
		if max(a[i]-b[i], b[i]-a[i]) > tolerance {
			return false
		}
	}
	return true
}

// wantPicture decodes what a track of the browser brings, and checks the
// colour of its picture. The track must bring VP8.
func (x *rig) wantPicture(t *media.Track, want [3]int) {
	x.Helper()
	frames := make(chan *media.EncodedFrame, 100)
	remove := t.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
		select {
		case frames <- f.Clone():
		default:
		}
	}})
	defer remove()
	t.RequestKeyFrame()
	decoder := vp8.NewDecoder(vp8.DecoderConfig{})
	decoded := 0
	for began := false; decoded < 10; {
		select {
		case f := <-frames:
			began = began || f.KeyFrame
			if !began {
				continue
			}
			picture, err := decoder.Decode(f.Data)
			if err != nil {
				x.Fatalf("S1: a frame of the browser does not decode: %v", err)
			}
			decoded++
			if decoded < 10 {
				continue
			}
			cx, cy := picture.Width/2, picture.Height*3/4
			y := float64(picture.Y[cy*picture.YStride+cx])
			u := float64(picture.U[cy/2*picture.UVStride+cx/2])
			v := float64(picture.V[cy/2*picture.UVStride+cx/2])
			if got := rgb(y, u, v); !near(got, want, 40) {
				x.Errorf("S1: the browser's picture must arrive as %v, arrived as %v", want, got)
			}
		case <-x.ctx.Done():
			x.Fatalf("S1: the browser's frames must arrive: %d came", decoded)
		}
	}
}

// rgb converts BT.601 limited range.
func rgb(y, u, v float64) [3]int {
	y, u, v = 1.164*(y-16), u-128, v-128
	clamp := func(f float64) int { return int(max(0, min(255, math.Round(f)))) }
	return [3]int{clamp(y + 1.596*v), clamp(y - 0.392*u - 0.813*v), clamp(y + 2.017*u)}
}

// wantSound waits for Opus that is not silence: at a constant bit rate silence
// would be as large, but browsers code at a variable one, and a tone takes more
// than the few bytes of silence.
func (x *rig) wantSound(t *media.Track) {
	x.Helper()
	packets := make(chan int, 200)
	remove := t.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
		select {
		case packets <- len(f.Data):
		default:
		}
	}})
	defer remove()
	loud := 0
	for loud < 20 {
		select {
		case n := <-packets:
			if n > 20 {
				loud++
			}
		case <-x.ctx.Done():
			x.Fatalf("S1: the browser's tone must arrive: %d packets with sound came", loud)
		}
	}
}

// colourOf is the colour in the middle of the lower half, where the browser's
// pictures are of one.
func colourOf(f *media.VideoFrame) [3]int {
	x, y := f.Width/2, f.Height*3/4
	c := y/2*f.StrideUV + x/2
	return rgb(float64(f.Y[y*f.StrideY+x]), float64(f.U[c]), float64(f.V[c]))
}

// wantDecodedPicture takes pictures of a track as this program decodes them.
func (x *rig) wantDecodedPicture(t *media.Track, want [3]int) {
	x.Helper()
	colours := make(chan [3]int, 100)
	remove := t.AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
		select {
		case colours <- colourOf(f):
		default:
		}
	}})
	defer remove()
	var got [3]int
	for range 10 {
		select {
		case got = <-colours:
		case <-x.ctx.Done():
			x.Fatal("S1: the browser's pictures must arrive decoded")
		}
	}
	if !near(got, want, 40) {
		x.Errorf("S1: the browser's picture must be decoded as %v, is %v", want, got)
	}
}

// wantDecodedSound waits for half a second of samples that are not silent, as
// this program decodes them.
func (x *rig) wantDecodedSound(t *media.Track) {
	x.Helper()
	loud := make(chan struct{}, 100)
	remove := t.AddSink(&media.Sink{Audio: func(f *media.AudioFrame) {
		energy := 0.0
		for _, v := range f.Samples {
			energy += float64(v) * float64(v)
		}
		if rms := math.Sqrt(energy / float64(max(1, len(f.Samples)))); rms > 300 {
			select {
			case loud <- struct{}{}:
			default:
			}
		}
	}})
	defer remove()
	for n := range 15 {
		select {
		case <-loud:
		case <-x.ctx.Done():
			x.Fatalf("S1: the browser's tone must be decoded: %d frames with sound came", n)
		}
	}
}
