package main

import (
	"testing"

	"trackway/examples/internal/pagetest"
	"trackway/media"
)

func TestWhatIsSentComesBack(t *testing.T) {
	pc := pagetest.Connection(t)
	speak, frames := pagetest.Speak(t, pc, media.NewStream()), pagetest.Listen(pc)
	pagetest.Visit(t, pc, "", echo)
	pagetest.Relay(t, speak, frames)
	if n := len(pc.GetTransceivers()); n != 1 {
		t.Errorf("the echo takes the transceiver that it came by: %d transceivers", n)
	}
}
