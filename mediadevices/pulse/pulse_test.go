//go:build linux

package pulse

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trackway/media"
	"trackway/mediadevices"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server starts a PulseAudio whose only microphone hears a tone, and has
// PULSE_SERVER name it.
func server(t *testing.T) (stop func()) {
	t.Helper()
	program, err := exec.LookPath("pulseaudio")
	if err != nil {
		t.Skip("install pulseaudio to run this test")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "native")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes", "--realtime=no", "--high-priority=no",
		"-L", "module-null-sink sink_name=speaker",
		"-L", "module-sine-source source_name=tone frequency=1000 rate=48000",
		"-L", "module-native-protocol-unix auth-anonymous=1 socket="+socket)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "PULSE_STATE_PATH="+dir, "DBUS_SESSION_BUS_ADDRESS=none:")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PULSE_SERVER", "unix:"+socket)
	t.Setenv("PULSE_COOKIE", filepath.Join(dir, "none"))
	stop = func() {
		cancel()
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	// Until it answers.
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := dial()
		if err == nil {
			c.close()
			return stop
		}
		if time.Now().After(limit) {
			t.Fatalf("pulseaudio does not answer: %v", err)
		}
	}
}

func TestMicrophone(t *testing.T) {
	stop := server(t)
	list := Devices(t.Context())
	if len(list) != 1 || list[0].Kind != mediadevices.AudioInput {
		t.Fatalf("%d devices, want the tone and no monitor of a speaker", len(list))
	}
	for _, m := range list[0].Modes {
		work, err := list[0].Open(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		source := media.NewAudioSource()
		var heard []float64
		next := uint32(0)
		source.NewTrack().AddSink(&media.Sink{Audio: func(f *media.AudioFrame) {
			if f.SampleRate != m.SampleRate || f.Channels != m.Channels {
				t.Errorf("sound of %d Hz and %d channels, want %+v", f.SampleRate, f.Channels, m)
			}
			if f.Timestamp != next {
				t.Errorf("timestamp %d follows where %d was due", f.Timestamp, next)
			}
			next = f.Timestamp + uint32(len(f.Samples)/f.Channels)
			for i := 0; i < len(f.Samples); i += f.Channels {
				heard = append(heard, float64(f.Samples[i]))
			}
			if len(heard) > m.SampleRate/2 {
				cancel()
			}
		}})
		if err := work(ctx, source); ctx.Err() == nil {
			t.Fatalf("the capture ended with %v", err)
		}
		if hz := pitch(heard, m.SampleRate); math.Abs(hz-1000) > 5 {
			t.Errorf("a tone of %.0f Hz, want 1000", hz)
		}
	}

	// A server that goes away ends the capture.
	work, err := list[0].Open(t.Context(), list[0].Modes[0])
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := work(t.Context(), media.NewAudioSource()); err == nil {
		t.Error("the capture ended without an error when the server went")
	}
	if got := Devices(t.Context()); len(got) != 0 {
		t.Errorf("%d devices of a server that is not there", len(got))
	}
}

// pitch counts where the signal rises through zero, in the second half of it.
func pitch(s []float64, rate int) float64 {
	s = s[len(s)/2:]
	first, last, n := -1.0, 0.0, -1
	for i := 1; i < len(s); i++ {
		if s[i-1] < 0 && s[i] >= 0 {
			last = float64(i-1) - s[i-1]/(s[i]-s[i-1])
			if n++; first < 0 {
				first = last
			}
		}
	}
	if n < 1 {
		return 0
	}
	return float64(n) * float64(rate) / (last - first)
}
