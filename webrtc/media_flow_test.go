package webrtc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trackway/internal/rtpengine"
	"trackway/internal/udp"
	"trackway/media"
)

// clip is a source of numbered frames.
type clip struct {
	source *media.Source
	track  *media.Track
	codec  media.Codec
	rids   []string

	mu      sync.Mutex
	sent    map[string][][]byte // by rid
	wantKey map[string]bool
	asked   int
	n       int
	ts      uint32
}

var (
	vp8  = media.Codec{MimeType: "video/VP8", ClockRate: 90000}
	opus = media.Codec{MimeType: "audio/opus", ClockRate: 48000, Channels: 2}
)

func newClip(c media.Codec, rids ...string) *clip {
	if len(rids) == 0 {
		rids = []string{""}
	}
	k := &clip{source: media.NewEncodedSource(c), codec: c, rids: rids, sent: map[string][][]byte{}, wantKey: map[string]bool{}, ts: 1 << 31}
	k.track = k.source.NewTrack()
	k.source.OnKeyFrameRequest(func(rid string) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.asked++
		for _, r := range k.rids {
			if rid == "" || rid == r {
				k.wantKey[r] = true
			}
		}
	})
	return k
}

// play writes n frames in real (virtual) time.
func (k *clip) play(n int) {
	for range n {
		k.frame()
		if k.codec == vp8 {
			k.ts += 3000
			time.Sleep(time.Second / 30)
		} else {
			k.ts += 960
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// requests counts the key frame requests so far.
func (k *clip) requests() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked
}

func (k *clip) frame() {
	for i, rid := range k.rids {
		k.mu.Lock()
		key := k.n == 0 || k.wantKey[rid] || k.codec != vp8
		k.wantKey[rid] = false
		size := (3000 + k.n*7919%4000) >> i
		data := bytes.Repeat([]byte{byte(k.n), byte(i), 1}, size/3)
		if k.codec == vp8 {
			copy(data, []byte{1, 0, 0, 0x9D, 1, 0x2A, 64, 1, 240, 0})
			if key {
				data[0] = 0
			}
		} else {
			data = data[:40]
		}
		binary.BigEndian.PutUint32(data[12:], uint32(k.n))
		k.sent[rid] = append(k.sent[rid], data)
		k.mu.Unlock()
		_ = k.source.WriteFrame(&media.EncodedFrame{
			MimeType: k.codec.MimeType, Data: data, KeyFrame: key, Timestamp: k.ts, CaptureTime: time.Now(), RID: rid,
		})
	}
	k.n++
}

// tally collects the frames of a track.
type tally struct {
	mu     sync.Mutex
	frames map[string][][]byte
	infos  []media.EncodedFrame
}

func watchTrack(track *media.Track) *tally {
	c := &tally{frames: map[string][][]byte{}}
	track.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.frames[f.RID] = append(c.frames[f.RID], bytes.Clone(f.Data))
		c.infos = append(c.infos, *f)
	}})
	return c
}

func (c *tally) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.infos)
}

// got returns the frames of an encoding so far.
func (c *tally) got(rid string) [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.frames[rid])
}

// seen returns what is known of all frames so far; their data is not valid.
func (c *tally) seen() []media.EncodedFrame {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.infos)
}

// wantRun checks that got is an unbroken run of sent that begins within the
// first slack frames and, unless open, goes to the end.
func wantRun(t *testing.T, what string, got, sent [][]byte, slack int, open bool) {
	t.Helper()
	if len(got) == 0 {
		t.Errorf("%s: no frames arrived", what)
		return
	}
	start := 0
	for start < len(sent) && !bytes.Equal(sent[start], got[0]) {
		start++
	}
	if start > slack {
		t.Errorf("%s: the first frame to arrive is number %d of those sent, want one of the first %d", what, start, slack)
		return
	}
	for i := range got {
		if start+i >= len(sent) || !bytes.Equal(got[i], sent[start+i]) {
			t.Errorf("%s: frame %d differs from the one sent: frames must arrive byte for byte and in order", what, start+i)
			return
		}
	}
	if start+len(got) != len(sent) && !open {
		t.Errorf("%s: %d frames arrived of %d from the first on", what, len(got), len(sent)-start)
	}
}

func (p *peer) addr() netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, p.name[0] - 'a' + 1}) }

// lose makes both directions between a and b lose packets.
func (w *world) lose(a, b *peer, loss float64) {
	l := udp.Link{Latency: 10 * time.Millisecond, Loss: loss}
	w.sim.SetLink(a.addr(), b.addr(), l)
	w.sim.SetLink(b.addr(), a.addr(), l)
}

