package jsep

import (
	"slices"
	"sort"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// State is the negotiation state of one connection: an immutable value. The
// methods that change something return the next state and leave the receiver as
// it was. States that come from one New share Config.Rand and must not be used
// by two goroutines at once without a lock.
type State struct {
	cfg    *Config
	closed bool

	// transceivers is the set of transceivers, by ID and so in order of creation.
	transceivers    vector[*Transceiver]
	lastTransceiver TransceiverID
	// tracks finds the transceiver whose sender has a track.
	tracks index[any]
	// names finds the transceiver that has, or had, a track part of an msid.
	names index[string]
	// firstFree says, per kind, that no transceiver before this position can be
	// taken by addTrack: a hint that makes addTrack flat.
	firstFree [2]int

	// The rest changes only with descriptions, so operations like addTrack share
	// it; see fork.
	*negotiation
}

// negotiation is the part of a state that descriptions change.
type negotiation struct {
	signaling     SignalingState
	lastTransport TransportID

	wantData  bool
	sessionID uint64
	version   uint64
	cname     string
	// defaultStream is the stream id for remote tracks without any msid.
	defaultStream string
	nextMID       int

	payloads   *payloadTypes
	extensions *extensionIDs

	currentLocal, pendingLocal   *description
	currentRemote, pendingRemote *description
	lastOffer, lastAnswer        *created

	// lines are the m-sections of the descriptions that are newest; offered those
	// of the local offer that is being answered, as offered.
	lines, offered []mline
	// transports are ordered by ID.
	transports     []*transport
	lastGeneration int
	data           *DataConfig
	// gathered counts changes of local candidates.
	gathered int
	// dataSections caches the local data section, by offer and answer; parsed the
	// remote sections of the last offer and the last answer.
	dataSections [2]*section
	parsed       [2][]*section

	// iceToReplace is [[LocalIceCredentialsToReplace]]; iceChanged is RFC 9429's
	// 'needs-ice-restart' bit.
	iceToReplace []ICEParameters
	iceChanged   bool

	// stable is the state before the offer that is being negotiated: the stored
	// snapshot that rollback restores. nil in the stable state.
	stable *State

	// media caches Media.
	media []*MediaConfig
}

// fork copies a state for an operation that changes its negotiation.
func (s *State) fork() State {
	n := *s
	c := *s.negotiation
	n.negotiation = &c
	return n
}

// New makes the state of a new connection.
func New(cfg Config) (*State, error) {
	if cfg.Capabilities == nil {
		return nil, domerr.New(domerr.Type, "Config.Capabilities is missing")
	}
	if cfg.BundlePolicy == "" {
		cfg.BundlePolicy = Balanced
	}
	if cfg.RTCPMux == "" {
		cfg.RTCPMux = RTCPMuxRequire
	}
	if cfg.Rand == nil {
		return nil, domerr.New(domerr.Type, "Config.Rand is missing")
	}
	if cfg.MaxEncodings <= 0 {
		cfg.MaxEncodings = 3
	}
	if cfg.MaxMessageSize <= 0 {
		cfg.MaxMessageSize = 262144
	}
	if cfg.SCTPPort <= 0 {
		cfg.SCTPPort = 5000
	}
	r := &random{source: cfg.Rand}
	n := &negotiation{signaling: Stable, payloads: noPayloadTypes, extensions: noExtensionIDs, cname: r.token(16)}
	if r.err != nil {
		return nil, r.err
	}
	return &State{cfg: &cfg, negotiation: n}, nil
}

// CNAME is the RTCP canonical name of all senders of the connection (RFC 8834
// §4.9), which it keeps for life.
func (s *State) CNAME() string { return s.cname }

// SignalingState is the signalling state; Closed after Close.
func (s *State) SignalingState() SignalingState {
	if s.closed {
		return Closed
	}
	return s.signaling
}

// Closed reports whether Close was called.
func (s *State) Closed() bool { return s.closed }

// Close ends the connection: no operation succeeds afterwards. Transceivers are
// stopped; events are not fired for them (webrtc-pc "close the connection").
func (s *State) Close() *State {
	if s.closed {
		return s
	}
	n := s.fork()
	n.closed = true
	for i, t := range s.transceivers.all() {
		c := *t
		// "stop the RTCRtpTransceiver with transceiver and disappear true"
		c.stop()
		n.transceivers = n.transceivers.set(i, &c)
	}
	n.transports, n.data, n.media, n.stable = nil, nil, nil, nil
	return &n
}

// Transceivers is the set of transceivers, in order of creation.
func (s *State) Transceivers() []*Transceiver {
	out := make([]*Transceiver, 0, s.transceivers.len())
	for _, t := range s.transceivers.all() {
		out = append(out, t)
	}
	return out
}

// Transceiver returns the one with the given id, or nil where it is not (or no
// longer) in the set.
func (s *State) Transceiver(id TransceiverID) *Transceiver {
	if i := s.position(id); i >= 0 {
		return s.transceivers.at(i)
	}
	return nil
}

// position finds a transceiver in the set, which is sorted by id.
func (s *State) position(id TransceiverID) int {
	n := s.transceivers.len()
	i := sort.Search(n, func(i int) bool { return s.transceivers.at(i).id >= id })
	if i < n && s.transceivers.at(i).id == id {
		return i
	}
	return -1
}

// put replaces a transceiver that is in the set.
func (s *State) put(t *Transceiver) {
	if i := s.position(t.id); i >= 0 {
		s.transceivers = s.transceivers.set(i, t)
	}
}

// WithFingerprints returns the state with the fingerprints of the connection's
// certificates, for certificates that are generated after New.
func (s *State) WithFingerprints(fingerprints []sdp.Fingerprint) *State {
	n := *s
	c := *s.cfg
	c.Fingerprints = slices.Clone(fingerprints)
	n.cfg = &c
	return &n
}

// SetConfiguration applies what setConfiguration may change (webrtc-pc 4.4.1.6).
// A difference in fingerprints, bundle or RTCP policy is an
// InvalidModificationError. iceChanged says that ICE servers or the transport
// policy differ: the next offer then restarts ICE where ICE had started.
func (s *State) SetConfiguration(cfg Config, iceChanged bool) (*State, error) {
	if s.closed {
		return nil, errClosed
	}
	if cfg.BundlePolicy == "" {
		cfg.BundlePolicy = Balanced
	}
	if cfg.RTCPMux == "" {
		cfg.RTCPMux = RTCPMuxRequire
	}
	switch {
	case !slices.Equal(cfg.Fingerprints, s.cfg.Fingerprints):
		return nil, domerr.New(domerr.InvalidModification, "certificates cannot be changed")
	case cfg.BundlePolicy != s.cfg.BundlePolicy:
		return nil, domerr.New(domerr.InvalidModification, "bundlePolicy cannot be changed")
	case cfg.RTCPMux != s.cfg.RTCPMux:
		return nil, domerr.New(domerr.InvalidModification, "rtcpMuxPolicy cannot be changed")
	}
	n := s.fork()
	if iceChanged && (s.currentLocal != nil || s.pendingLocal != nil) {
		n.iceChanged = true
	}
	return &n, nil
}

var errClosed = domerr.New(domerr.InvalidState, "the connection is closed")

func noTransceiver(id TransceiverID) error {
	return domerr.New(domerr.InvalidAccess, "transceiver %d is not part of this connection", id)
}
