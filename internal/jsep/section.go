package jsep

import (
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"trackway/internal/sdp"
)

// sectionKey holds what shapes a local m-section, but for what a connection or a
// sender keeps for life and the numbers that the peers have given (see agrees).
// Slices are immutable here, so their address and length say whether they changed.
type sectionKey struct {
	offer bool
	id    TransceiverID
	mid   string
	kind  string
	proto string
	// direction is the described one; wanted the transceiver's own, of which an
	// answer may leave less.
	direction, wanted Direction
	rejected          bool
	bundleOnly        bool

	mux, muxOnly, reduced, ccfb bool

	preferred, extensions, streams, encodings, rids slice
	sources                                         *senderSources

	// prior is our last section here; answered the most recent answer's; remote
	// the offer's section that is being answered.
	prior, answered, remote *media

	carries      bool
	transport    TransportID
	ice          ICEParameters
	setup, tlsID string
	fingerprints slice
	candidates   slice
	end          bool
}

// slice identifies a slice by address and length.
type slice struct {
	at unsafe.Pointer
	n  int
}

func identify[T any](s []T) slice { return slice{unsafe.Pointer(unsafe.SliceData(s)), len(s)} }

// sectionInput is a sectionKey with the values that it stands for.
type sectionInput struct {
	sectionKey
	t            *Transceiver
	gathered     []string
	certificates []sdp.Fingerprint
	dataPort     int
	maxMessage   int64
}

// maxPTime is the longest packet that our audio codecs take, in ms: Opus has 120.
const maxPTime = 120

// build gives the section for an input, the cached one where nothing changed. It
// may assign payload types and extension ids, which the state remembers.
func (s *State) build(in sectionInput, cached *section) *section {
	if cached != nil && cached.key == in.sectionKey && (!in.offer || s.agrees(cached)) {
		return cached
	}
	m := &sdp.Media{
		Kind: in.kind, Proto: in.proto, MID: in.mid, Port: 9, Connection: "IN IP4 0.0.0.0",
		SCTPPort: -1, MaxMessageSize: -1,
	}
	switch {
	case in.rejected:
		s.reject(m, &in)
	case in.t != nil:
		s.transportLines(m, &in)
		s.rtp(m, &in)
	default:
		s.transportLines(m, &in)
		s.dataLines(m, &in)
	}
	out := &section{text: string(m.Append(make([]byte, 0, 4096))), m: s.cfg.Capabilities.common.section(m), key: in.sectionKey}
	s.learn(out.m, false)
	if cached != nil && cached.text == out.text {
		// The key changed and the text did not: keep the parsed value, whose
		// identity is part of other keys.
		out.m, out.text = cached.m, cached.text
	}
	return out
}

// agrees reports whether the numbers in an offered section still mean what they
// meant: the remote peer may have given those that it never took to others.
func (s *State) agrees(c *section) bool {
	if c.payloads == s.payloads && c.extensions == s.extensions {
		return true
	}
	for i, key := range c.m.keys {
		if key != (payloadKey{}) && !s.payloads.means(c.m.Codecs[i].PayloadType, key) {
			return false
		}
	}
	for _, e := range c.m.Extmaps {
		if !s.extensions.means(e.ID, e.URI) {
			return false
		}
	}
	c.payloads, c.extensions = s.payloads, s.extensions
	return true
}

// reject fills a section with port zero (RFC 9429 §5.2.2 and §5.3.1).
func (s *State) reject(m *sdp.Media, in *sectionInput) {
	m.Port = 0
	m.Formats = []string{"0"}
	switch {
	case in.remote != nil:
		m.Formats = in.remote.Formats
	case in.prior != nil && in.prior.Kind == in.kind:
		m.Formats = in.prior.Formats
	case in.kind == "application":
		m.Formats = []string{"webrtc-datachannel"}
	}
	if m.RTP() {
		m.Direction = sdp.Inactive
	}
}

