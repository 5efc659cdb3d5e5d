// The program play-file sends files to every browser that opens its page: IVF
// (VP8, VP9, AV1), H.264 byte streams, Ogg Opus and WebM, without transcoding.
//
//	go run ./examples/play-file picture.ivf sound.ogg
package main

import (
	"flag"
	"log"
	"net/http"

	"trackway/container"
	"trackway/examples/internal/page"
	"trackway/media"
	"trackway/webrtc"
)

const html = `<!doctype html><title>play-file</title><video id="v" autoplay controls muted></video>
<script src="connect.js"></script><script>
const pc = new RTCPeerConnection();
pc.addTransceiver("video", {direction: "recvonly"});
pc.addTransceiver("audio", {direction: "recvonly"});
pc.ontrack = ({streams: [stream]}) => v.srcObject = stream;
connect(pc);
</script>`

func main() {
	addr := flag.String("addr", "localhost:8080", "where to serve the page")
	flag.Parse()
	if flag.NArg() == 0 {
		log.Fatal("usage: play-file [-addr host:port] file…")
	}
	player, err := open(flag.Args())
	if err != nil {
		log.Fatal(err)
	}
	player.Start()
	log.Fatal(page.Serve(*addr, html, send(player)))
}

// open opens all files as one stream that begins again at its end.
func open(paths []string) (*media.Player, error) {
	var files []func() (container.Reader, error)
	for _, path := range paths {
		files = append(files, media.File(path))
	}
	return media.NewPlayer(media.PlayerOptions{Loop: true}, files...)
}

// send adds the player's tracks to each connection. The tracks are shared: a
// frame is packetised once, however many watch.
func send(player *media.Player) func(*webrtc.PeerConnection, *http.Request) error {
	return func(pc *webrtc.PeerConnection, _ *http.Request) error {
		for _, track := range player.Tracks() {
			if _, err := pc.AddTrack(track, player.Stream()); err != nil {
				return err
			}
		}
		return nil
	}
}