func TestMediaArrivesByteForByte(t *testing.T) {
	for _, loss := range []float64{0, 0.05} {
		t.Run(fmt.Sprintf("loss %v", loss), func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				video, audio := newClip(vp8), newClip(opus)
				a.addTrack(video.track)
				a.addTrack(audio.track)
				connect(a, b)
				seenVideo := watchTrack(b.GetReceivers()[0].Track())
				seenAudio := watchTrack(b.GetReceivers()[1].Track())
				var wg sync.WaitGroup
				play := func(k *clip, n int) {
					wg.Add(1)
					go func() { defer wg.Done(); k.play(n) }()
				}
				play(video, 30)
				play(audio, 50)
				wg.Wait()
				w.lose(a, b, loss)
				play(video, 300)
				play(audio, 500)
				wg.Wait()
				w.lose(a, b, 0)
				play(video, 30)
				play(audio, 50)
				wg.Wait()
				time.Sleep(3 * time.Second)
				wantRun(t, "video", seenVideo.got(""), video.sent[""], 1, false)
				if loss == 0 {
					wantRun(t, "audio", seenAudio.got(""), audio.sent[""], 1, false)
				} else if n := seenAudio.count(); n < 540 {
					t.Errorf("audio: %d of 600 frames", n)
				}
				for _, f := range seenVideo.seen() {
					if f.Width != 320 || f.Height != 240 || f.MimeType != "video/VP8" {
						t.Fatalf("frame is %s %dx%d, want video/VP8 320x240", f.MimeType, f.Width, f.Height)
					}
				}
			})
		})
	}
}

func TestRemoteTrackUnmutesWithTheFirstMedia(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		a.addTrack(video.track)
		connect(a, b)
		track := b.GetReceivers()[0].Track()
		track.OnMute(func() { b.note("mute") })
		track.OnUnmute(func() { b.note("unmute") })
		synctest.Wait()
		if !track.Muted() {
			t.Error("a remote track is muted until media arrives")
		}
		video.play(3)
		time.Sleep(time.Second)
		wantLog(t, b.only("mute", "unmute"), []string{"unmute"}, "the first media unmutes, once")
		a.must(a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionInactive), "SetDirection")
		negotiate(a, b)
		video.play(3)
		time.Sleep(time.Second)
		wantLog(t, b.only("mute", "unmute"), []string{"mute"}, "the end of the direction mutes, and nothing is sent after it")
		a.must(a.GetTransceivers()[0].SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
		negotiate(a, b)
		video.play(10)
		time.Sleep(time.Second)
		wantLog(t, b.only("mute", "unmute"), []string{"unmute"}, "media after the direction's return unmutes again")
	})
}

func TestOneTrackIsPacketisedOnceForAllPeers(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		video := newClip(vp8)
		var seen []*tally
		for range 3 {
			a, b := w.pair()
			a.trickleTo(b)
			a.addTrack(video.track)
			connect(a, b)
			seen = append(seen, watchTrack(b.GetReceivers()[0].Track()))
		}
		video.play(60)
		time.Sleep(time.Second)
		for i, s := range seen {
			wantRun(t, fmt.Sprintf("peer %d", i), s.got(""), video.sent[""], 1, false)
		}
		if n := len(feedOf(video.track).rings); n != 1 {
			t.Errorf("%d rings for one track to three peers, want 1", n)
		}
	})
}

func TestKeyFrameRequestsReachTheSource(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		a.addTrack(video.track)
		connect(a, b)
		watchTrack(b.GetReceivers()[0].Track())
		video.play(30)
		asked := video.requests()
		b.GetReceivers()[0].Track().RequestKeyFrame()
		video.play(30)
		if n := video.requests() - asked; n != 1 {
			t.Errorf("the source was asked %d times for a key frame, want once", n)
		}
	})
}

func TestRemoteTrackCanBeSentOn(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		a.addTrack(video.track)
		connect(a, b)
		remote := b.GetReceivers()[0].Track()
		// to another connection
		c, d := w.pair()
		c.addTrack(remote)
		connect(c, d)
		seen := watchTrack(d.GetReceivers()[0].Track())
		// and back through the same one
		b.addTrack(remote)
		negotiate(b, a)
		back := watchTrack(a.GetReceivers()[0].Track())
		w.lose(a, b, 0.02)
		video.play(300)
		w.lose(a, b, 0)
		video.play(30)
		time.Sleep(3 * time.Second)
		wantRun(t, "sent on", seen.got(""), video.sent[""], 30, false)
		wantRun(t, "looped back", back.got(""), video.sent[""], 30, false)
	})
}

