// The program trickle connects two connections of one process and hands each
// candidate over as soon as it is found: the whole of signalling, without a
// network in the way.
//
//	go run ./examples/trickle
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"trackway/webrtc"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	caller, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	defer caller.Close()
	callee, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	defer callee.Close()
	trickle("caller", caller, callee, out)
	trickle("callee", callee, caller, out)

	answered := make(chan string, 1)
	callee.OnDataChannel(func(e webrtc.DataChannelEvent) {
		e.Channel.OnMessage(func(m webrtc.DataChannelMessage) { answered <- string(m.Data) })
	})
	channel, err := caller.CreateDataChannel("greeting", nil)
	if err != nil {
		return err
	}
	if err := negotiate(ctx, caller, callee); err != nil {
		return err
	}
	if err := channel.WaitOpen(ctx); err != nil {
		return err
	}
	if err := channel.SendText("hello over a trickled path"); err != nil {
		return err
	}
	fmt.Fprintln(out, <-answered)
	return nil
}

// trickle hands the candidates of one connection to the other. The handler runs
// on the event loop, so it uses the method that does not wait.
func trickle(name string, from, to *webrtc.PeerConnection, out io.Writer) {
	from.OnICECandidate(func(e webrtc.PeerConnectionICEEvent) {
		if e.Candidate == nil {
			return
		}
		to.AddICECandidateAsync(e.Candidate.ToJSON(), func(err error) {
			if err != nil {
				log.Print(err)
				return
			}
			text := e.Candidate.Candidate()
			if text == "" {
				text = "no more candidates"
			}
			fmt.Fprintf(out, "%s: %s\n", name, text)
		})
	})
}

// negotiate is one offer and one answer. The callee must have the offer before
// the first candidate arrives: AddICECandidate waits its turn behind
// SetRemoteDescription, which is why the offer is made first and set second.
func negotiate(ctx context.Context, caller, callee *webrtc.PeerConnection) error {
	offer, err := caller.CreateOffer(ctx, nil)
	if err != nil {
		return err
	}
	if err := callee.SetRemoteDescription(ctx, offer); err != nil {
		return err
	}
	if err := caller.SetLocalDescription(ctx, &offer); err != nil {
		return err
	}
	answer, err := callee.CreateAnswer(ctx, nil)
	if err != nil {
		return err
	}
	if err := caller.SetRemoteDescription(ctx, answer); err != nil {
		return err
	}
	return callee.SetLocalDescription(ctx, &answer)
}
