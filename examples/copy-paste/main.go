// The program copy-paste connects two terminals with no server at all: run it in
// one with -offer and in another without, and copy the lines from one to the
// other. Then what is typed in one appears in the other.
//
//	go run ./examples/copy-paste -offer
//	go run ./examples/copy-paste
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"trackway/examples/internal/page"
	"trackway/webrtc"
)

func main() {
	offer := flag.Bool("offer", false, "be the one who begins")
	flag.Parse()
	if err := talk(context.Background(), *offer, os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// talk connects over in and out, and then passes lines on.
func talk(ctx context.Context, offer bool, in io.Reader, out io.Writer) error {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	defer pc.Close()
	// Both sides make the channel, with the same id: nothing is announced.
	id := uint16(0)
	channel, err := pc.CreateDataChannel("talk", &webrtc.DataChannelInit{Negotiated: true, ID: &id})
	if err != nil {
		return err
	}
	channel.OnMessage(func(m webrtc.DataChannelMessage) { fmt.Fprintf(out, "> %s\n", m.Data) })

	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	if err := exchange(ctx, pc, offer, lines, out); err != nil {
		return err
	}
	if err := channel.WaitOpen(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "connected; type")
	for lines.Scan() {
		if err := channel.SendText(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// exchange makes and reads descriptions with all candidates in them.
func exchange(ctx context.Context, pc *webrtc.PeerConnection, offer bool, lines *bufio.Scanner, out io.Writer) error {
	gathered := page.Gathered(pc)
	steps := []func() error{
		func() error {
			if err := pc.SetLocalDescription(ctx, nil); err != nil {
				return err
			}
			<-gathered
			text, err := json.Marshal(pc.LocalDescription())
			fmt.Fprintf(out, "copy this line to the other side:\n%s\n", base64.StdEncoding.EncodeToString(text))
			return err
		},
		func() error {
			fmt.Fprintln(out, "paste the other side's line:")
			if !lines.Scan() {
				return io.ErrUnexpectedEOF
			}
			text, err := base64.StdEncoding.DecodeString(lines.Text())
			if err != nil {
				return err
			}
			var d webrtc.SessionDescription
			if err := json.Unmarshal(text, &d); err != nil {
				return err
			}
			return pc.SetRemoteDescription(ctx, d)
		},
	}
	if !offer {
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
