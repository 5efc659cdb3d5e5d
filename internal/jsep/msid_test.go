package jsep

import (
	"errors"
	"strings"
	"testing"

	"trackway/internal/domerr"
)

func TestATrackIsInOneSection(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"))
	offer := a.setLocal(Offer)
	at := strings.Index(offer, "m=")
	twice := offer + strings.Replace(offer[at:], "a=mid:", "a=mid:x", 1)
	if _, _, err := b.s.SetRemote(Description{Offer, twice}); !errors.Is(err, domerr.Operation) {
		t.Errorf("two sections with one track: %v, want an OperationError", err)
	}
	b.setRemote(Offer, offer)
}
