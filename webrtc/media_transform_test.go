package webrtc

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"trackway/media"
)

// seal is end-to-end encryption as a program would write it: the start of a
// video frame stays readable, a counter goes behind the ciphertext.
func seal(aead cipher.AEAD) FrameTransform {
	var n uint64
	return func(f *TransformFrame) {
		n++
		var nonce [12]byte
		binary.BigEndian.PutUint64(nonce[4:], n)
		clear := readable(f)
		out := aead.Seal(bytes.Clone(f.Data[:clear]), nonce[:], f.Data[clear:], f.Data[:clear])
		f.Data = append(out, nonce[:]...)
		f.Forward()
	}
}

func open(t *testing.T, aead cipher.AEAD) FrameTransform {
	return func(f *TransformFrame) {
		clear, end := readable(f), len(f.Data)-12
		out, err := aead.Open(bytes.Clone(f.Data[:clear]), f.Data[end:], f.Data[clear:end], f.Data[:clear])
		if err != nil {
			t.Errorf("a frame does not arrive as it was sealed: %v", err)
			return
		}
		f.Data = out
		f.Forward()
	}
}

func readable(f *TransformFrame) int {
	switch {
	case f.Kind == media.Audio:
		return 0
	case f.KeyFrame:
		return 10
	}
	return 3
}

func testCipher(t *testing.T) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func TestTransformsEncryptFromEndToEnd(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		aead := testCipher(t)
		video, audio := newClip(vp8), newClip(opus)
		for _, track := range []*media.Track{video.track, audio.track} {
			a.must(a.addTrack(track).SetTransform(seal(aead)), "SetTransform")
		}
		connect(a, b)
		var tallies []*tally
		for _, r := range b.GetReceivers() {
			b.must(r.SetTransform(open(t, aead)), "SetTransform")
			tallies = append(tallies, watchTrack(r.Track()))
		}
		for range 60 {
			video.frame()
			audio.frame()
			video.ts, audio.ts = video.ts+1800, audio.ts+960
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second)
		for i, k := range []*clip{video, audio} {
			got := tallies[i].got("")
			if len(got) < 50 {
				t.Fatalf("%d of 60 frames arrived", len(got))
			}
			if want := k.sent[""][60-len(got):]; !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%s: what was opened is not what was sealed", k.codec.MimeType)
			}
		}
	})
}

// frameLog collects the frames that a transform saw, and forwards them.
type frameLog struct {
	mu     sync.Mutex
	frames []*TransformFrame
}

func (l *frameLog) pass(f *TransformFrame) {
	l.mu.Lock()
	l.frames = append(l.frames, f.Clone())
	l.mu.Unlock()
	f.Forward()
}

func (l *frameLog) all() []*TransformFrame {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.frames)
}

// What a frame says of itself is the same on both sides.
func TestTransformsSeeTheSameMetadata(t *testing.T) {
	for _, codec := range []media.Codec{vp8, opus} {
		t.Run(codec.MimeType, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				a, b := w.pair()
				k := newClip(codec)
				var sent, received frameLog
				sender := a.addTrack(k.track)
				a.must(sender.SetTransform(sent.pass), "SetTransform")
				connect(a, b)
				b.must(b.GetReceivers()[0].SetTransform(received.pass), "SetTransform")
				k.play(30)
				time.Sleep(time.Second)
				out, in := sent.all(), received.all()
				if len(out) != 30 || len(in) != 30 {
					t.Fatalf("%d frames were transformed on the way out and %d on the way in, want 30 each; nobody took the track's", len(out), len(in))
				}
				encoding := sender.GetParameters()
				for i := range out {
					o, n := out[i], in[i]
					if !bytes.Equal(o.Data, n.Data) || o.Timestamp != n.Timestamp || o.SSRC != n.SSRC || o.PayloadType != n.PayloadType ||
						o.KeyFrame != n.KeyFrame || o.MimeType != n.MimeType || !slices.Equal(o.Dependencies, n.Dependencies) {
						t.Fatalf("frame %d left as %+v and arrived as %+v", i, o.EncodedFrame, n.EncodedFrame)
					}
					if o.SequenceNumber != nil || n.SequenceNumber == nil {
						t.Errorf("frame %d: incoming frames alone have a sequence number", i)
					}
					if o.PayloadType != encoding.Codecs[0].PayloadType {
						t.Errorf("payload type %d, want that of %s, %d", o.PayloadType, encoding.Codecs[0].MimeType, encoding.Codecs[0].PayloadType)
					}
					if codec == vp8 && (*o.FrameID != uint64(i) || *n.FrameID != uint64(i)) {
						t.Errorf("frame %d has the ids %d and %d", i, *o.FrameID, *n.FrameID)
					}
				}
			})
		})
	}
}

