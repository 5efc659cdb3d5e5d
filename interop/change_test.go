package interop

import (
	"slices"
	"strings"
	"testing"
	"time"

	"trackway/interop/browser"
	"trackway/media"
	"trackway/signaling"
	"trackway/webrtc"
)

// Twenty tracks are added and removed during a call, by the end that offered;
// what flows already is not disturbed.
func TestAddAndRemoveTwentyTimes(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		v := x.keepVigil(base)
		begin := time.Now()

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
		v.end(begin, false)
	})
}

// A hundred times the offers of both ends cross: the polite end rolls back, the
// media flows on, and both changes are there in the end.
func TestGlareAHundredTimes(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		v := x.keepVigil(base)
		begin := time.Now()

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
		v.end(begin, true)
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
// new pair, and each frame that was sent arrives: what a packet's loss would
// take, retransmission repairs.
func TestICERestart(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		v := x.keepVigil(base)
		begin := time.Now()
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
			n := v.in.arrived()
			x.until("frames after the restart", func() bool { return v.in.arrived() > n+10 })
		}
		v.end(begin, false)
	})
}

// This end restarts ICE while the browser's offer of something else is on its
// way: whoever is polite takes its own back, and the restart takes place.
func TestICERestartMeetsAnOffer(t *testing.T) {
	each(t, func(x *rig) {
		base := x.bothSend()
		v := x.keepVigil(base)
		begin := time.Now()
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
			n := v.in.arrived()
			x.until("frames after the restart", func() bool { return v.in.arrived() > n+10 })
		}
		v.end(begin, true)
	})
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
