package interop

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"trackway/interop/browser"
	"trackway/media"
	"trackway/web"
	"trackway/webrtc"
)

// pace is how evenly pictures arrived at a sink, and how much sound was made up.
type pace struct {
	Frames, Freezes, Width, Height int
	Longest                        float64 // ms between two pictures
	Seconds                        float64
	Concealed, Played              float64 // seconds of sound
	// Stall is the longest time in ms in which an end did not run when it wanted
	// to, and Stood all such time: the machine's, not the call's.
	Stall, Stood float64
}

// watchProcess notes how long this process stands still, until the function that
// it returns is called; that adds it to what the page stood still.
func watchProcess() func(*pace) {
	const beat = 20 * time.Millisecond
	done, told := make(chan struct{}), make(chan [2]float64)
	go func() {
		var stall, stood time.Duration
		for woke := time.Now(); ; {
			select {
			case <-done:
				told <- [2]float64{stall.Seconds() * 1000, stood.Seconds() * 1000}
				return
			case <-time.After(beat):
			}
			now := time.Now()
			late := now.Sub(woke) - beat
			woke = now
			stall = max(stall, late)
			if late > beat {
				stood += late
			}
		}
	}()
	return func(p *pace) {
		close(done)
		t := <-told
		p.Stall += t[0]
		p.Stood += t[1]
	}
}

// freezeLimit is what a page's own count calls a freeze.
const freezeLimit = 200 * time.Millisecond

// demand is how long a test looks, and what has to be seen.
type demand struct {
	length, freeze time.Duration
	lines, bitrate int     // of the picture; what so many lines are coded with, in bit/s
	rate           float64 // pictures per second
}

// paceDemand is that of make endurance, which sets TRACKWAY_ENDURANCE and wants
// a quiet machine, or else a look of a few seconds: on a busy one fewer and
// smaller pictures are right.
func paceDemand(t *testing.T) demand {
	v := os.Getenv("TRACKWAY_ENDURANCE")
	if v == "" {
		return demand{length: 3 * time.Second, freeze: time.Second, lines: 360, bitrate: 200_000, rate: 8}
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		t.Fatalf("TRACKWAY_ENDURANCE: %v", err)
	}
	return demand{length: d, freeze: freezeLimit, lines: 720, bitrate: 950_000, rate: 25}
}

// Live VP8 of 1280×720 at 30 frames per second, and Opus, run without a freeze:
// from Trackway to each browser, and from each browser to Trackway. Each way by
// itself: a browser that codes and decodes 720p in software, beside a program
// that does the same, is more than two cores can do.
func TestLiveMediaRunsEvenly(t *testing.T) {
	want := paceDemand(t)
	for _, kind := range kinds {
		for _, from := range []string{"Trackway", "the browser"} {
			t.Run(string(kind)+"/from "+from, func(t *testing.T) {
				x := start(t, enter(t, kind, "", browser.Options{}), kind, true)
				var cancel context.CancelFunc
				x.ctx, cancel = context.WithTimeout(t.Context(), want.length+testTimeout)
				defer cancel()
				if from == "Trackway" {
					x.sendEvenly(want)
				} else {
					x.receiveEvenly(want)
				}
			})
		}
	}
}

func (x *rig) sendEvenly(want demand) {
	sources, stop, err := web.Live(x.ctx, web.LiveOptions{Width: 1280, Height: 720})
	if err != nil {
		x.Fatal(err)
	}
	defer stop()
	stream := media.NewStream()
	x.add(sources[0].Track, stream)
	x.add(sources[2].Track, stream)
	var p pace
	// The bandwidth is explored first, and the picture may be smaller until it
	// has been enough for its lines for a while.
	since := time.Now()
	x.within(15*time.Second, fmt.Sprintf("a target for pictures of %d lines, for 1.5 s", want.lines), func() bool {
		report, err := x.pc.GetStats(x.ctx, nil)
		if err != nil {
			x.Fatal(err)
		}
		for _, out := range webrtc.StatsOf[*webrtc.OutboundRTPStreamStats](report) {
			if out.FrameHeight != nil && int(*out.FrameHeight) >= want.lines && out.TargetBitrate != nil && *out.TargetBitrate > want.bitrate {
				return time.Since(since) > 1500*time.Millisecond
			}
		}
		since = time.Now()
		return false
	})
	stood := watchProcess()
	x.eval(&p, measureJS+`
		const v = await arrived("video"), a = await arrived("audio");
		const video = T.play(v.track, a.track);
		video.muted = false;
		await T.until("a large picture", () => video.videoHeight >= args.lines);
		const sound = async () => {
			const s = await T.inbound(peer.pc, a.track);
			return [s.concealedSamples - (s.silentConcealedSamples ?? 0), s.totalSamplesReceived];
		};
		const before = await sound();
		const stop = M.pace(video);
		await T.sleep(args.ms);
		const r = stop(), after = await sound();
		return { ...r, concealed: (after[0] - before[0]) / 48000, played: (after[1] - before[1]) / 48000 };`,
		browser.Args{"ms": want.length.Milliseconds(), "lines": want.lines})
	stood(&p)
	x.judge("from Trackway, in "+string(x.kind), p, want)
}