// transportLines adds the attributes of category TRANSPORT and IDENTICAL.
func (s *State) transportLines(m *sdp.Media, in *sectionInput) {
	if in.bundleOnly {
		m.Port, m.BundleOnly = 0, true
	}
	rtp := in.t != nil
	if rtp {
		// RFC 9143 §9 would have these only where the transport is; browsers
		// require a=rtcp-mux in every bundled section.
		m.RTCPMux, m.RTCPReducedSize = in.mux, in.reduced
	}
	// RFC 9429 would have these only in the section that carries the transport.
	// Browsers repeat them in every section and depend on it: Firefox (ESR 153)
	// crashes on answers and Chromium (156) rejects offered sections without.
	m.Transport = sdp.Transport{
		ICEUfrag: in.ice.Ufrag, ICEPwd: in.ice.Pwd, Fingerprints: in.certificates, Setup: in.setup, TLSID: in.tlsID,
	}
	if !in.carries {
		return
	}
	if rtp {
		m.RTCPMuxOnly = in.muxOnly
		if in.muxOnly || !in.mux {
			m.RTCP = "9 IN IP4 0.0.0.0"
		}
	}
	m.Candidates, m.EndOfCandidates = in.gathered, in.end
	if c, ok := defaultCandidate(in.gathered); ok {
		// "Each "m=" and "c=" line MUST be filled in with the port, relevant RTP
		// profile, and address of the default candidate" (RFC 9429 §5.2.2).
		m.Port = int(c.Port)
		m.Connection = "IN IP4 " + c.Address
		if slices.Contains([]byte(c.Address), ':') {
			m.Connection = "IN IP6 " + c.Address
		}
	}
}

func (s *State) dataLines(m *sdp.Media, in *sectionInput) {
	m.Formats = []string{"webrtc-datachannel"}
	if in.remote != nil {
		m.Formats = in.remote.Formats
	}
	m.SCTPPort, m.MaxMessageSize = in.dataPort, in.maxMessage
}

// rtp adds what makes an RTP section.
func (s *State) rtp(m *sdp.Media, in *sectionInput) {
	t := in.t
	m.Direction = sdp.Direction(in.direction)
	if in.offer {
		m.Codecs = s.offerCodecs(t, in)
		m.Extmaps = s.offerExtensions(t, in)
	} else {
		m.Codecs = s.answerCodecs(t, in.remote)
		if in.ccfb {
			instead(m.Codecs)
		}
		m.Extmaps = s.answerExtensions(t, in.remote)
		m.ExtmapAllowMixed = in.remote.ExtmapAllowMixed
	}
	m.CongestionFeedback = in.ccfb
	m.Formats = make([]string, len(m.Codecs))
	for i := range m.Codecs {
		m.Formats[i] = numbers[m.Codecs[i].PayloadType]
	}
	if t.kind == Audio {
		m.MaxPTime = maxPTime
	}
	sending := in.direction == SendRecv || in.direction == SendOnly
	// RFC 9429 §5.2.2 would keep a=msid when the direction stops sending. The line
	// would name a track that may be sent elsewhere by then, which Chromium (156)
	// refuses as a duplicate; like browsers, we leave it out. It depends on what the
	// transceiver wants, not on what the answer leaves of it.
	if t.direction == SendRecv || t.direction == SendOnly {
		m.MSIDs = msids(t)
	}
	s.simulcastLines(m, in, sending)
	if sending && t.sources != nil && len(t.encodings) == 1 {
		ssrc, rtx := t.sources.of(t.encodings[0])
		m.SSRCs = append(m.SSRCs, sdp.SSRCAttribute{SSRC: ssrc, Key: "cname", Value: s.cname})
		if hasRTX(m) {
			m.SSRCGroups = []sdp.SSRCGroup{{Semantics: "FID", SSRCs: []uint32{ssrc, rtx}}}
			m.SSRCs = append(m.SSRCs, sdp.SSRCAttribute{SSRC: rtx, Key: "cname", Value: s.cname})
		}
		if hasFlexFEC(m) { // RFC 5956 §4.3
			fec := t.sources.fecOf(t.encodings[0])
			m.SSRCGroups = append(m.SSRCGroups, sdp.SSRCGroup{Semantics: "FEC-FR", SSRCs: []uint32{ssrc, fec}})
			m.SSRCs = append(m.SSRCs, sdp.SSRCAttribute{SSRC: fec, Key: "cname", Value: s.cname})
		}
	}
}

