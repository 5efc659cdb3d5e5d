package jsep

import "trackway/internal/domerr"

var errPending = domerr.New(domerr.NotSupported, "not built yet")

// CreateOffer is createOffer (webrtc-pc 4.4.2): it returns the offer's SDP. The
// state remembers it as [[LastCreatedOffer]]. Wrong signalling state is an
// InvalidStateError.
func (s *State) CreateOffer(opts OfferOptions) (*State, string, error) { return nil, "", errPending }

// CreateAnswer is createAnswer (webrtc-pc 4.4.2).
func (s *State) CreateAnswer() (*State, string, error) { return nil, "", errPending }

// SetLocal is setLocalDescription (webrtc-pc 4.4.2). A Type of "" is the implicit
// type, an SDP of "" the implicit description. An SDP that the last CreateOffer
// or CreateAnswer did not return is an InvalidModificationError.
func (s *State) SetLocal(d Description) (*State, []Event, error) { return nil, nil, errPending }

// SetRemote is setRemoteDescription (webrtc-pc 4.4.2), with implicit rollback
// where an offer meets a local offer: its events come first. SDP that does not
// parse is an OperationError that wraps a *sdp.SyntaxError; content that is not
// acceptable is an InvalidAccessError; a type that does not fit the signalling
// state is an InvalidStateError.
func (s *State) SetRemote(d Description) (*State, []Event, error) { return nil, nil, errPending }

// Rollback is setLocalDescription or setRemoteDescription with type rollback.
func (s *State) Rollback() (*State, []Event, error) { return nil, nil, errPending }

// NegotiationNeeded is "check if negotiation is needed" (webrtc-pc 4.7.3). The
// caller asks only in the stable state.
func (s *State) NegotiationNeeded() bool { return false }

// RestartICE is restartIce (webrtc-pc 4.4.2).
func (s *State) RestartICE() *State { return s }

// AddRemoteCandidate is addIceCandidate (webrtc-pc 4.4.2), for candidates and
// for the end-of-candidates indication. Errors are TypeError, InvalidStateError
// and OperationError.
func (s *State) AddRemoteCandidate(c CandidateInit) (*State, error) { return nil, errPending }

// AddLocalCandidate adds a gathered candidate (an attribute value, with or
// without "candidate:") to the local descriptions of its generation, which ufrag
// names. A candidate of a transport or generation that is gone is ignored.
func (s *State) AddLocalCandidate(id TransportID, ufrag, candidate string) *State { return s }

// EndOfLocalCandidates adds a=end-of-candidates likewise.
func (s *State) EndOfLocalCandidates(id TransportID, ufrag string) *State { return s }

// SetCodecPreferences is setCodecPreferences (webrtc-pc 5.4). A codec that the
// capabilities do not have is an InvalidModificationError.
func (s *State) SetCodecPreferences(id TransceiverID, codecs []Codec) (*State, error) {
	return nil, errPending
}

// HeaderExtensionsToNegotiate is getHeaderExtensionsToNegotiate (webrtc-extensions).
func (s *State) HeaderExtensionsToNegotiate(id TransceiverID) []HeaderExtensionCapability { return nil }

// SetHeaderExtensionsToNegotiate is setHeaderExtensionsToNegotiate: the same
// URIs in the same order as HeaderExtensionsToNegotiate, with new directions.
// Errors are TypeError and InvalidModificationError.
func (s *State) SetHeaderExtensionsToNegotiate(id TransceiverID, list []HeaderExtensionCapability) (*State, error) {
	return nil, errPending
}

// NegotiatedHeaderExtensions is getNegotiatedHeaderExtensions: every known
// extension, with Stopped where it is not negotiated.
func (s *State) NegotiatedHeaderExtensions(id TransceiverID) []HeaderExtensionCapability { return nil }

// CurrentLocalDescription is the attribute of that name, or nil.
func (s *State) CurrentLocalDescription() *Description { return nil }

// PendingLocalDescription is the attribute of that name, or nil.
func (s *State) PendingLocalDescription() *Description { return nil }

// CurrentRemoteDescription is the attribute of that name, or nil.
func (s *State) CurrentRemoteDescription() *Description { return nil }

// PendingRemoteDescription is the attribute of that name, or nil.
func (s *State) PendingRemoteDescription() *Description { return nil }

// CanTrickleICECandidates is the attribute of that name; nil is null.
func (s *State) CanTrickleICECandidates() *bool { return nil }

// Transports are the transports in order of creation.
func (s *State) Transports() []*TransportConfig { return nil }

// Media has an entry for every transceiver that has an m-section and is not
// stopped, in order of the m-sections.
func (s *State) Media() []*MediaConfig { return nil }

// Data is the data section's association, or nil.
func (s *State) Data() *DataConfig { return nil }

// Capabilities are codec and header-extension tables, parsed once and shared.
type Capabilities struct{}

// NewCapabilities parses the tables. A malformed codec is a TypeError.
func NewCapabilities(codecs []CodecCapability, extensions []HeaderExtensionCapability) (*Capabilities, error) {
	return &Capabilities{}, nil
}

type (
	payloadTypes struct{}
	extensionIDs struct{}
	description  struct{}
	created      struct{}
	transport    struct{}
)

var defaultEncodings [2][]Encoding

func (s *State) refreshMedia() {}

func (s *State) validateEncodings(kind Kind, list []Encoding) ([]Encoding, error) { return list, nil }

func validateReceiveRIDs(rids []string) error { return nil }
