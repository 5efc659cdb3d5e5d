package jsep

import "trackway/internal/sdp"

// media is an m-section with what is derived from it once. It is immutable.
type media struct {
	*sdp.Media
	*formats
}

// memo remembers results for one transceiver by their inputs, so it changes how
// fast a state is and never what it is; all versions of the transceiver share it.
type memo struct {
	// sections are local sections, by offer and answer.
	sections [2]*section
	// media are configs without and with a pending local description.
	media [2]struct {
		key    mediaKey
		config *MediaConfig
	}
}

// codecs is mediaCodecs with memory.
func (s *State) codecs(kind Kind, m, other *media, send bool) []MediaCodec {
	step := codecStep{from: m.formats, kind: kind, send: send}
	if other != nil {
		step.other = other.formats
	}
	return s.cfg.Capabilities.common.codecs.get(step, func() []MediaCodec {
		return s.cfg.Capabilities.mediaCodecs(step)
	})
}
