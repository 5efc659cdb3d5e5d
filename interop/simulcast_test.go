package interop

import (
	"fmt"
	"sync"
	"testing"

	"trackway/interop/browser"
	"trackway/media"
)

// The browser sends one picture in three encodings; all three arrive, told
// apart by their rids, each in its own size.
func TestSimulcastFromTheBrowser(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			x := start(t, enter(t, kind, "", browser.Options{}), kind, false)
			x.eval(nil, `
				const track = T.picture("#206040", {width: 1280, height: 720, fps: 10});
				track.contentHint = "motion";
				peer.pc.addTransceiver(track, {direction: "sendonly", streams: [new MediaStream([track])], sendEncodings: [
					{rid: "q", scaleResolutionDownBy: 4, maxBitrate: 60000},
					{rid: "h", scaleResolutionDownBy: 2, maxBitrate: 90000},
					{rid: "f", maxBitrate: 120000},
				]});`, nil)
			e := x.arrived(media.Video, 0)
			type layer struct {
				frames int
				size   string
			}
			var mu sync.Mutex
			layers := map[string]layer{}
			remove := e.Track.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
				mu.Lock()
				defer mu.Unlock()
				l := layers[f.RID]
				l.frames++
				if f.KeyFrame && f.Width > 0 {
					l.size = fmt.Sprintf("%dx%d", f.Width, f.Height)
				}
				layers[f.RID] = l
			}})
			defer remove()
			e.Track.RequestKeyFrame()
			want := map[string]string{"q": "320x180", "h": "640x360", "f": "1280x720"}
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				t.Logf("layers: %+v", layers)
			}()
			x.until("three layers, each in its size", func() bool {
				mu.Lock()
				defer mu.Unlock()
				for rid, size := range want {
					if layers[rid].frames < 10 || layers[rid].size != size {
						return false
					}
				}
				return true
			})
			x.wantNoErrors()
		})
	}
}
