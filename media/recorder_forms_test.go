package media_test

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"trackway/container"
	"trackway/container/probe"
	"trackway/internal/ffprobe"
	"trackway/internal/testfilm"
	"trackway/media"
)

// frames are two seconds of a codec, coded by somebody else.
func frames(t *testing.T, name string, args ...string) []container.Packet {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	ffprobe.Make(t, append(append([]string{"-f", "lavfi", "-i", "testsrc2=size=160x96:rate=25:duration=2", "-pix_fmt", "yuv420p", "-g", "25"}, args...), path)...)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := probe.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return packets(t, r, 0, 2*time.Second)
}

func packets(t *testing.T, r container.Reader, track int, until time.Duration) (list []container.Packet) {
	t.Helper()
	for {
		p, err := r.ReadPacket()
		if errors.Is(err, io.EOF) || err == nil && p.Time >= until {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Track == track {
			list = append(list, p)
		}
	}
}

func film(t *testing.T, track int) []container.Packet {
	t.Helper()
	r, err := testfilm.Open()
	if err != nil {
		t.Fatal(err)
	}
	return packets(t, r, track, 2*time.Second)
}

// A track is recorded as it is whether it gives frames or packets, which may
// come out of order and twice, and whatever the codec. What packetises here is
// not ours, and who looks at the file is not either.
func TestRecordingOfEveryCodecFromFramesAndPackets(t *testing.T) {
	for _, c := range []struct {
		codec   string
		mime    string
		clock   uint32
		frames  func(t *testing.T) []container.Packet
		payload rtp.Payloader
	}{
		{"vp8", "video/VP8", 90000, func(t *testing.T) []container.Packet { return film(t, 0) }, &codecs.VP8Payloader{EnablePictureID: true}},
		{"opus", "audio/opus", 48000, func(t *testing.T) []container.Packet { return film(t, 1) }, &codecs.OpusPayloader{}},
		{"h264", "video/H264", 90000, func(t *testing.T) []container.Packet {
			return frames(t, "x.h264", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline")
		}, &codecs.H264Payloader{}},
		{"vp9", "video/VP9", 90000, func(t *testing.T) []container.Packet {
			return frames(t, "x.ivf", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
		}, &codecs.VP9Payloader{}},
		{"av1", "video/AV1", 90000, func(t *testing.T) []container.Packet {
			return frames(t, "x.ivf", "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime")
		}, &codecs.AV1Payloader{}},
	} {
		t.Run(c.codec, func(t *testing.T) {
			list := c.frames(t)
			for _, form := range []media.Form{media.Encoded, media.RTP} {
				var e *events
				synctest.Test(t, func(t *testing.T) {
					kind := media.Codec{MimeType: c.mime, ClockRate: c.clock}
					source := media.NewEncodedSource(kind)
					write := func(p container.Packet, timestamp uint32) {
						_ = source.WriteFrame(&media.EncodedFrame{MimeType: c.mime, Data: p.Data, KeyFrame: p.KeyFrame, Timestamp: timestamp})
					}
					if form == media.RTP {
						source = media.NewRTPSource(kind)
						w := &packetWriter{source: source, payload: c.payload, sequence: 65500}
						write = w.write
					}
					r, ev := record(t, media.NewStream(source.NewTrack()), media.RecorderOptions{})
					e = ev
					if err := r.Start(0); err != nil {
						t.Fatal(err)
					}
					begin := time.Now()
					for _, p := range list {
						time.Sleep(time.Until(begin.Add(p.Time)))
						write(p, uint32(1<<32-90000+int64(p.Time)*int64(c.clock)/int64(time.Second)))
					}
					time.Sleep(200 * time.Millisecond)
					r.Stop()
					synctest.Wait()
					if len(e.errs) > 0 {
						t.Errorf("%v: %v", form, e.errs)
					}
				})
				path := save(t, "recording", e.file)
				f := ffprobe.Probe(t, path)
				if len(f.Streams) != 1 || f.Streams[0].Codec != c.codec {
					t.Fatalf("%v: streams %+v, want %s", form, f.Streams, c.codec)
				}
				if len(f.Packets) != len(list) {
					t.Errorf("%v: %d packets in the file, want the %d that were sent", form, len(f.Packets), len(list))
				}
				length := (list[len(list)-1].Time + list[1].Time - list[0].Time).Seconds()
				if math.Abs(f.Duration()-length) > 0.05 {
					t.Errorf("%v: the file lasts %.3f s, want %.3f", form, f.Duration(), length)
				}
				for i := range min(len(f.Packets), len(list)) {
					if at := list[i].Time.Seconds(); math.Abs(f.Packets[i].Seconds()-at) > 0.002 {
						t.Fatalf("%v: frame %d is at %v s, want %v", form, i, f.Packets[i].Seconds(), at)
					}
				}
				ffprobe.Decode(t, path)
			}
		})
	}
}

// A remote track tells its codec with its first packet only.
func TestRecordingOfARemoteTrackThatHasNoPacketYet(t *testing.T) {
	for _, c := range []struct{ codec, want string }{
		{"video/VP8", "video/webm;codecs=vp8,opus"}, {"video/H264", "video/x-matroska;codecs=avc1,opus"},
	} {
		synctest.Test(t, func(t *testing.T) {
			list := film(t, 0)
			if c.codec == "video/H264" {
				list = frames(t, "x.h264", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline")
			}
			video, picture := media.NewRemoteTrack(media.Video, "", "", nil)
			audio, sound := media.NewRemoteTrack(media.Audio, "", "", nil)
			video.SetMuted(false)
			audio.SetMuted(false)
			r, e := record(t, media.NewStream(picture, sound), media.RecorderOptions{})
			if err := r.Start(0); err != nil {
				t.Fatal(err)
			}
			for i, p := range list[:10] {
				_ = audio.WriteFrame(&media.EncodedFrame{MimeType: "audio/opus", Data: []byte{0xF8, 0xFF, 0xFE}, Timestamp: uint32(i * 1920)})
				_ = video.WriteFrame(&media.EncodedFrame{MimeType: c.codec, Data: p.Data, KeyFrame: p.KeyFrame, Timestamp: uint32(i * 3600)})
				time.Sleep(40 * time.Millisecond)
			}
			r.Stop()
			synctest.Wait()
			if len(e.errs) > 0 || r.MimeType() != c.want {
				t.Errorf("%s: recorded as %q with errors %v, want %q", c.codec, r.MimeType(), e.errs, c.want)
			}
		})
	}
}

// packetWriter sends frames as packets: every other pair of them in the wrong
// order, and every seventh packet twice.
type packetWriter struct {
	source   *media.Source
	payload  rtp.Payloader
	sequence uint16
	held     *media.RTPPacket
	count    int
}

func (w *packetWriter) write(p container.Packet, timestamp uint32) {
	payloads := w.payload.Payload(300, p.Data)
	for i, b := range payloads {
		w.send(&media.RTPPacket{Marker: i == len(payloads)-1, SequenceNumber: w.sequence, Timestamp: timestamp, SSRC: 7, PayloadType: 111, Payload: b})
		w.sequence++
	}
	if w.held != nil { // a frame does not wait for the next
		_ = w.source.WriteRTP(w.held)
		w.held = nil
	}
}

func (w *packetWriter) send(p *media.RTPPacket) {
	w.count++
	if w.held == nil && w.count%4 == 0 {
		w.held = p
		return
	}
	_ = w.source.WriteRTP(p)
	if w.held != nil {
		_ = w.source.WriteRTP(w.held)
		w.held = nil
	}
	if w.count%7 == 0 {
		_ = w.source.WriteRTP(p)
	}
}

// After a loss a recording of packets asks for a key frame and goes on with it.
func TestRecordingOfPacketsSurvivesLoss(t *testing.T) {
	list := film(t, 0)
	var e *events
	asked := 0
	synctest.Test(t, func(t *testing.T) {
		source := media.NewRTPSource(media.Codec{MimeType: "video/VP8", ClockRate: 90000})
		source.OnKeyFrameRequest(func(string) { asked++ })
		r, ev := record(t, media.NewStream(source.NewTrack()), media.RecorderOptions{})
		e = ev
		if err := r.Start(0); err != nil {
			t.Fatal(err)
		}
		w := &packetWriter{source: source, payload: &codecs.VP8Payloader{EnablePictureID: true}}
		for i, p := range list {
			if i == 10 {
				w.sequence++ // a packet that never comes
			}
			w.write(p, uint32(i*3000))
			time.Sleep(time.Second / 30)
		}
		r.Stop()
		synctest.Wait()
	})
	path := save(t, "recording.webm", e.file)
	f := ffprobe.Probe(t, path)
	if n := len(f.Packets); n != 10+30 {
		t.Errorf("%d frames, want the 10 before the loss and the 30 from the next key frame on", n)
	}
	if asked < 2 {
		t.Errorf("%d key frames were asked for, want one at the start and one after the loss", asked)
	}
	ffprobe.Decode(t, path)
}
