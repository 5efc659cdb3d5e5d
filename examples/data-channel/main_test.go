package main

import (
	"testing"

	"trackway/examples/internal/pagetest"
	"trackway/webrtc"
)

func TestTheAnswerIsInCapitals(t *testing.T) {
	pc := pagetest.Connection(t)
	channel, err := pc.CreateDataChannel("chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan string, 1)
	channel.OnMessage(func(m webrtc.DataChannelMessage) { answers <- string(m.Data) })
	pagetest.Visit(t, pc, "", shout)
	if err := channel.WaitOpen(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := channel.SendText("hello"); err != nil {
		t.Fatal(err)
	}
	if got := <-answers; got != "HELLO" {
		t.Errorf("got %q", got)
	}
}
