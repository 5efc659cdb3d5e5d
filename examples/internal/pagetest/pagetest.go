// Package pagetest is a program in the place of a browser, for the tests of the
// examples.
package pagetest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"trackway/examples/internal/page"
	"trackway/media"
	"trackway/webrtc"
)

// Visit has a connection make an offer to an example, as the page would, and
// returns when the answer is set. query is the page's, "?publish" for instance.
func Visit(t *testing.T, pc *webrtc.PeerConnection, query string, setup func(*webrtc.PeerConnection, *http.Request) error) {
	t.Helper()
	server := httptest.NewServer(page.Handler("", setup))
	t.Cleanup(server.Close)
	gathered := page.Gathered(pc)
	if err := pc.SetLocalDescription(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	<-gathered
	offer, err := json.Marshal(pc.LocalDescription())
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(server.URL+"/offer"+query, "application/json", bytes.NewReader(offer))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the example answers %s: %s %v", response.Status, body, err)
	}
	var answer webrtc.SessionDescription
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	if err := pc.SetRemoteDescription(t.Context(), answer); err != nil {
		t.Fatal(err)
	}
}

// Connection makes a connection that ends with the test.
func Connection(t *testing.T) *webrtc.PeerConnection {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return pc
}

// Speak adds an audio track to pc and writes packets of Opus into it, each time
// next is called.
func Speak(t *testing.T, pc *webrtc.PeerConnection, stream *media.Stream) (next func(data []byte)) {
	t.Helper()
	source := media.NewEncodedSource(media.Codec{MimeType: "audio/opus", ClockRate: 48000, Channels: 2})
	if _, err := pc.AddTrack(source.NewTrack(), stream); err != nil {
		t.Fatal(err)
	}
	timestamp := uint32(0)
	return func(data []byte) {
		timestamp += 960
		if err := source.WriteFrame(&media.EncodedFrame{
			MimeType: "audio/opus", Data: data, KeyFrame: true, Timestamp: timestamp,
		}); err != nil {
			t.Error(err)
		}
	}
}

// Listen returns a channel of the frames of the first track that comes.
func Listen(pc *webrtc.PeerConnection) <-chan []byte {
	frames := make(chan []byte, 100)
	pc.OnTrack(func(e webrtc.TrackEvent) {
		e.Track.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
			select {
			case frames <- bytes.Clone(f.Data):
			default:
			}
		}})
	})
	return frames
}

// Relay writes a frame every 20 ms, as a microphone would, until one comes out at
// the other end.
func Relay(t *testing.T, write func([]byte), frames <-chan []byte) {
	t.Helper()
	want := []byte{0xfc, 1, 2, 3}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case got := <-frames:
			if !bytes.Equal(got, want) {
				t.Errorf("a frame must come as it was sent: got %x, want %x", got, want)
			}
			return
		case <-tick.C:
			write(want)
		case <-timeout:
			t.Fatal("no frame came in 20 s")
		}
	}
}
