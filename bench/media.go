package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

const payloadSize = 1100 // with RTP header, extensions and tag less than 1200 bytes

// A message of the line protocol between a bench process and its far end.
type message struct {
	Offer    string // → far end: answer this
	Answer   string // ← the answer
	Send     int    // → far end: offer this many tracks and send on request
	Accept   string // → the answer to the far end's offer
	Rate     int    // → packets per second over all tracks, for Seconds
	Seconds  float64
	Received int64 // ← packets counted since the last count
	Count    bool  // → report Received
	Error    string
}

// farEnd is the process with the peers at the other end. They are pion's in
// either case, so that only the near end differs.
type farEnd struct {
	cmd *exec.Cmd
	in  *json.Encoder
	out *json.Decoder
	w   io.Closer
}

func startFarEnd() (*farEnd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-peers")
	cmd.Stderr = os.Stderr
	w, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	r, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &farEnd{cmd, json.NewEncoder(w), json.NewDecoder(bufio.NewReader(r)), w}, nil
}

func (f *farEnd) ask(m message) (message, error) {
	if err := f.in.Encode(m); err != nil {
		return message{}, err
	}
	var reply message
	if err := f.out.Decode(&reply); err != nil {
		return message{}, fmt.Errorf("the far end: %w", err)
	}
	if reply.Error != "" {
		return message{}, fmt.Errorf("the far end: %s", reply.Error)
	}
	return reply, nil
}

func (f *farEnd) stop() {
	f.w.Close()
	f.cmd.Wait()
}

// servePeers is the far end's main loop.
func servePeers(in io.Reader, out io.Writer) error {
	var received atomic.Int64
	var conns []conn
	var tracks []track
	s := newPion()
	enc := json.NewEncoder(out)
	handle := func(m message) (reply message, err error) {
		switch {
		case m.Offer != "":
			c, err := s.newConn()
			if err != nil {
				return reply, err
			}
			conns = append(conns, c)
			c.onPacket(func() { received.Add(1) })
			reply.Answer, err = c.answer(m.Offer)
			return reply, err
		case m.Send > 0:
			c, err := s.newConn()
			if err != nil {
				return reply, err
			}
			conns = append(conns, c)
			for i := range m.Send {
				t, err := s.newTrack(fmt.Sprint("far", i))
				if err != nil {
					return reply, err
				}
				if err := c.addTrack(t); err != nil {
					return reply, err
				}
				tracks = append(tracks, t)
			}
			reply.Offer, err = c.offer()
			return reply, err
		case m.Accept != "":
			return reply, conns[len(conns)-1].accept(m.Accept)
		case m.Rate > 0:
			go blast(tracks, m.Rate, m.Seconds)
		case m.Count:
			reply.Received = received.Swap(0)
		}
		return reply, nil
	}
	for dec := json.NewDecoder(bufio.NewReader(in)); ; {
		var m message
		if err := dec.Decode(&m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		reply, err := handle(m)
		if err != nil {
			reply.Error = err.Error()
		}
		if err := enc.Encode(reply); err != nil {
			return err
		}
	}
}

// blast writes packets to the tracks in turn, in frames of eight, at a rate.
func blast(tracks []track, rate int, seconds float64) {
	const burst = 8
	start := time.Now()
	total := int(float64(rate) * seconds)
	for sent, frame := 0, uint32(0); sent < total; frame++ {
		for _, t := range tracks {
			if err := t.write(frame, burst); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return
			}
			sent += burst
		}
		due := start.Add(time.Duration(float64(sent) / float64(rate) * float64(time.Second)))
		time.Sleep(time.Until(due))
	}
}

// fanout sends one track to n peers in frames of burst packets and returns the
// sender's CPU per packet in microseconds.
func fanout(s stack, n, burst int) (float64, error) {
	far, err := startFarEnd()
	if err != nil {
		return 0, err
	}
	defer far.stop()
	t, err := s.newTrack("one")
	if err != nil {
		return 0, err
	}
	for range n {
		c, err := s.newConn()
		if err != nil {
			return 0, err
		}
		defer c.close()
		if err := c.addTrack(t); err != nil {
			return 0, err
		}
		offer, err := c.offer()
		if err != nil {
			return 0, err
		}
		reply, err := far.ask(message{Offer: offer})
		if err != nil {
			return 0, err
		}
		if err := c.accept(reply.Answer); err != nil {
			return 0, err
		}
		if err := wait(c); err != nil {
			return 0, err
		}
	}
	// Frames are spaced so that both processes keep up: a dropped packet would
	// be a cheap packet, so the far end's count has to match.
	const seconds = 3
	perFrame := n * burst
	rate := 20000.0
	frames := int(rate * seconds / float64(perFrame))
	frame := uint32(0)
	send := func(count int) error {
		start := time.Now()
		for i := range count {
			if err := t.write(frame, burst); err != nil {
				return err
			}
			frame++
			time.Sleep(time.Until(start.Add(time.Duration(float64((i+1)*perFrame) / rate * float64(time.Second)))))
		}
		return nil
	}
	if err := send(max(frames/10, 5)); err != nil { // warm up
		return 0, err
	}
	if _, err := settle(far); err != nil {
		return 0, err
	}
	used := measure()
	if err := send(frames); err != nil {
		return 0, err
	}
	spent := used()
	got, err := settle(far)
	if err != nil {
		return 0, err
	}
	want := int64(frames) * int64(perFrame)
	if float64(got) < 0.98*float64(want) {
		return 0, fmt.Errorf("%d of %d packets arrived; the figure would flatter", got, want)
	}
	return float64(spent.Nanoseconds()) / 1e3 / float64(want), nil
}

// settle waits until the far end's count stops rising and returns it.
func settle(far *farEnd) (int64, error) {
	var total int64
	for {
		time.Sleep(300 * time.Millisecond)
		reply, err := far.ask(message{Count: true})
		if err != nil {
			return 0, err
		}
		if reply.Received == 0 {
			return total, nil
		}
		total += reply.Received
	}
}

// receive takes ten tracks at 60 000 packets a second together and returns the
// receiver's CPU per packet in microseconds.
func receive(s stack) (float64, error) {
	const tracks, rate, seconds = 10, 60000, 4.0
	far, err := startFarEnd()
	if err != nil {
		return 0, err
	}
	defer far.stop()
	c, err := s.newConn()
	if err != nil {
		return 0, err
	}
	defer c.close()
	var received atomic.Int64
	c.onPacket(func() { received.Add(1) })
	reply, err := far.ask(message{Send: tracks})
	if err != nil {
		return 0, err
	}
	answer, err := c.answer(reply.Offer)
	if err != nil {
		return 0, err
	}
	if _, err := far.ask(message{Accept: answer}); err != nil {
		return 0, err
	}
	if err := wait(c); err != nil {
		return 0, err
	}
	if _, err := far.ask(message{Rate: rate, Seconds: seconds}); err != nil {
		return 0, err
	}
	time.Sleep(time.Second) // the measured stretch starts within the flow
	n0, used := received.Load(), measure()
	time.Sleep(2 * time.Second)
	n, spent := received.Load()-n0, used()
	if n == 0 {
		return 0, fmt.Errorf("no packet arrived")
	}
	return float64(spent.Nanoseconds()) / 1e3 / float64(n), nil
}

func wait(c conn) error {
	select {
	case <-c.connected():
		return nil
	case <-time.After(20 * time.Second):
		return fmt.Errorf("not connected after 20 s")
	}
}
