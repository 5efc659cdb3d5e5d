package webrtc

import (
	"slices"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/media"
)

func toJSEPEncodings(in []RTPEncodingParameters) []jsep.Encoding {
	if in == nil {
		return nil
	}
	out := make([]jsep.Encoding, len(in))
	for i, e := range in {
		out[i] = jsep.Encoding{
			RID: e.RID, HasRID: e.RID != "", Active: e.Active,
			MaxFramerate: clonePtr(e.MaxFramerate), ScaleResolutionDownBy: clonePtr(e.ScaleResolutionDownBy),
			ScalabilityMode: e.ScalabilityMode, Priority: string(e.Priority), NetworkPriority: string(e.NetworkPriority),
			AdaptivePtime: e.AdaptivePtime,
		}
		if e.Codec != nil {
			c := jsep.Codec(*e.Codec)
			out[i].Codec = &c
		}
		if e.MaxBitrate != nil {
			b := uint64(*e.MaxBitrate)
			out[i].MaxBitrate = &b
		}
	}
	return out
}

func fromJSEPEncodings(in []jsep.Encoding) []RTPEncodingParameters {
	out := make([]RTPEncodingParameters, len(in))
	for i, e := range in {
		out[i] = RTPEncodingParameters{
			RID: e.RID, Active: e.Active, MaxFramerate: clonePtr(e.MaxFramerate),
			ScaleResolutionDownBy: clonePtr(e.ScaleResolutionDownBy), ScalabilityMode: e.ScalabilityMode,
			Priority: PriorityType(e.Priority), NetworkPriority: PriorityType(e.NetworkPriority),
			AdaptivePtime: e.AdaptivePtime,
		}
		if e.Codec != nil {
			c := RTPCodec(*e.Codec)
			out[i].Codec = &c
		}
		if e.MaxBitrate != nil {
			b := uint32(*e.MaxBitrate)
			out[i].MaxBitrate = &b
		}
	}
	return out
}

// validateParametersLocked has the setParameters validation steps
// (webrtc-pc 5.2).
func (s *RTPSender) validateParametersLocked(p RTPSendParameters) ([]jsep.Encoding, error) {
	pc := s.pc
	if pc.isClosed || s.transceiver.slots().Stopping() {
		return nil, domerr.New(domerr.InvalidState, "SetParameters: the transceiver is stopped")
	}
	last := s.lastReturned
	if last == nil {
		return nil, domerr.New(domerr.InvalidState, "SetParameters: call GetParameters first, and change what it returns")
	}
	changed := func(what string) error {
		return domerr.New(domerr.InvalidModification, "SetParameters: %s cannot be changed", what)
	}
	old := s.transceiver.slots().Encodings()
	switch {
	case p.TransactionID != last.TransactionID:
		return nil, changed("transactionId")
	case len(p.Encodings) != len(old):
		return nil, changed("the number of encodings")
	case p.RTCP != last.RTCP:
		return nil, changed("rtcp")
	case !slices.Equal(p.Codecs, last.Codecs):
		return nil, changed("codecs")
	case !slices.Equal(p.HeaderExtensions, last.HeaderExtensions):
		return nil, changed("headerExtensions")
	}
	switch p.DegradationPreference {
	case "", DegradationPreferenceBalanced, DegradationPreferenceMaintainFramerate, DegradationPreferenceMaintainResolution:
	default:
		return nil, domerr.New(domerr.Type, "SetParameters: %q is no RTCDegradationPreference", p.DegradationPreference)
	}
	for i := range p.Encodings {
		if p.Encodings[i].RID != old[i].RID {
			return nil, changed("rid, or the order of encodings,")
		}
	}
	if err := validateScalabilityModes(p.Encodings); err != nil {
		return nil, err
	}
	encodings := toJSEPEncodings(p.Encodings)
	for i := range encodings {
		if err := s.validateEncoding(&encodings[i], last.Codecs); err != nil {
			return nil, err
		}
		encodings[i].HasRID, encodings[i].Paused = old[i].HasRID, old[i].Paused
	}
	return encodings, nil
}

// validateEncoding checks one encoding and fills in its defaults.
func (s *RTPSender) validateEncoding(e *jsep.Encoding, negotiated []RTPCodecParameters) error {
	if e.Codec != nil && !s.choosable(*e.Codec, negotiated) {
		return domerr.New(domerr.InvalidModification, "SetParameters: codec %s is not one that was negotiated", e.Codec.MimeType)
	}
	if s.transceiver.kind == media.Audio {
		e.ScaleResolutionDownBy, e.MaxFramerate = nil, nil
		return nil
	}
	if e.ScaleResolutionDownBy == nil {
		one := 1.0
		e.ScaleResolutionDownBy = &one
	}
	// A comparison with NaN is false, and NaN is refused.
	if !(*e.ScaleResolutionDownBy >= 1) {
		return domerr.New(domerr.Range, "SetParameters: scaleResolutionDownBy is %v, less than 1", *e.ScaleResolutionDownBy)
	}
	if e.MaxFramerate != nil && !(*e.MaxFramerate >= 0) {
		return domerr.New(domerr.Range, "SetParameters: maxFramerate is %v, less than 0", *e.MaxFramerate)
	}
	return nil
}

// choosable reports whether an encoding may choose a codec: one of those that
// were negotiated or, before any were, of those that can be sent.
func (s *RTPSender) choosable(c jsep.Codec, negotiated []RTPCodecParameters) bool {
	choices := negotiated
	if len(choices) == 0 {
		for _, known := range s.pc.engine.capabilities.send[s.transceiver.kind].Codecs {
			choices = append(choices, RTPCodecParameters{RTPCodec: known})
		}
	}
	for _, known := range choices {
		if jsep.CodecMatch(c, jsep.Codec(known.RTPCodec), true) {
			return true
		}
	}
	return false
}