func TestReplaceTrackNeedsNoNegotiation(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		first, second := newClip(vp8), newClip(vp8)
		second.n = 1000
		second.ts = 77
		s := a.addTrack(first.track)
		connect(a, b)
		seen := watchTrack(b.GetReceivers()[0].Track())
		first.play(30)
		a.must(s.ReplaceTrack(t.Context(), second.track), "ReplaceTrack")
		first.play(5)
		second.mu.Lock()
		second.wantKey[""] = true
		second.mu.Unlock()
		second.play(30)
		a.must(s.ReplaceTrack(t.Context(), nil), "ReplaceTrack")
		second.play(5)
		time.Sleep(time.Second)
		want := append(append([][]byte{}, first.sent[""][:30]...), second.sent[""][:30]...)
		wantRun(t, "both", seen.got(""), want, 0, false)
		infos := seen.seen()
		for i := 1; i < len(infos); i++ {
			if d := int32(infos[i].Timestamp - infos[i-1].Timestamp); d <= 0 || d > 90000 {
				t.Errorf("frame %d: the timestamp goes on by %d: it must be continuous over replaceTrack", i, d)
			}
		}
		if err := s.ReplaceTrack(t.Context(), media.NewEncodedSource(media.Codec{MimeType: "video/H266", ClockRate: 90000}).NewTrack()); !errors.Is(err, ErrInvalidModification) {
			t.Errorf("a track of a codec that was not negotiated is refused with InvalidModificationError, got %v", err)
		}
	})
}

func TestDisabledTrackSendsNothingAndResumesWithAKeyFrame(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		a.addTrack(video.track)
		connect(a, b)
		seen := watchTrack(b.GetReceivers()[0].Track())
		video.play(10)
		video.track.SetEnabled(false)
		video.play(10)
		time.Sleep(time.Second)
		if n := seen.count(); n != 10 {
			t.Errorf("%d frames arrived, want those 10 before the track was disabled", n)
		}
		video.track.SetEnabled(true)
		video.play(10)
		time.Sleep(time.Second)
		if n := seen.count(); n != 20 || !seen.seen()[10].KeyFrame {
			t.Errorf("%d frames arrived, want 10 more that begin with a key frame", n)
		}
	})
}

func TestInactiveEncodingIsNotSent(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		s := a.addTrack(video.track)
		connect(a, b)
		seen := watchTrack(b.GetReceivers()[0].Track())
		video.play(10)
		set := func(active bool) {
			p := s.GetParameters()
			p.Encodings[0].Active = active
			a.must(s.SetParameters(t.Context(), p), "SetParameters")
		}
		set(false)
		video.play(10)
		time.Sleep(time.Second)
		if n := seen.count(); n != 10 {
			t.Errorf("%d frames arrived, want 10: active is false", n)
		}
		set(true)
		video.play(10)
		time.Sleep(time.Second)
		if n := seen.count(); n < 18 || !seen.seen()[10].KeyFrame {
			t.Errorf("%d frames arrived, want about 10 more that begin with a key frame", n)
		}
	})
}

// TestSetParametersLeavesWhatThePeerPaused: "~" before a rid of the description
// has the encoding begin paused (RFC 8853 section 5.1); the program did not touch it.
func TestSetParametersLeavesWhatThePeerPaused(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8, "f", "h")
		_, err := b.AddTransceiverKind(media.Video, &RTPTransceiverInit{Direction: RTPTransceiverDirectionRecvonly, ReceiveRIDs: []string{"f", "h"}})
		b.must(err, "AddTransceiverKind")
		offer := b.offer()
		offer.SDP = strings.Replace(offer.SDP, "a=simulcast:recv f", "a=simulcast:recv ~f", 1)
		a.remote(offer)
		tr := a.GetTransceivers()[0]
		a.must(tr.SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
		a.must(tr.Sender().ReplaceTrack(t.Context(), video.track), "ReplaceTrack")
		b.remote(a.offer())
		b.wait(func() bool { return b.ConnectionState() == PeerConnectionStateConnected }, "connected")
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		frames := watchTrack(b.GetReceivers()[0].Track())
		s := tr.Sender()
		a.must(s.SetParameters(t.Context(), s.GetParameters()), "SetParameters")
		video.play(10)
		time.Sleep(100 * time.Millisecond)
		if f, h := len(frames.got("f")), len(frames.got("h")); f != 0 || h != 10 {
			t.Errorf("%d frames of the paused encoding and %d of the other arrived, want none and 10", f, h)
		}
	})
}

