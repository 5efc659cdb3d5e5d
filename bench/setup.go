package main

import (
	"fmt"
	"runtime"
	"time"
)

// join negotiates a → b and waits until both are connected.
func join(a, b conn) error {
	if err := negotiate(a, b); err != nil {
		return err
	}
	if err := wait(a); err != nil {
		return err
	}
	return wait(b)
}

func negotiate(a, b conn) error {
	offer, err := a.offer()
	if err != nil {
		return err
	}
	answer, err := b.answer(offer)
	if err != nil {
		return err
	}
	return a.accept(answer)
}

// pair returns two connections that are connected, the first with tracks added.
func pair(s stack, tracks ...track) (a, b conn, err error) {
	if a, err = s.newConn(); err != nil {
		return
	}
	if b, err = s.newConn(); err != nil {
		return
	}
	for _, t := range tracks {
		if err = a.addTrack(t); err != nil {
			return
		}
	}
	return a, b, join(a, b)
}

// setupCPU returns the CPU in milliseconds that a pair of connections with one
// video track costs from construction to connected, both ends together.
func setupCPU(s stack) (float64, error) {
	const pairs = 100
	t, err := s.newTrack("v")
	if err != nil {
		return 0, err
	}
	var conns []conn
	defer func() {
		for _, c := range conns {
			c.close()
		}
	}()
	var used func() time.Duration
	for i := range pairs + 10 {
		if i == 10 { // the first ten warm up
			used = measure()
		}
		a, b, err := pair(s, t)
		if err != nil {
			return 0, err
		}
		conns = append(conns, a, b)
	}
	return used().Seconds() * 1e3 / pairs, nil
}

// setupRTT returns the time from the start of signalling to the first media
// packet, in round trips of a simulated network with 100 ms RTT. Signalling
// itself is instantaneous.
func setupRTT(s stack) (float64, error) {
	const rtt = 100 * time.Millisecond
	a, b, done, err := s.newDelayed(rtt / 2)
	if err != nil {
		return 0, err
	}
	defer done()
	t, err := s.newTrack("v")
	if err != nil {
		return 0, err
	}
	if err := a.addTrack(t); err != nil {
		return 0, err
	}
	first := make(chan struct{}, 1)
	b.onPacket(func() {
		select {
		case first <- struct{}{}:
		default:
		}
	})
	offer, err := a.offer()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	answer, err := b.answer(offer)
	if err != nil {
		return 0, err
	}
	if err := a.accept(answer); err != nil {
		return 0, err
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for frame := uint32(0); ; frame++ {
		select {
		case <-first:
			return time.Since(start).Seconds() / rtt.Seconds(), nil
		case <-time.After(20 * time.Second):
			return 0, fmt.Errorf("no media after 20 s")
		case <-tick.C:
			if err := t.write(frame, 1); err != nil {
				return 0, err
			}
		}
	}
}

// footprint returns what a connected, idle connection with one audio-sized and
// one video track costs: heap and stacks in KiB, goroutines, or CPU in
// microseconds a second. The figure is per connection, of 400 in one process.
func footprint(s stack, what string) (float64, error) {
	const pairs = 200
	t1, err := s.newTrack("v1")
	if err != nil {
		return 0, err
	}
	t2, err := s.newTrack("v2")
	if err != nil {
		return 0, err
	}
	a, b, err := pair(s, t1, t2) // what the process needs once does not count
	if err != nil {
		return 0, err
	}
	defer a.close()
	defer b.close()
	before, goroutines, end := memory(), runtime.NumGoroutine(), measure()
	conns := make([]conn, 0, 2*pairs)
	defer func() {
		for _, c := range conns {
			c.close()
		}
	}()
	for range pairs {
		a, b, err := pair(s, t1, t2)
		if err != nil {
			return 0, err
		}
		conns = append(conns, a, b)
	}
	time.Sleep(3 * time.Second) // handshake leftovers end
	end()
	n := float64(len(conns))
	switch what {
	case "heap":
		return (memory() - before) / 1024 / n, nil
	case "goroutines":
		return float64(runtime.NumGoroutine()-goroutines) / n, nil
	default:
		start, used := time.Now(), cpu()
		time.Sleep(5 * time.Second)
		return float64((cpu() - used).Microseconds()) / time.Since(start).Seconds() / n, nil
	}
}

// memory is the live heap and the stacks in bytes.
func memory() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
