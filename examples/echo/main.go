// The program echo sends back what it gets: the page shows its own camera after
// the round trip.
//
//	go run ./examples/echo
package main

import (
	"flag"
	"log"
	"net/http"

	"trackway/examples/internal/page"
	"trackway/webrtc"
)

const html = `<!doctype html><title>echo</title><video id="v" autoplay muted></video>
<script src="connect.js"></script><script>
(async () => {
  const stream = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
  const pc = new RTCPeerConnection();
  pc.ontrack = ({streams: [echo]}) => v.srcObject = echo;
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  await connect(pc);
})();
</script>`

func main() {
	addr := flag.String("addr", "localhost:8080", "where to serve the page")
	flag.Parse()
	log.Fatal(page.Serve(*addr, html, echo))
}

// echo adds every track that comes to the connection that it came over. It does
// so in the track event, before the answer: addTrack then takes the sender that
// waits in the same transceiver, and no second negotiation is needed. Packets
// are passed on as they are.
func echo(pc *webrtc.PeerConnection, _ *http.Request) error {
	pc.OnTrack(func(e webrtc.TrackEvent) {
		if _, err := pc.AddTrack(e.Track, e.Streams...); err != nil {
			log.Print(err)
		}
	})
	return nil
}