func TestSimulcastLayersArriveByRID(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8, "h", "l")
		_, err := b.AddTransceiverKind(media.Video, &RTPTransceiverInit{Direction: RTPTransceiverDirectionRecvonly, ReceiveRIDs: []string{"h", "l"}})
		b.must(err, "AddTransceiverKind")
		a.remote(b.offer())
		tr := a.GetTransceivers()[0]
		a.must(tr.SetDirection(RTPTransceiverDirectionSendonly), "SetDirection")
		a.must(tr.Sender().ReplaceTrack(t.Context(), video.track), "ReplaceTrack")
		b.remote(a.offer())
		b.wait(func() bool { return b.ConnectionState() == PeerConnectionStateConnected }, "connected")
		a.wait(func() bool { return a.ConnectionState() == PeerConnectionStateConnected }, "connected")
		seen := watchTrack(b.GetReceivers()[0].Track())
		video.play(60)
		time.Sleep(time.Second)
		for _, rid := range []string{"h", "l"} {
			wantRun(t, "rid "+rid, seen.got(rid), video.sent[rid], 1, false)
		}
	})
}

func TestReceiverGivesPacketsAndFrames(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video := newClip(vp8)
		a.addTrack(video.track)
		connect(a, b)
		r := b.GetReceivers()[0]
		var packets, frames int
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		wg.Add(2)
		go func() {
			defer wg.Done()
			buf := make([]byte, 1500)
			for {
				n, err := r.ReadRTP(buf)
				if errors.Is(err, io.EOF) {
					return
				}
				var p rtpengine.Packet
				if err := rtpengine.ParsePacket(buf[:n], &p); err != nil {
					t.Errorf("ReadRTP gave a packet that does not parse: %v", err)
				}
				packets++
			}
		}()
		go func() {
			defer wg.Done()
			for f, err := range r.Frames(ctx) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("Frames: %v", err)
					}
					return
				}
				video.mu.Lock()
				want := video.sent[""][frames]
				video.mu.Unlock()
				if !bytes.Equal(f.Data, want) {
					t.Errorf("frame %d differs", frames)
				}
				frames++
			}
		}()
		synctest.Wait()
		video.play(30)
		time.Sleep(time.Second)
		cancel()
		b.must(b.Close(), "Close")
		wg.Wait()
		if frames != 30 || packets < 60 {
			t.Errorf("%d frames in %d packets, want 30 in at least 60", frames, packets)
		}
	})
}

// TestReadRTPEndsWithTheTransceiver: nobody else ends a reader whose transceiver
// has left the connection, not even Close.
func TestReadRTPEndsWithTheTransceiver(t *testing.T) {
	for name, leave := range map[string]func(a, b *peer){
		"stopped here": func(a, b *peer) { b.must(b.GetTransceivers()[0].Stop(), "Stop") },
		"stopped there": func(a, b *peer) {
			a.must(a.GetTransceivers()[0].Stop(), "Stop")
			negotiate(a, b)
		},
		"rolled back": func(a, b *peer) { b.remote(SessionDescription{Type: SDPTypeRollback}) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				a.addTrack(videoTrack())
				if b.remote(a.offer()); name != "rolled back" {
					a.remote(b.offer())
				}
				r := b.GetReceivers()[0]
				ended := make(chan error, 1)
				read := func() {
					_, err := r.ReadRTP(make([]byte, 1500))
					ended <- err
				}
				check := func(which string) {
					synctest.Wait()
					select {
					case err := <-ended:
						if !errors.Is(err, io.EOF) {
							t.Errorf("%s: %v, want io.EOF", which, err)
						}
					default:
						t.Errorf("%s waits for a transceiver that has ended", which)
						r.media.reader.Load().close()
					}
				}
				go read()
				synctest.Wait()
				leave(a, b)
				check("ReadRTP")
				r.media.reader.Store(nil)
				go read()
				check("the first ReadRTP afterwards")
			})
		})
	}
}

func TestCloseSaysBye(t *testing.T) {
	for _, c := range []struct {
		what string
		end  func(a *peer)
		rule string
	}{
		// The transports stay open, so that nothing but BYE can tell.
		{"media only", func(a *peer) { a.media.close() }, "BYE mutes the remote track"},
		{"the connection", func(a *peer) { a.must(a.Close(), "Close") }, "BYE is sent before the transport closes"},
	} {
		t.Run(c.what, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				video := newClip(vp8)
				a.addTrack(video.track)
				connect(a, b)
				track := b.GetReceivers()[0].Track()
				track.OnMute(func() { b.note("mute while %s", b.ConnectionState()) })
				video.play(10)
				synctest.Wait()
				c.end(a)
				time.Sleep(100 * time.Millisecond)
				wantLog(t, b.only("mute"), []string{"mute while connected"}, c.rule)
			})
		})
	}
}