// msids gives one a=msid line per stream, or "-" for none. RFC 9429 would omit
// the appdata; every browser writes the track's id there and receivers use it.
func msids(t *Transceiver) []sdp.MSID {
	if len(t.streamIDs) == 0 {
		return []sdp.MSID{{Stream: "-", Track: t.msidTrack}}
	}
	out := make([]sdp.MSID, len(t.streamIDs))
	for i, id := range t.streamIDs {
		out[i] = sdp.MSID{Stream: id, Track: t.msidTrack}
	}
	return out
}

func hasRTX(m *sdp.Media) bool {
	for i := range m.Codecs {
		if _, rtx := aptOf(&m.Codecs[i]); rtx {
			return true
		}
	}
	return false
}

func hasFlexFEC(m *sdp.Media) bool {
	return slices.ContainsFunc(m.Codecs, func(c sdp.Codec) bool { return strings.EqualFold(c.Name, "flexfec-03") })
}

// simulcastLines adds a=rid and a=simulcast (RFC 8853 §5.3).
func (s *State) simulcastLines(m *sdp.Media, in *sectionInput, sending bool) {
	var send, recv []sdp.SimulcastStream
	receiving := in.direction == SendRecv || in.direction == RecvOnly
	t := in.t
	if in.offer {
		if sending && len(t.encodings) > 1 {
			for _, e := range t.encodings {
				send = append(send, sdp.SimulcastStream{RID: e.RID})
			}
		}
		if receiving {
			for _, rid := range t.wantRIDs {
				recv = append(recv, sdp.SimulcastStream{RID: rid})
			}
		}
	} else if offered := in.remote.Simulcast; offered != nil {
		if sending {
			for _, a := range firsts(offered.Recv) {
				// "Exclude from the media section in the answer any RID not found in
				// the corresponding transceiver's [[SendEncodings]]."
				if slices.ContainsFunc(t.encodings, func(e Encoding) bool { return e.RID == a.RID && e.RID != "" }) {
					send = append(send, a)
				}
			}
		}
		if receiving && !s.cfg.NoReceiveSimulcast {
			recv = firsts(offered.Send)
		}
	}
	if len(send)+len(recv) == 0 {
		return
	}
	m.Simulcast = &sdp.Simulcast{}
	for _, a := range send {
		m.RIDs = append(m.RIDs, sdp.RID{ID: a.RID, Send: true})
		m.Simulcast.Send = append(m.Simulcast.Send, []sdp.SimulcastStream{a})
	}
	for _, a := range recv {
		m.RIDs = append(m.RIDs, sdp.RID{ID: a.RID})
		m.Simulcast.Recv = append(m.Simulcast.Recv, []sdp.SimulcastStream{a})
	}
}

// firsts takes the first alternative of every simulcast stream, without
// repeating a rid.
func firsts(list [][]sdp.SimulcastStream) []sdp.SimulcastStream {
	var out []sdp.SimulcastStream
	for _, alternatives := range list {
		a := alternatives[0]
		if !slices.ContainsFunc(out, func(o sdp.SimulcastStream) bool { return o.RID == a.RID }) {
			out = append(out, a)
		}
	}
	return out
}

// defaultCandidate picks the candidate for the m= and c= lines: the type most
// likely to work, relayed before reflexive before host (RFC 8839 §4.2.1), UDP
// and IPv4 before others. Host names cannot stand there.
func defaultCandidate(list []string) (best sdp.Candidate, ok bool) {
	rank := map[string]int{"relay": 3, "srflx": 2, "host": 1}
	score := 0
	for _, text := range list {
		c, err := sdp.ParseCandidate(text)
		if err != nil || c.Component != 1 || c.Transport != "udp" || !isIP(c.Address) {
			continue
		}
		v := 2 * rank[c.Type]
		if !slices.Contains([]byte(c.Address), ':') {
			v++
		}
		if v > score {
			best, score, ok = c, v, true
		}
	}
	return best, ok
}

func isIP(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || c == '.' || c == ':' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return s != ""
}

// numbers are payload types as the m-line has them.
var numbers = func() (out [256]string) {
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}()
