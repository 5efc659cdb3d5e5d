// The program broadcast passes one browser's camera on to many others: open the
// page with ?publish in one, and without in the others.
//
//	go run ./examples/broadcast
package main

import (
	"errors"
	"flag"
	"log"
	"net/http"
	"sync"

	"trackway/examples/internal/page"
	"trackway/media"
	"trackway/webrtc"
)

const html = `<!doctype html><title>broadcast</title><video id="v" autoplay muted></video>
<script src="connect.js"></script><script>
(async () => {
  const pc = new RTCPeerConnection();
  if (location.search == "?publish") {
    const stream = v.srcObject = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
    for (const track of stream.getTracks()) pc.addTrack(track, stream);
  } else {
    pc.addTransceiver("video", {direction: "recvonly"});
    pc.addTransceiver("audio", {direction: "recvonly"});
    pc.ontrack = ({streams: [stream]}) => v.srcObject = stream;
  }
  await connect(pc);
})();
</script>`

func main() {
	addr := flag.String("addr", "localhost:8080", "where to serve the page")
	flag.Parse()
	log.Fatal(page.Serve(*addr, html, new(channel).join))
}

// channel is what is being broadcast.
type channel struct {
	mu     sync.Mutex
	stream *media.Stream
}

var errNothing = errors.New("nobody publishes yet: open the page with ?publish first")

// join takes a publisher's stream, or adds the tracks of the one there is. Every
// viewer gets the same packets, and a viewer who comes later asks the publisher
// for a key frame.
func (c *channel) join(pc *webrtc.PeerConnection, r *http.Request) error {
	if r.URL.RawQuery == "publish" {
		pc.OnTrack(func(e webrtc.TrackEvent) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(e.Streams) > 0 {
				c.stream = e.Streams[0]
			}
		})
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream == nil {
		return errNothing
	}
	for _, track := range c.stream.GetTracks() {
		if _, err := pc.AddTrack(track, c.stream); err != nil {
			return err
		}
	}
	return nil
}
