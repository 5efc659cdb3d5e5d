package interop

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trackway/interop/browser"
	"trackway/media"
	"trackway/signaling"
	"trackway/webrtc"
)

// How long the media of a track may pause while others come and go. The
// picture has 20 or 30 frames a second. A machine with two cores that runs two
// browsers may stop all of them for a moment, and that must not fail the test;
// a negotiation that disturbed what flows would do so each time.
const (
	pauseLimit = 2 * time.Second
	// longPause is what disturbs; mostLong pauses of that length are let pass.
	longPause = 400 * time.Millisecond
	mostLong  = 3
)

// frameWatch measures the longest pause between the frames of a track.
type frameWatch struct {
	mu      sync.Mutex
	last    time.Time
	longest time.Duration
	long    int
	frames  int
	remove  func()
}

func watchFrames(t *media.Track) *frameWatch {
	w := &frameWatch{}
	w.remove = t.AddSink(&media.Sink{Encoded: func(*media.EncodedFrame) {
		w.mu.Lock()
		defer w.mu.Unlock()
		now := time.Now()
		if !w.last.IsZero() {
			pause := now.Sub(w.last)
			w.longest = max(w.longest, pause)
			if pause > longPause {
				w.long++
			}
		}
		w.last = now
		w.frames++
	}})
	return w
}

func (w *frameWatch) stop() (frames, long int, longest time.Duration) {
	w.remove()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frames, w.long, max(w.longest, time.Since(w.last))
}

// watched is what the script watch found.
type watched struct{ Longest, Long, Frames, Restarts, Elapsed int }

// wantBothUninterrupted ends both watches. rolledBack is whether the browser
// took offers of its own back.
func (x *rig) wantBothUninterrupted(ours *frameWatch, begin time.Time, rolledBack bool) {
	x.Helper()
	var theirs watched
	x.eval(&theirs, `return await peer.stop()`, nil)
	frames, long, longest := ours.stop()
	x.wantUninterrupted("the browser's picture", frames, long, longest, time.Since(begin))
	if theirs.Restarts > 0 {
		x.Logf("the browser began to decode anew %d times", theirs.Restarts)
	}
	// A Firefox that takes an offer back drops its decoder and waits for a key
	// frame; two Firefoxes that call each other do the same. What is sent goes
	// on: the picture is back with the key frame that is asked for.
	if longest := time.Duration(theirs.Longest) * time.Millisecond; x.kind == browser.Firefox && rolledBack {
		x.Logf("this program's picture: %d frames, longest pause %v", theirs.Frames, longest)
		if longest > 3*time.Second {
			x.Errorf("a picture must be back with the next key frame: it paused for %v", longest)
		}
		return
	}
	x.wantUninterrupted("this program's picture", theirs.Frames, theirs.Long, time.Duration(theirs.Longest)*time.Millisecond, time.Duration(theirs.Elapsed)*time.Millisecond)
}

func (x *rig) wantUninterrupted(who string, frames, long int, longest, elapsed time.Duration) {
	x.Helper()
	x.Logf("%s: %d frames in %v, longest pause %v", who, frames, elapsed.Round(time.Millisecond), longest.Round(time.Millisecond))
	if longest > pauseLimit || long > mostLong {
		x.Errorf("the media of other tracks must not be interrupted: %s paused for up to %v (limit %v), %d times for more than %v", who, longest, pauseLimit, long, longPause)
	}
	if least := int(elapsed.Seconds() * 10); frames < least {
		x.Errorf("the media of other tracks must not be interrupted: %s had %d frames in %v (at least %d wanted)", who, frames, elapsed, least)
	}
}

// bothSend has each end send a picture, and waits until both arrive.
func (x *rig) bothSend() webrtc.TrackEvent {
	x.Helper()
	if x.goOffers {
		x.add(x.clipTrack(media.Video), media.NewStream())
		x.eval(nil, `await arrived("video"); peer.pc.addTrack(T.picture("#c02060"), new MediaStream())`, nil)
	} else {
		x.eval(nil, `peer.pc.addTrack(T.picture("#c02060"), new MediaStream())`, nil)
		x.arrived(media.Video, 0)
		x.add(x.clipTrack(media.Video), media.NewStream())
	}
	x.eval(nil, `
		peer.base = (await arrived("video")).track;
		T.play(peer.base);
		await T.until("frames decode", async () => await T.frames(peer.pc, peer.base) > 10);`, nil)
	e := x.arrived(media.Video, 0)
	x.until("unmute", func() bool { return !e.Track.Muted() })
	x.settled()
	return e
}

