package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// S18: addTrack is what the specification says. Its tests that pass are in the
// committed baseline, in full where they are about addTrack; where the suite is
// at hand they are run.
func TestS18TheSpecification(t *testing.T) {
	base, err := readBaseline()
	if err != nil {
		t.Fatal(err)
	}
	all, idl := 0, 0
	for file, names := range base {
		if rest, ok := strings.CutPrefix(file, "webrtc/"); ok && !strings.Contains(rest, "/") {
			all += len(names)
			if strings.HasPrefix(rest, "idlharness") {
				idl += len(names)
			}
		}
	}
	if all < 1750 || idl < 500 {
		t.Errorf("webrtc/ has %d subtests that pass, of which %d are of the IDL; want 1750 and 500 at least", all, idl)
	}
	about := []string{}
	for _, c := range []struct {
		file  string
		tests int
	}{
		{"webrtc/RTCPeerConnection-addTrack.https.html", 12},
		{"webrtc/RTCPeerConnection-removeTrack.https.html", 14},
		{"webrtc/RTCPeerConnection-ontrack.https.html", 7},
		{"webrtc/RTCPeerConnection-onnegotiationneeded.html", 24},
		{"webrtc/RTCPeerConnection-remote-track-mute.https.html", 3},
		{"webrtc/RTCTrackEvent-constructor.html", 7},
		{"webrtc/RTCTrackEvent-fire.html", 9},
	} {
		about = append(about, c.file)
		if got := len(base[c.file]); got != c.tests {
			t.Errorf("%s: the baseline has %d subtests, want all %d", c.file, got, c.tests)
		}
	}
	dir := os.Getenv("WPT_DIR")
	if dir == "" || testing.Short() {
		return
	}
	var out bytes.Buffer
	if ok, err := run(t.Context(), options{wpt: dir, jobs: 2, baseline: "check"}, about, &out); err != nil || !ok {
		t.Errorf("a subtest of the baseline does not pass: %v\n%s", err, out.String())
	}
}
