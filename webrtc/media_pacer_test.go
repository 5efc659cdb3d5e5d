package webrtc

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"trackway/media"
)

// departures notes when one end's datagrams leave, and how long they are.
type departures struct {
	mu   sync.Mutex
	from netip.Addr
	list []departure
}

type departure struct {
	at   time.Time
	size int
}

func (d *departures) pass(from, _ netip.AddrPort, p []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if from.Addr() == d.from && len(p) > 500 { // media, not feedback
		d.list = append(d.list, departure{time.Now(), len(p)})
	}
	return true
}

// take returns the departures since the last call.
func (d *departures) take() []departure {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.list
	d.list = nil
	return list
}

// bursts joins what left at one moment.
func bursts(list []departure) (sizes []int) {
	for i, p := range list {
		if i == 0 || !p.at.Equal(list[i-1].at) {
			sizes = append(sizes, 0)
		}
		sizes[len(sizes)-1] += p.size
	}
	return sizes
}

// TestPacer checks what a frame's packets do on a path whose estimate is known:
// a frame within the burst leaves as one, a key frame is spread, whole and in
// order, within the pacer's patience.
func TestPacer(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		source := media.NewEncodedSource(vp8)
		a.addTrack(source.NewTrack())
		connect(a, b)
		got := watchTrack(b.GetReceivers()[0].Track())
		ts := uint32(0)
		frame := func(size int) {
			ts += 3000
			data := make([]byte, size)
			copy(data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
			a.must(source.WriteFrame(&media.EncodedFrame{MimeType: "video/VP8", Data: data, KeyFrame: true, Timestamp: ts}), "WriteFrame")
			time.Sleep(time.Second / 30)
		}
		d := &departures{from: a.addr()}
		w.sim.SetFilter(d.pass)
		frame(60_000)
		if sizes := bursts(d.take()); len(sizes) != 1 {
			t.Errorf("before any feedback a frame left in %d bursts, want one", len(sizes))
		}
		for range 90 { // about 160 kbit/s of the 300 that the estimate starts with
			frame(600)
		}
		d.take()
		frame(1400)
		if list := d.take(); len(list) != 2 || !list[0].at.Equal(list[1].at) {
			t.Errorf("where there is room a frame of two packets left as %v", list)
		}
		before := got.count()
		frame(120_000)
		frame(1100)
		for range 10 {
			frame(1100)
		}
		list := d.take()
		sizes := bursts(list)
		if len(sizes) < 5 {
			t.Errorf("a key frame of 120 kB left in %d bursts: %v", len(sizes), sizes)
		}
		for i, n := range sizes {
			if n > 60_000 {
				t.Errorf("burst %d has %d bytes", i, n)
			}
		}
		if span := list[len(list)-1].at.Sub(list[0].at); span > 600*time.Millisecond {
			t.Errorf("eleven frames took %v to leave", span)
		}
		time.Sleep(100 * time.Millisecond)
		if n := got.count() - before; n != 12 {
			t.Errorf("%d of 12 frames arrived", n)
		}
	})
}

// TestPacerLetsGoBeforeAPause: what waits is not cut off when the track is
// disabled or replaced.
func TestPacerLetsGoBeforeAPause(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		source := media.NewEncodedSource(vp8)
		track := source.NewTrack()
		sender := a.addTrack(track)
		connect(a, b)
		got := watchTrack(b.GetReceivers()[0].Track())
		data := make([]byte, 100_000)
		copy(data, []byte{0, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
		for i := range 60 {
			size := 1100
			if i == 59 {
				size = len(data)
			}
			a.must(source.WriteFrame(&media.EncodedFrame{MimeType: "video/VP8", Data: data[:size], KeyFrame: true, Timestamp: uint32(i) * 3000}), "WriteFrame")
			if i < 59 {
				time.Sleep(time.Second / 30)
			}
		}
		a.must(sender.ReplaceTrack(t.Context(), nil), "ReplaceTrack")
		time.Sleep(200 * time.Millisecond)
		if list := got.got(""); len(list) != 60 || len(list[59]) != len(data) {
			t.Errorf("%d of 60 frames arrived whole", len(list))
		}
	})
}