// Twenty tracks are added and removed during a call, by the end that offered;
// what flows already is not disturbed.
func TestAddAndRemoveTwentyTimes(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		ours := watchFrames(base.Track)
		begin := time.Now()
		x.eval(nil, `peer.stop = watch(peer.pc, peer.base)`, nil)

		for i := range 20 {
			kind := []media.Kind{media.Video, media.Audio}[i%2]
			if x.goOffers {
				sender := x.add(x.clipTrack(kind), media.NewStream())
				x.eval(nil, `
					const {track} = await T.until("the new track", () => peer.tracks[args.n]);
					await T.until("its media", () => !track.muted);`, browser.Args{"n": i + 1})
				if err := x.pc.RemoveTrack(sender); err != nil {
					x.Fatal(err)
				}
				x.eval(nil, `await T.until("S6: mute", () => peer.tracks[args.n].track.muted)`, browser.Args{"n": i + 1})
			} else {
				x.eval(nil, `
					const track = args.kind === "video" ? T.picture("#2060c0") : await T.tone();
					peer.sender = peer.pc.addTrack(track, new MediaStream());`, browser.Args{"kind": string(kind)})
				var e webrtc.TrackEvent
				x.until("the new track", func() bool {
					x.mu.Lock()
					defer x.mu.Unlock()
					if len(x.tracks) > i+1 {
						e = x.tracks[i+1]
					}
					return e.Track != nil
				})
				x.until("its media", func() bool { return !e.Track.Muted() })
				x.eval(nil, `peer.sender.track.stop(); peer.pc.removeTrack(peer.sender)`, nil)
				x.until("S6: mute", e.Track.Muted)
			}
		}
		x.settled()
		x.wantBothUninterrupted(ours, begin, false)
	})
}

// A hundred times the offers of both ends cross: the polite end rolls back, the
// media flows on, and both changes are there in the end.
func TestGlareAHundredTimes(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		ours := watchFrames(base.Track)
		begin := time.Now()
		x.eval(nil, `peer.stop = watch(peer.pc, peer.base)`, nil)

		// Each end starts and stops to send on a transceiver of its own.
		mine, err := x.pc.AddTransceiver(x.clipTrack(media.Audio), &webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			x.Fatal(err)
		}
		x.settled()
		x.eval(nil, `peer.own = peer.pc.addTransceiver(await T.tone(), {direction: "sendonly"})`, nil)
		x.settled()

		const rounds = 100
		before := x.count(signaling.RolledBack) + x.count(signaling.Ignored)
		for i := range rounds {
			direction := []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionInactive, webrtc.RTPTransceiverDirectionSendonly}[i%2]
			x.gate.collide()
			x.eval(nil, `peer.own.direction = args.direction`, browser.Args{"direction": string(direction)})
			x.until("the browser's offer", x.gate.theirs)
			if err := mine.SetDirection(direction); err != nil {
				x.Fatal(err)
			}
			x.eval(nil, `await T.until("the browser's change", () => peer.own.currentDirection === args.direction && peer.pc.signalingState === "stable")`,
				browser.Args{"direction": string(direction)})
			x.until("this program's change", func() bool {
				return mine.CurrentDirection() == direction && x.pc.SignalingState() == webrtc.SignalingStateStable
			})
			x.quiet()
		}
		x.settled()
		if n := x.count(signaling.RolledBack) + x.count(signaling.Ignored) - before; n < rounds {
			x.Errorf("%d of %d offers crossed", n, rounds)
		}
		x.wantBothUninterrupted(ours, begin, x.goOffers)
	})
}

func (x *rig) count(k signaling.StepKind) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.steps[k]
}

// quiet waits until neither end has anything left to negotiate.
func (x *rig) quiet() {
	x.Helper()
	for {
		before := x.count(signaling.Sent) + x.count(signaling.Received)
		x.eval(nil, `
			await T.until("stable", () => peer.pc.signalingState === "stable");
			await T.sleep(10);
			await T.until("stable", () => peer.pc.signalingState === "stable");`, nil)
		x.until("stable", func() bool { return x.pc.SignalingState() == webrtc.SignalingStateStable })
		if x.count(signaling.Sent)+x.count(signaling.Received) == before {
			return
		}
	}
}

// Each end restarts ICE while pictures flow both ways: new credentials and a
// new pair, and no frame is lost beyond what retransmission repairs.
func TestICERestart(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		ours := watchFrames(base.Track)
		begin := time.Now()
		x.eval(nil, `
			peer.stop = watch(peer.pc, peer.base);
			const s = await T.inbound(peer.pc, peer.base);
			peer.before = {dropped: s.framesDropped ?? 0, lost: s.packetsLost};`, nil)
		ufrag := func() string { return sdpLine(x.pc.CurrentLocalDescription().SDP, "a=ice-ufrag:") }
		for range 3 {
			old := ufrag()
			if x.goOffers {
				x.pc.RestartICE()
			} else {
				x.eval(nil, `peer.pc.restartIce()`, nil)
			}
			x.until("new credentials", func() bool { return ufrag() != old })
			x.settled()
			x.eval(nil, `await T.until("connected", () => /connected|completed/.test(peer.pc.iceConnectionState))`, nil)
			x.until("connected", func() bool { return x.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
			n, _ := ours.count()
			x.until("frames after restart", func() bool { m, _ := ours.count(); return m > n+10 })
		}
		var loss struct{ Lost, Repaired, Dropped int }
		x.eval(&loss, `
			const s = await T.inbound(peer.pc, peer.base);
			return {lost: s.packetsLost - peer.before.lost, repaired: s.retransmittedPacketsReceived ?? 0, dropped: (s.framesDropped ?? 0) - peer.before.dropped};`, nil)
		x.wantBothUninterrupted(ours, begin, false)
		if loss.Lost > 0 {
			x.Errorf("no packet may be lost beyond what NACK repairs: %+v", loss)
		}
	})
}

