package mediadevices

import (
	"context"
	"testing"

	"trackway/media"
)

func TestDiscoveredDevices(t *testing.T) {
	var there []string
	events := 0
	m := New(Options{Discover: func(context.Context) (out []*Device) {
		for _, name := range there { // new objects each time, as of a scan
			d := TestCamera(media.SystemClock)
			d.Label, d.DeviceID = name, ID("test", name)
			out = append(out, d)
		}
		return out
	}})
	m.OnDeviceChange(func() { events++ })
	labels := func() (out []string) {
		list, err := m.EnumerateDevices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if d.Kind == VideoInput {
				out = append(out, d.Label)
			}
		}
		return out
	}
	want := func(n int, names ...string) {
		t.Helper()
		got := labels()
		if len(got) != len(names)+1 || got[len(names)] != "Test picture" {
			t.Errorf("cameras %q, want %q and the test picture", got, names)
			return
		}
		for i, name := range names {
			if got[i] != name {
				t.Errorf("camera %d is %q, want %q: what the machine has comes first", i, got[i], name)
			}
		}
		if events != n {
			t.Errorf("%d devicechange events, want %d", events, n)
		}
	}
	want(0)
	there = []string{"a", "b"}
	want(1, "a", "b")
	want(1, "a", "b")
	stream, err := m.GetUserMedia(t.Context(), StreamConstraints{Video: &media.TrackConstraints{}})
	if err != nil {
		t.Fatal(err)
	}
	track := stream.GetVideoTracks()[0]
	if track.Label() != "a" {
		t.Errorf("the camera chosen is %q, want a", track.Label())
	}
	ended := make(chan struct{})
	track.OnEnded(func() { close(ended) })
	there = []string{"b"} // a is unplugged
	want(2, "b")
	<-ended
}
