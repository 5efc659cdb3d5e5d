package js

import (
	"strings"
	"testing"
)

// The members that are not implemented are a list to be read (go test -v), and
// one of RTCPeerConnection's must not be on it by accident.
func TestWhatIsMissing(t *testing.T) {
	missing := registry.Missing()
	t.Logf("not exposed: %s", strings.Join(missing, " "))
	for _, m := range missing {
		if m == "RTCDataChannel.priority" { // webrtc-priority is not in package webrtc
			continue
		}
		for _, whole := range []string{"RTCPeerConnection.", "RTCRtpTransceiver.", "RTCDataChannel.", "RTCIceTransport.", "RTCDtlsTransport.", "RTCTrackEvent.", "MediaStream.", "MediaStreamTrack.", "EventTarget.", "Event.", "AbortSignal."} {
			if strings.HasPrefix(m, whole) {
				t.Errorf("%s has no implementation", m)
			}
		}
	}
}