// This end restarts ICE while the browser's offer of something else is on its
// way: whoever is polite takes its own back, and the restart takes place.
func TestICERestartMeetsAnOffer(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		ours := watchFrames(base.Track)
		ufrag := func() string { return sdpLine(x.pc.CurrentLocalDescription().SDP, "a=ice-ufrag:") }
		for range 3 {
			old, sections := ufrag(), len(x.pc.GetTransceivers())
			x.gate.collide()
			x.eval(nil, `peer.pc.addTransceiver("audio")`, nil)
			x.until("the browser's offer", x.gate.theirs)
			x.pc.RestartICE()
			x.until("new credentials", func() bool { return ufrag() != old })
			x.until("the browser's transceiver", func() bool { return len(x.pc.GetTransceivers()) == sections+1 })
			x.settled()
			x.until("connected", func() bool { return x.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
			n, _ := ours.count()
			x.until("frames after the restart", func() bool { m, _ := ours.count(); return m > n+10 })
		}
		limit := pauseLimit
		if x.kind == browser.Firefox && x.goOffers {
			limit = 3 * time.Second // it rolls back, see wantBothUninterrupted
		}
		if frames, _, longest := ours.stop(); longest > limit {
			x.Errorf("the browser's picture must not be interrupted: %d frames, longest pause %v", frames, longest)
		}
	})
}

func (w *frameWatch) count() (int, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frames, w.longest
}

func sdpLine(sdp, prefix string) string {
	for line := range strings.Lines(sdp) {
		if v, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func mLines(sdp string) []string {
	var list []string
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "m=") {
			kind, rest, _ := strings.Cut(line[2:], " ")
			port, _, _ := strings.Cut(rest, " ")
			list = append(list, kind+" "+map[bool]string{true: "off", false: "on"}[port == "0"])
		}
	}
	return list
}

// A stopped transceiver's m-section is used by the next track, whichever end
// adds it, so that descriptions do not grow.
func TestMSectionsAreRecycled(t *testing.T) {
	each(t, func(x *rig) {
		x.bothSend()
		var senders []*webrtc.RTPSender
		for i := range 6 {
			kind := []media.Kind{media.Video, media.Audio}[i%2]
			if x.goOffers {
				senders = append(senders, x.add(x.clipTrack(kind)))
				x.eval(nil, `
					const {track} = await T.until("the new track", () => peer.tracks[args.n]);
					await T.until("its media", () => !track.muted);`, browser.Args{"n": i + 1})
				for _, tr := range x.pc.GetTransceivers() {
					if tr.Sender() == senders[i] {
						if err := tr.Stop(); err != nil {
							x.Fatal(err)
						}
					}
				}
				x.eval(nil, `await T.until("ended", () => peer.tracks[args.n].track.readyState === "ended")`, browser.Args{"n": i + 1})
			} else {
				x.eval(nil, `
					const track = args.kind === "video" ? T.picture("#2060c0") : await T.tone();
					const sender = peer.pc.addTrack(track);
					peer.own = peer.pc.getTransceivers().find((t) => t.sender === sender);`, browser.Args{"kind": string(kind)})
				var e webrtc.TrackEvent
				x.until("the new track", func() bool {
					x.mu.Lock()
					defer x.mu.Unlock()
					if len(x.tracks) > i+1 {
						e = x.tracks[i+1]
					}
					return e.Track != nil
				})
				x.until("its media", func() bool { return !e.Track.Muted() })
				x.eval(nil, `peer.own.stop()`, nil)
				x.until("ended", func() bool { return e.Track.ReadyState() == media.Ended })
			}
			x.settled()
		}
		lines := mLines(x.pc.CurrentLocalDescription().SDP)
		var theirs string
		x.eval(&theirs, `return peer.pc.currentLocalDescription.sdp`, nil)
		if got := mLines(theirs); !slices.Equal(got, lines) {
			x.Errorf("both descriptions must have the same m-sections: %v and %v", lines, got)
		}
		if len(lines) > 3 {
			x.Errorf("six tracks, one after the other, must share one m-section: %v", lines)
		}
	})
}
