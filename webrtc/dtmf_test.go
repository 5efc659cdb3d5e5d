package webrtc

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/rtpengine"
	"trackway/media"
)

// keypad hears the telephone events among the packets of a track.
type keypad struct {
	mu     sync.Mutex
	clock  uint32
	events []rtpengine.Event // the last packet of each
	starts []time.Time
	sound  []time.Time
	ends   int
}

func listen(track *media.Track, clock uint32) *keypad {
	k := &keypad{clock: clock}
	track.AddSink(&media.Sink{RTP: func(p *media.RTPPacket) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if !strings.EqualFold(p.MimeType, telephoneEvent) {
			k.sound = append(k.sound, time.Now())
			return
		}
		e, ok := rtpengine.ParseEvent(p.Payload, k.clock)
		switch {
		case !ok:
			return
		case p.Marker:
			k.events, k.starts = append(k.events, e), append(k.starts, time.Now())
		case len(k.events) > 0:
			k.events[len(k.events)-1] = e
		}
		if e.End {
			k.ends++
		}
	}})
	return k
}

// heard writes the events down: code and duration.
func (k *keypad) heard() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []string
	for _, e := range k.events {
		out = append(out, fmt.Sprintf("%d:%v", e.Code, e.Duration))
	}
	return strings.Join(out, " ")
}

// soundBetween counts the packets of sound in a stretch of time.
func (k *keypad) soundBetween(from, to time.Time) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, at := range k.sound {
		if at.After(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// tones records the tonechange events of a sender, with their times since the
// call and the buffer as the handler sees it.
func tones(d *DTMFSender) func() string {
	var log []string
	start := time.Now()
	d.OnToneChange(func(e DTMFToneChangeEvent) {
		log = append(log, fmt.Sprintf("%q %q %d", e.Tone, d.ToneBuffer(), time.Since(start).Milliseconds()))
	})
	return func() string {
		synctest.Wait()
		return strings.Join(log, ", ")
	}
}

func TestDTMF(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		audio := newClip(opus)
		sender := a.addTrack(audio.track)
		d := sender.DTMF()
		if d.CanInsertDTMF() {
			t.Error("tones cannot be sent without a connection")
		}
		wantError(t, d.InsertDTMF("1", 0, 0), ErrInvalidState, "insertDTMF needs canInsertDTMF")
		connect(a, b)
		if !d.CanInsertDTMF() {
			t.Fatal("tones can be sent over a connection with a track and telephone-event")
		}
		pad := listen(b.GetReceivers()[0].Track(), 48000)
		frames := watchTrack(b.GetReceivers()[0].Track())
		done := make(chan bool)
		go func() { audio.play(250); close(done) }()
		time.Sleep(200 * time.Millisecond)

		wantError(t, d.InsertDTMF("1E", 0, 0), ErrInvalidCharacter, "E is no tone")
		a.must(d.InsertDTMF("", 0, 0), "InsertDTMF of nothing")
		log := tones(d)
		a.must(d.InsertDTMF("1a,#", 0, 0), "InsertDTMF")
		if d.ToneBuffer() != "1A,#" {
			t.Errorf("toneBuffer is %q right after insertDTMF", d.ToneBuffer())
		}
		time.Sleep(2800 * time.Millisecond)
		if got, want := log(), `"1" "A,#" 0, "A" ",#" 170, "," "#" 340, "#" "" 2340, "" "" 2510`; got != want {
			t.Errorf("tonechange: tone, buffer and time:\n got %s\nwant %s", got, want)
		}
		if got, want := pad.heard(), "1:100ms 12:100ms 11:100ms"; got != want {
			t.Errorf("heard %s, want %s", got, want)
		}
		if pad.ends != 9 {
			t.Errorf("%d packets say that an event ends; each has three", pad.ends)
		}
		for i, at := range pad.starts {
			if n := pad.soundBetween(at, at.Add(100*time.Millisecond)); n != 0 {
				t.Errorf("%d packets of sound are sent during tone %d", n, i)
			}
		}
		if n := pad.soundBetween(pad.starts[0].Add(125*time.Millisecond), pad.starts[1]); n < 1 {
			t.Error("sound goes on between tones")
		}
		<-done
		for _, f := range frames.seen() {
			if !strings.EqualFold(f.MimeType, "audio/opus") {
				t.Errorf("the receiver's track has a frame of %s; telephone events are none", f.MimeType)
			}
		}

		// What is inserted meanwhile replaces what waits, and keeps the beat.
		log = tones(d)
		a.must(d.InsertDTMF("ABCD", 10*time.Millisecond, time.Millisecond), "InsertDTMF")
		time.Sleep(100 * time.Millisecond)
		a.must(d.InsertDTMF("7", time.Minute, time.Hour), "InsertDTMF")
		time.Sleep(13 * time.Second)
		if got, want := log(), `"A" "BCD" 0, "B" "CD" 70, "7" "" 140, "" "" 12140`; got != want {
			t.Errorf("durations are held within 40 ms and 6 s, gaps within 30 ms and 6 s:\n got %s\nwant %s", got, want)
		}
		if got := pad.heard(); !strings.HasSuffix(got, " 12:40ms 13:40ms 7:538.75ms") {
			t.Errorf("heard %s: six seconds of 7 in segments of 65535 ticks", got)
		}

		// Tones end where they cannot be sent any more.
		log = tones(d)
		a.must(d.InsertDTMF("123", 0, 0), "InsertDTMF")
		time.Sleep(50 * time.Millisecond)
		a.must(a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionInactive), "SetDirection")
		negotiate(a, b)
		time.Sleep(time.Second)
		if d.CanInsertDTMF() || d.ToneBuffer() == "" || strings.Contains(log(), `"3"`) {
			t.Errorf("with direction inactive the tones end: %s", log())
		}
		a.must(a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
		negotiate(a, b)
		if !d.CanInsertDTMF() {
			t.Error("with direction sendonly tones can be sent again")
		}
		a.must(sender.ReplaceTrack(t.Context(), nil), "ReplaceTrack")
		if d.CanInsertDTMF() {
			t.Error("without a track no tones can be sent")
		}
		a.must(sender.ReplaceTrack(t.Context(), audio.track), "ReplaceTrack")
		p := sender.GetParameters()
		p.Encodings[0].Active = false
		a.must(sender.SetParameters(t.Context(), p), "SetParameters")
		if d.CanInsertDTMF() {
			t.Error("with an inactive encoding no tones can be sent")
		}
	})
}

