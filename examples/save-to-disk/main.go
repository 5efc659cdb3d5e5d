// The program save-to-disk records the camera and microphone of every browser
// that opens its page to a WebM file, without transcoding.
//
//	go run ./examples/save-to-disk -dir recordings
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"trackway/examples/internal/page"
	"trackway/media"
	"trackway/webrtc"
)

const html = `<!doctype html><title>save-to-disk</title><video id="v" autoplay muted></video>
<script src="connect.js"></script><script>
(async () => {
  const stream = v.srcObject = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
  const pc = new RTCPeerConnection();
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  await connect(pc);
})();
</script>`

func main() {
	addr := flag.String("addr", "localhost:8080", "where to serve the page")
	dir := flag.String("dir", ".", "where the recordings go")
	flag.Parse()
	log.Fatal(page.Serve(*addr, html, record(*dir)))
}

// record records each stream of a connection from its first track event until
// the tracks end, which they do when the connection does.
func record(dir string) func(*webrtc.PeerConnection, *http.Request) error {
	return func(pc *webrtc.PeerConnection, _ *http.Request) error {
		recorded := map[*media.Stream]bool{}
		pc.OnTrack(func(e webrtc.TrackEvent) {
			for _, stream := range e.Streams {
				if recorded[stream] {
					continue
				}
				recorded[stream] = true
				// All tracks of the stream are in it when the task has ended.
				go func() {
					if err := save(dir, stream); err != nil {
						log.Print(err)
					}
				}()
			}
		})
		return nil
	}
}

// save records a stream until its tracks have ended.
func save(dir string, stream *media.Stream) error {
	name := filepath.Join(dir, fmt.Sprintf("%s-%.8s.webm", time.Now().Format("20060102-150405"), stream.ID()))
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	recorder, err := media.NewRecorder(stream, media.RecorderOptions{MimeType: "video/webm", Output: f})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	recorder.OnError(func(err error) { done <- err })
	recorder.OnStop(func() {
		select {
		case done <- nil:
		default:
		}
	})
	if err := recorder.Start(0); err != nil {
		return err
	}
	log.Printf("recording %s", name)
	err = <-done
	log.Printf("finished %s", name)
	return err
}
