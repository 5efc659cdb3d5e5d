// The program data-channel talks with a page over a data channel: what the page
// sends comes back in capitals.
//
//	go run ./examples/data-channel
package main

import (
	"flag"
	"log"
	"net/http"
	"strings"

	"trackway/examples/internal/page"
	"trackway/webrtc"
)

const html = `<!doctype html><title>data-channel</title><input id="i" placeholder="say something"><pre id="log"></pre>
<script src="connect.js"></script><script>
const pc = new RTCPeerConnection(), channel = pc.createDataChannel("chat");
channel.onmessage = ({data}) => log.textContent += data + "\n";
i.onchange = () => { channel.send(i.value); i.value = ""; };
connect(pc);
</script>`

func main() {
	addr := flag.String("addr", "localhost:8080", "where to serve the page")
	flag.Parse()
	log.Fatal(page.Serve(*addr, html, shout))
}

// shout answers every message of every channel.
func shout(pc *webrtc.PeerConnection, _ *http.Request) error {
	pc.OnDataChannel(func(e webrtc.DataChannelEvent) {
		channel := e.Channel
		channel.OnMessage(func(m webrtc.DataChannelMessage) {
			if err := channel.SendText(strings.ToUpper(string(m.Data))); err != nil {
				log.Print(err)
			}
		})
	})
	return nil
}
