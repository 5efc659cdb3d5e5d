package jsep

import (
	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// How much of a kind a remote description may have. No real one comes near; what
// is bounded is the work that a hostile one makes, which for some lists is the
// product of two.
const (
	maxSections   = 2000
	maxListed     = 256
	maxTransport  = 32
	maxCandidates = 1000
)

// checkHeaderSize refuses a description with absurdly many m-sections, groups or
// transport attributes.
func checkHeaderSize(session *sdp.Session, sections int) error {
	switch {
	case sections > maxSections:
		return domerr.New(domerr.Operation, "the description has %d m-sections, and %d is the most that is taken", sections, maxSections)
	case len(session.Groups) > maxSections:
		return domerr.New(domerr.Operation, "the description has %d groups, and %d is the most that is taken", len(session.Groups), maxSections)
	case crowded(&session.Transport):
		return domerr.New(domerr.Operation, "the description has more than %d fingerprints or ICE options", maxTransport)
	}
	return nil
}

// checkSectionSize does the same within an m-section. Sources have no limit, since
// nothing compares them in pairs, and candidates too many are ignored.
func checkSectionSize(m *sdp.Media, i int) error {
	streams := 0
	if m.Simulcast != nil {
		for _, list := range [][][]sdp.SimulcastStream{m.Simulcast.Send, m.Simulcast.Recv} {
			for _, alternatives := range list {
				streams += len(alternatives)
			}
		}
	}
	if n := max(len(m.MSIDs), len(m.Extmaps), len(m.RIDs), streams); n > maxListed {
		return domerr.New(domerr.Operation, "m-section %d has %d lines or rids of a kind, and %d is the most that is taken", i, n, maxListed)
	}
	if crowded(&m.Transport) {
		return domerr.New(domerr.Operation, "m-section %d has more than %d fingerprints or ICE options", i, maxTransport)
	}
	return nil
}

func crowded(t *sdp.Transport) bool {
	return max(len(t.Fingerprints), len(t.ICEOptions)) > maxTransport
}
