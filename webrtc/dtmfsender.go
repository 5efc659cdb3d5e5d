package webrtc

import (
	"strings"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/internal/rtpengine"
)

// DTMFSender is RTCDTMFSender (webrtc-pc 7): it sends the tones of a telephone's
// keys as telephone events (RFC 4733), in place of the sender's sound.
type DTMFSender struct {
	sender *RTPSender

	// The connection's lock guards these.
	toneBuffer             string        // [[ToneBuffer]]
	duration, interToneGap time.Duration // [[Duration]], [[InterToneGap]]
	scheduled              bool          // a task to run the DTMF playout task steps is
	onToneChange           func(DTMFToneChangeEvent)
}

// DTMFToneChangeEvent is RTCDTMFToneChangeEvent.
type DTMFToneChangeEvent struct {
	// Tone is the character whose tone has begun, or "" when the last is over.
	Tone string
}

// The bounds and defaults of insertDTMF.
const (
	dtmfDuration, dtmfDurationLeast = 100 * time.Millisecond, 40 * time.Millisecond
	dtmfGap, dtmfGapLeast           = 70 * time.Millisecond, 30 * time.Millisecond
	dtmfMost                        = 6 * time.Second
	dtmfComma                       = 2 * time.Second
	// dtmfVolume is the tones' level in -dBm0; webrtc-pc does not say.
	dtmfVolume = 10
)

// OnToneChange sets the handler of tonechange.
func (d *DTMFSender) OnToneChange(f func(DTMFToneChangeEvent)) {
	setHandler(d.sender.pc, &d.onToneChange, f)
}

// CanInsertDTMF is the canInsertDTMF attribute: whether tones can be sent, as
// they can when the connection is connected, a track is sent, and telephone
// events were negotiated.
func (d *DTMFSender) CanInsertDTMF() bool {
	d.sender.pc.mu.Lock()
	defer d.sender.pc.mu.Unlock()
	return d.canInsertLocked()
}

// ToneBuffer is the toneBuffer attribute: the tones still to be sent.
func (d *DTMFSender) ToneBuffer() string { return get(d.sender.pc, &d.toneBuffer) }

// canInsertLocked is "determine if DTMF can be sent" (webrtc-pc 7.2).
func (d *DTMFSender) canInsertLocked() bool {
	s := d.sender
	pc, slots := s.pc, s.transceiver.slots()
	if pc.isClosed || pc.connectionState != PeerConnectionStateConnected || slots.Stopping() || s.track == nil {
		return false
	}
	if c := slots.CurrentDirection(); c != jsep.SendRecv && c != jsep.SendOnly {
		return false
	}
	if e := slots.Encodings(); len(e) > 0 && !e[0].Active {
		return false
	}
	t := s.media.target(0)
	return t != nil && t.spec.Load().sendsEvents()
}

// InsertDTMF is insertDTMF: the tones of 0 to 9, A to D (or a to d), * and # are
// sent one after the other, each for duration and with a gap between them; a
// comma is a pause of two seconds. They take the place of those that are
// waiting. Durations are held within 40 ms and 6 s, gaps within 30 ms and 6 s; 0
// means 100 ms and 70 ms.
//
// InvalidStateError unless CanInsertDTMF, InvalidCharacterError for other
// characters.
func (d *DTMFSender) InsertDTMF(tones string, duration, interToneGap time.Duration) error {
	pc := d.sender.pc
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if !d.canInsertLocked() {
		return domerr.New(domerr.InvalidState, "InsertDTMF: canInsertDTMF is false")
	}
	normal := []byte(tones)
	for i, c := range normal {
		if c >= 'a' && c <= 'd' {
			normal[i] = c - 'a' + 'A'
		} else if !strings.ContainsRune("0123456789ABCD#*,", rune(c)) {
			return domerr.New(domerr.InvalidCharacter, "InsertDTMF: %q is no tone", tones)
		}
	}
	if duration == 0 {
		duration = dtmfDuration
	}
	if interToneGap == 0 {
		interToneGap = dtmfGap
	}
	d.toneBuffer = string(normal)
	d.duration = min(max(duration, dtmfDurationLeast), dtmfMost)
	d.interToneGap = min(max(interToneGap, dtmfGapLeast), dtmfMost)
	if d.toneBuffer != "" && !d.scheduled {
		d.scheduled = true
		pc.queueLocked(d.playout)
	}
	return nil
}

// playout has the DTMF playout task steps.
func (d *DTMFSender) playout() (fire events) {
	d.scheduled = false
	if !d.canInsertLocked() {
		return nil
	}
	tone := ""
	if d.toneBuffer != "" {
		tone, d.toneBuffer = d.toneBuffer[:1], d.toneBuffer[1:]
		next := dtmfComma
		if tone != "," {
			next = d.duration + d.interToneGap
			d.play(tone[0])
		}
		d.scheduled = true
		pc := d.sender.pc
		time.AfterFunc(next, func() { pc.queueLocked(d.playout) })
	}
	return events{func() {
		if f := get(d.sender.pc, &d.onToneChange); f != nil {
			f(DTMFToneChangeEvent{Tone: tone})
		}
	}}
}

// play starts the playout of a tone.
func (d *DTMFSender) play(tone byte) {
	code, ok := rtpengine.EventCode(tone)
	if t := d.sender.media.target(0); ok && t != nil {
		t.stream.StartEvent(time.Now(), rtpengine.Event{Code: code, Volume: dtmfVolume, Duration: d.duration})
	}
}