func (x *rig) receiveEvenly(want demand) {
	x.eval(nil, measureJS+`
		const picture = M.camera(1280, 720);
		const sent = new MediaStream([picture, await T.tone()]);
		for (const track of sent.getTracks()) {
			const sender = peer.pc.addTrack(track, sent);
			if (track !== picture) continue;
			// No smaller pictures while the bandwidth is explored.
			picture.contentHint = "detail";
			const p = sender.getParameters();
			p.degradationPreference = "maintain-resolution";
			await sender.setParameters(p).catch(() => {}); // not every browser has it
		}`, nil)
	meter := new(paceMeter)
	v, a := x.arrived(media.Video, 0), x.arrived(media.Audio, 0)
	defer v.Track.AddSink(&media.Sink{Video: meter.picture})()
	defer a.Track.AddSink(&media.Sink{Audio: meter.sound})()
	x.until("large pictures", func() bool { return meter.height() >= want.lines })
	sound := func() (made, played float64) {
		report, err := a.Receiver.GetStats(x.ctx)
		if err != nil {
			x.Fatal(err)
		}
		for _, in := range webrtc.StatsOf[*webrtc.InboundRTPStreamStats](report) {
			if in.ConcealedSamples != nil {
				return float64(*in.ConcealedSamples-*in.SilentConcealedSamples) / 48000, float64(*in.TotalSamplesReceived) / 48000
			}
		}
		return 0, 0
	}
	made, played := sound()
	meter.begin()
	stood := watchProcess()
	var theirs struct{ Stall, Stood float64 }
	x.eval(&theirs, measureJS+`
		const stop = M.pace(document.createElement("video"));
		await T.sleep(args.ms);
		return stop();`, browser.Args{"ms": want.length.Milliseconds()})
	p := meter.end()
	p.Stall, p.Stood = theirs.Stall, theirs.Stood
	stood(&p)
	made2, played2 := sound()
	p.Concealed, p.Played = made2-made, played2-played
	x.judge("from "+string(x.kind)+", in Trackway", p, want)
}

// judge prints how evenly the media ran, and fails on a freeze that is not the
// machine's own.
func (x *rig) judge(way string, p pace, want demand) {
	x.Helper()
	rate := float64(p.Frames) / p.Seconds
	fmt.Printf("live %d×%d %s: %d pictures in %.1f s (%.1f per second), %.0f ms between two at most, %.0f ms of %.1f s of sound made up; the machine stood still for %.0f ms, %.0f at once\n",
		p.Width, p.Height, way, p.Frames, p.Seconds, rate, p.Longest, p.Concealed*1000, p.Played, p.Stood, p.Stall)
	if p.Height < want.lines {
		x.Errorf("%s: pictures of %d×%d", way, p.Width, p.Height)
	}
	if limit := float64(want.freeze.Milliseconds()) + p.Stall; p.Longest > limit {
		x.Errorf("%s: the picture froze for %.0f ms (%d times for more than %v)", way, p.Longest, p.Freezes, freezeLimit)
	}
	if ran := p.Seconds - p.Stood/1000; float64(p.Frames) < want.rate*ran {
		x.Errorf("%s: %.1f pictures per second, want %.0f; the machine stood still for %.0f ms", way, rate, want.rate, p.Stood)
	}
	if p.Seconds < want.length.Seconds()*0.9 {
		x.Errorf("%s: watched for %.1f s of %v", way, p.Seconds, want.length)
	}
}

// paceMeter is pace at a sink of ours.
type paceMeter struct {
	mu    sync.Mutex
	p     pace
	since time.Time
	last  time.Time
}

func (m *paceMeter) picture(f *media.VideoFrame) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if gap := now.Sub(m.last); !m.last.IsZero() {
		m.p.Longest = max(m.p.Longest, gap.Seconds()*1000)
		if gap > freezeLimit {
			m.p.Freezes++
		}
	}
	m.last = now
	m.p.Frames++
	m.p.Width, m.p.Height = f.Width, f.Height
}

// sound has the sound decoded; the statistics tell how much of it was made up.
func (m *paceMeter) sound(*media.AudioFrame) {}

func (m *paceMeter) height() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.p.Height
}

func (m *paceMeter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p, m.since, m.last = pace{}, time.Now(), time.Time{}
}

func (m *paceMeter) end() pace {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.p.Longest = max(m.p.Longest, now.Sub(m.last).Seconds()*1000)
	m.p.Seconds = now.Sub(m.since).Seconds()
	return m.p
}