// Forward sends when it is called, from any goroutine, once; what is not
// forwarded does not arrive.
func TestTransformsMayDropAndDelay(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		k := newClip(opus)
		held := make(chan *TransformFrame, 100)
		sender := a.addTrack(k.track)
		a.must(sender.SetTransform(func(f *TransformFrame) { held <- f }), "SetTransform")
		connect(a, b)
		got := watchTrack(b.GetReceivers()[0].Track())
		k.play(20)
		time.Sleep(time.Second)
		if n := got.count(); n != 0 {
			t.Fatalf("%d frames arrived that were not forwarded", n)
		}
		for i := range 20 {
			f := <-held
			if i%2 == 1 {
				continue
			}
			if err := f.Forward(); err != nil {
				t.Errorf("Forward: %v", err)
			}
			if err := f.Forward(); !errors.Is(err, ErrInvalidState) {
				t.Errorf("a frame was forwarded twice: %v", err)
			}
		}
		time.Sleep(time.Second)
		if n := got.count(); n != 10 {
			t.Errorf("%d frames arrived of 10 that were forwarded", n)
		}
		k.play(2)
		late := <-held
		a.must(sender.SetTransform(nil), "SetTransform")
		if err := late.Forward(); !errors.Is(err, ErrInvalidState) {
			t.Errorf("a transform that was taken out still sends: %v", err)
		}
		k.play(5)
		time.Sleep(time.Second)
		if n := got.count(); n != 15 {
			t.Errorf("%d frames arrived, want 15: without a transform frames pass", n)
		}
	})
}

// A raw track has its frames transformed encoding by encoding, and a transform
// may come while it is being sent.
func TestRawTracksAreTransformed(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		stream := w.capture()
		track := stream.GetVideoTracks()[0]
		sender := a.addTrack(track, stream)
		connect(a, b)
		video := watchScreen(b.GetReceivers()[0].Track())
		time.Sleep(time.Second)
		wantPattern(t, "before", video.take(), 3)

		var log frameLog
		a.must(sender.SetTransform(log.pass), "SetTransform")
		time.Sleep(time.Second)
		frames := log.all()
		if len(frames) < 25 {
			t.Fatalf("%d frames in a second of 30", len(frames))
		}
		if f := frames[0]; !f.KeyFrame || f.Width != 320 || f.Height != 180 || len(f.Dependencies) != 0 || *f.FrameID != 0 {
			t.Errorf("the first frame is %+v, want a key frame of 320x180", f.EncodedFrame)
		}
		if f := frames[1]; f.KeyFrame || !slices.Equal(f.Dependencies, []uint64{0}) {
			t.Errorf("the second frame refers to %v, want the first", f.Dependencies)
		}
		wantPattern(t, "with a transform", video.take(), 6)

		before := len(frames)
		a.must(sender.GenerateKeyFrame(), "GenerateKeyFrame")
		time.Sleep(200 * time.Millisecond)
		key := slices.IndexFunc(log.all()[before:], func(f *TransformFrame) bool { return f.KeyFrame })
		if key < 0 {
			t.Error("no key frame came 200 ms after it was asked for")
		}
	})
}

func TestKeyFrameRequestsOfTransforms(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		video, audio := newClip(vp8), newClip(opus)
		sender, sound := a.addTrack(video.track), a.addTrack(audio.track)
		want := func(what string, err error, name error) {
			t.Helper()
			if !errors.Is(err, name) {
				t.Errorf("%s: %v, want %v", what, err, name)
			}
		}
		want("before negotiation", sender.GenerateKeyFrame(), ErrInvalidState)
		connect(a, b)
		video.play(10)
		want("of audio", sound.GenerateKeyFrame(), ErrInvalidState)
		want("of an encoding that is not there", sender.GenerateKeyFrame("q"), ErrNotFound)
		for _, rid := range []string{"", "a-b", "ä"} {
			want("of a rid that cannot be", sender.GenerateKeyFrame(rid), ErrNotAllowed)
		}
		time.Sleep(time.Second) // requests are coalesced
		n := video.requests()
		a.must(sender.GenerateKeyFrame(), "GenerateKeyFrame")
		if video.requests() != n+1 {
			t.Error("GenerateKeyFrame did not ask the source")
		}
		video.play(10)
		time.Sleep(time.Second)
		n = video.requests()
		receivers := b.GetReceivers()
		b.must(receivers[0].SendKeyFrameRequest(), "SendKeyFrameRequest")
		want("of an audio receiver", receivers[1].SendKeyFrameRequest(), ErrInvalidState)
		time.Sleep(200 * time.Millisecond)
		if video.requests() != n+1 {
			t.Error("SendKeyFrameRequest did not reach the other peer's source")
		}
		a.must(sender.ReplaceTrack(context.Background(), nil), "ReplaceTrack")
		want("without a track", sender.GenerateKeyFrame(), ErrInvalidState)
		a.must(a.Close(), "Close")
		want("on a closed connection", sender.SetTransform(func(*TransformFrame) {}), ErrInvalidState)
	})
}

// The frames of a temporal layer refer to those at or below it.
func TestDependenciesFollowTheTemporalLayers(t *testing.T) {
	var c frameCounter
	steps := []struct {
		key, sync bool
		tid       int
		want      []uint64
	}{
		{key: true, want: []uint64{}},           // 0
		{tid: 2, sync: true, want: []uint64{0}}, // 1
		{tid: 1, sync: true, want: []uint64{0}}, // 2
		{tid: 2, want: []uint64{2}},             // 3
		{tid: 0, want: []uint64{0}},             // 4
		{tid: 1, want: []uint64{4}},             // 5
		{key: true, want: []uint64{}},           // 6
		{tid: 1, want: []uint64{6}},             // 7
	}
	for i, s := range steps {
		f := &TransformFrame{}
		f.KeyFrame, f.LayerSync, f.TemporalIndex = s.key, s.sync, s.tid
		c.number(f)
		if *f.FrameID != uint64(i) || !slices.Equal(f.Dependencies, s.want) {
			t.Errorf("frame %d of layer %d has id %d and refers to %v, want %v", i, s.tid, *f.FrameID, f.Dependencies, s.want)
		}
	}
}
