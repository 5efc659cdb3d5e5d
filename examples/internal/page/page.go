// Package page is what the examples have in common: a web page that makes an
// offer, and a server that answers it. There is no signalling channel beyond the
// one request, so both sides gather all candidates first; see the example
// trickle for the other way.
package page

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"sync/atomic"
	"time"

	"trackway/webrtc"
)

// maxOffer bounds the body of a request.
const maxOffer = 1 << 20

// Serve serves html at / and answers the offers that it posts to /offer until
// the program ends. setup gets each new connection before the offer is applied:
// it sets handlers and adds tracks.
func Serve(addr, html string, setup func(pc *webrtc.PeerConnection, r *http.Request) error) error {
	log.Printf("open http://%s/", addr)
	server := &http.Server{Addr: addr, Handler: Handler(html, setup), ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

// Handler is the handler of Serve.
func Handler(html string, setup func(pc *webrtc.PeerConnection, r *http.Request) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, html)
	})
	mux.HandleFunc("GET /connect.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, connectJS)
	})
	mux.HandleFunc("POST /offer", func(w http.ResponseWriter, r *http.Request) {
		var offer webrtc.SessionDescription
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOffer)).Decode(&offer); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := accept(r, offer, setup)
		if err != nil {
			log.Print(err)
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	})
	return mux
}

// connectJS is the page's half.
const connectJS = `
async function connect(pc, path = "/offer") {
  await pc.setLocalDescription();
  while (pc.iceGatheringState != "complete") {
    await new Promise(r => pc.addEventListener("icegatheringstatechange", r, {once: true}));
  }
  const response = await fetch(path + location.search, {method: "POST", body: JSON.stringify(pc.localDescription)});
  if (!response.ok) throw new Error(await response.text());
  await pc.setRemoteDescription(await response.json());
}`

// accept makes a connection of an offer.
func accept(r *http.Request, offer webrtc.SessionDescription, setup func(*webrtc.PeerConnection, *http.Request) error) (*webrtc.SessionDescription, error) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		return nil, err
	}
	gathered := Gathered(pc)
	closeWhenOver(pc)
	answer, err := answer(r.Context(), pc, offer, gathered, func() error { return setup(pc, r) })
	if err != nil {
		_ = pc.Close()
		return nil, err
	}
	return answer, nil
}

func answer(ctx context.Context, pc *webrtc.PeerConnection, offer webrtc.SessionDescription, gathered <-chan struct{}, setup func() error) (*webrtc.SessionDescription, error) {
	if err := setup(); err != nil {
		return nil, err
	}
	if err := pc.SetRemoteDescription(ctx, offer); err != nil {
		return nil, err
	}
	if err := pc.SetLocalDescription(ctx, nil); err != nil {
		return nil, err
	}
	select {
	case <-gathered:
		return pc.LocalDescription(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Gathered is closed when all candidates are in the local description. It takes
// the connection's handler of icegatheringstatechange.
func Gathered(pc *webrtc.PeerConnection) <-chan struct{} {
	done := make(chan struct{})
	closed := false
	pc.OnICEGatheringStateChange(func() {
		if pc.ICEGatheringState() == webrtc.ICEGatheringStateComplete && !closed {
			closed = true
			close(done)
		}
	})
	return done
}

// connections counts for the log.
var connections atomic.Int64

// closeWhenOver closes a connection whose peer has gone.
func closeWhenOver(pc *webrtc.PeerConnection) {
	n := connections.Add(1)
	pc.OnConnectionStateChange(func() {
		state := pc.ConnectionState()
		log.Printf("connection %d: %s", n, state)
		if state == webrtc.PeerConnectionStateFailed {
			_ = pc.Close()
		}
	})
}