// TestDTMFTowardsFirefox: it negotiates telephone-event/8000 alone, also beside
// Opus (webrtc-pc 7.2: with any telephone-event "return true"). The events are told
// in units of the stream's clock.
func TestDTMFTowardsFirefox(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		audio := newClip(opus)
		d := a.addTrack(audio.track).DTMF()
		b.remote(a.offer())
		var codecs []RTPCodec
		for _, c := range ReceiverCapabilities(media.Audio).Codecs {
			if !strings.EqualFold(c.MimeType, telephoneEvent) || c.ClockRate == 8000 {
				codecs = append(codecs, c)
			}
		}
		b.must(b.GetTransceivers()[0].SetCodecPreferences(codecs...), "SetCodecPreferences")
		a.remote(b.offer())
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		if !d.CanInsertDTMF() {
			t.Fatal("tones can be sent with the event format of another clock")
		}
		pad := listen(b.GetReceivers()[0].Track(), 48000)
		audio.play(10)
		a.must(d.InsertDTMF("5", 0, 0), "InsertDTMF")
		audio.play(10)
		time.Sleep(time.Second)
		if got, want := pad.heard(), "5:100ms"; got != want {
			t.Errorf("heard %q in units of the stream's clock, want %q", got, want)
		}
	})
}

// TestDTMFGoesThroughAForwarder sends tones to b, who passes a's track on to c.
func TestDTMFGoesThroughAForwarder(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		b2, c := w.peer("c"), w.peer("d")
		b2.trickleTo(c)
		c.trickleTo(b2)
		audio := newClip(opus)
		d := a.addTrack(audio.track).DTMF()
		connect(a, b)
		b2.addTrack(b.GetReceivers()[0].Track())
		connect(b2, c)
		pad := listen(c.GetReceivers()[0].Track(), 48000)
		done := make(chan bool)
		go func() { audio.play(100); close(done) }()
		time.Sleep(300 * time.Millisecond)
		a.must(d.InsertDTMF("42", 0, 0), "InsertDTMF")
		<-done
		time.Sleep(time.Second)
		if got, want := pad.heard(), "4:100ms 2:100ms"; got != want {
			t.Errorf("heard %q behind the forwarder, want %q", got, want)
		}
		report, err := c.GetReceivers()[0].GetStats(t.Context())
		c.must(err, "GetStats")
		if in := StatsOf[*InboundRTPStreamStats](report); len(in) != 1 || in[0].PacketsLost != 0 || in[0].PacketsReceived < 90 {
			t.Errorf("the forwarded stream has no gaps: %+v", in)
		}
	})
}
