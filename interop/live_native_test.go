package interop

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"trackway/codec"
	"trackway/codec/native"
	"trackway/interop/browser"
	"trackway/media"
	"trackway/media/pattern"
	"trackway/webrtc"
)

// registerNative is once for all tests: VP8 stays before the others.
var registerNative = sync.OnceFunc(func() { native.Register(codec.Default) })

// TestNativeCodecs sends live pictures both ways in each codec of the system's
// libraries, where they and the browser's are there.
func TestNativeCodecs(t *testing.T) {
	registerNative()
	for _, mime := range []string{codec.VP9, codec.H264, codec.AV1} {
		for _, kind := range kinds {
			t.Run(strings.TrimPrefix(mime, "video/")+"/"+string(kind), func(t *testing.T) {
				if c := (codec.Codec{MimeType: mime}); !codec.Default.Encodes(c) || !codec.Default.Decodes(c) {
					t.Skip("no library of this codec is installed here")
				}
				x := start(t, enter(t, kind, "", browser.Options{}), kind, true, webrtc.WithEngine(engineOf(t, mime)))
				var can struct{ Send, Receive bool }
				x.eval(&can, `
					const has = (c) => c.codecs.some((c) => c.mimeType.toLowerCase() === args.mime.toLowerCase());
					return {send: has(RTCRtpSender.getCapabilities("video")), receive: has(RTCRtpReceiver.getCapabilities("video"))};`,
					browser.Args{"mime": mime})
				if !can.Send || !can.Receive {
					t.Skipf("this %s cannot do %s", kind, mime)
				}
				x.bothWays(mime)
				x.wantNoErrors()
			})
		}
	}
}

// engineOf is an engine that knows no codec of pictures but one.
func engineOf(t *testing.T, mime string) *webrtc.Engine {
	t.Helper()
	codecs := slices.DeleteFunc(webrtc.DefaultCodecs(), func(c webrtc.CodecCapability) bool {
		return strings.HasPrefix(c.MimeType, "video/") && !strings.EqualFold(c.MimeType, mime) && c.MimeType != "video/rtx"
	})
	return newEngine(t, webrtc.WithCodecs(codecs...))
}

// bothWays checks the picture in the browser and the browser's here.
func (x *rig) bothWays(mime string) {
	x.Helper()
	x.eval(nil, `peer.onTrack = ({track}) => {
		peer.sent = new MediaStream([T.picture(args.colour)]);
		peer.sent.getTracks().forEach((t) => peer.pc.addTrack(t, peer.sent));
	}`, browser.Args{"colour": browserPicture})
	sender := x.add(x.liveTrack(media.Video), media.NewStream())

	remote := x.arrived(media.Video, 0)
	colours := make(chan [3]int, 1)
	pictures := 0
	remove := remote.Track.AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
		if pictures++; pictures < 20 {
			return
		}
		select {
		case colours <- colourOf(f):
		default:
		}
	}})
	defer remove()
	select {
	case got := <-colours:
		if !near(got, browserRGB, 40) {
			x.Errorf("the browser's %s must arrive as %v, arrived as %v", mime, browserRGB, got)
		}
	case <-x.ctx.Done():
		x.Fatalf("the browser's %s did not arrive: %v", mime, remote.Receiver.DecodingError())
	}

	points := [][2]float64{}
	for _, b := range pattern.Blocks {
		points = append(points, [2]float64{b.X + b.W/2, b.Y + b.H/2})
	}
	var got struct {
		Pixels [][3]int
		Codec  string
	}
	x.eval(&got, `
		const v = await arrived("video");
		const video = T.play(v.track);
		await T.until("frames decode", async () => await T.frames(peer.pc, v.track) > 20);
		await T.until("the picture shows", () => video.videoWidth === 640);
		const stats = await v.transceiver.receiver.getStats();
		const inbound = [...stats.values()].find((s) => s.type === "inbound-rtp");
		return {
			pixels: args.points.map(([px, py]) => T.pixel(video, px, py)),
			codec: stats.get(inbound.codecId)?.mimeType ?? "",
		};`, browser.Args{"points": points})
	for i, b := range pattern.Blocks {
		if want := [3]int{int(b.R), int(b.G), int(b.B)}; !near(got.Pixels[i], want, 40) {
			x.Errorf("the %s block must arrive by %s as %v, arrived as %v", b.Name, mime, want, got.Pixels[i])
		}
	}
	if !strings.EqualFold(got.Codec, mime) {
		x.Errorf("the browser received %q, want %s", got.Codec, mime)
	}
	if err := sender.EncodingError(); err != nil {
		x.Error(err)
	}
}
