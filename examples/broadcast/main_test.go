package main

import (
	"testing"

	"trackway/examples/internal/pagetest"
	"trackway/media"
	"trackway/webrtc"
)

func TestTwoViewersGetWhatOnePublishes(t *testing.T) {
	var c channel
	publisher := pagetest.Connection(t)
	speak := pagetest.Speak(t, publisher, media.NewStream())
	pagetest.Visit(t, publisher, "?publish", c.join)
	for range 2 {
		viewer := pagetest.Connection(t)
		if _, err := viewer.AddTransceiverKind(media.Audio, &webrtc.RTPTransceiverInit{
			Direction: webrtc.RTPTransceiverDirectionRecvonly,
		}); err != nil {
			t.Fatal(err)
		}
		frames := pagetest.Listen(viewer)
		pagetest.Visit(t, viewer, "", c.join)
		pagetest.Relay(t, speak, frames)
	}
}
