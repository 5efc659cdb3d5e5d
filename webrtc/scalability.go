package webrtc

import (
	"strings"

	"trackway/internal/domerr"
)

// isScalabilityMode reports whether a name is one of webrtc-svc section 6: L or
// S for the relation of the spatial layers, the numbers of layers, and how they
// depend on each other.
func isScalabilityMode(s string) bool {
	if len(s) < 4 || s[2] != 'T' || s[3] < '1' || s[3] > '3' {
		return false
	}
	spatial, rest := s[:2], s[4:]
	switch spatial {
	case "L1":
		return rest == ""
	case "L2", "L3":
		return rest == "" || rest == "h" || rest == "_KEY" || rest == "_KEY_SHIFT" && spatial == "L2"
	case "S2", "S3":
		return rest == "" || rest == "h"
	}
	return false
}

// validateScalabilityModes is what webrtc-svc adds to addTransceiver and
// setParameters: "If … the scalabilityMode value is not supported by any codec,
// throw an OperationError."
func validateScalabilityModes(encodings []RTPEncodingParameters) error {
	for _, e := range encodings {
		if m := e.ScalabilityMode; m != "" && !isScalabilityMode(m) {
			return domerr.New(domerr.Operation, "%q is not a scalability mode", m)
		}
	}
	return nil
}

// scalabilityModeInUse is what getParameters tells of a mode once the codecs are
// known: VP8 and H.264 have temporal layers only, and code in one layer instead.
func scalabilityModeInUse(mode string, codec RTPCodec) string {
	_, name, _ := strings.Cut(strings.ToUpper(codec.MimeType), "/")
	if mode != "" && (name == "VP8" || name == "H264") && !strings.HasPrefix(mode, "L1") {
		return "L1T1"
	}
	return mode
}
