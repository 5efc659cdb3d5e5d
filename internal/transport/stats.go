package transport

import "time"

// Stats is a snapshot of a Transport, for RTCTransportStats,
// RTCIceCandidatePairStats, RTCIceCandidateStats and RTCCertificateStats.
type Stats struct {
	// Bytes and packets are payloads of datagrams in both directions, DTLS
	// and SRTP, without STUN, over all pairs that were ever selected.
	BytesSent, BytesReceived     uint64
	PacketsSent, PacketsReceived uint64

	ICEState      ICEState
	Controlling   bool
	LocalUfrag    string
	DTLSState     DTLSState
	DTLSClient    bool
	TLSVersion    string // "FEFD" for DTLS 1.2, as in webrtc-stats
	DTLSCipher    string // IANA name, such as TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	SRTPCipher    string // IANA name, such as SRTP_AEAD_AES_128_GCM
	SelectedPairs uint32 // how often the selected pair changed

	Pairs         []PairStats
	Local, Remote []CandidateStats

	// Dropped counts received packets that no key opened (replays included),
	// and Overflow those that found a bounded buffer full.
	Dropped, Overflow uint64
}

// PairStats is a candidate pair. Local and Remote index Stats.Local and
// Stats.Remote.
type PairStats struct {
	Local, Remote                        int
	State                                string // RTCStatsIceCandidatePairState
	Nominated, Selected                  bool
	BytesSent, BytesReceived             uint64
	PacketsSent, PacketsReceived         uint64
	LastSent, LastReceived               time.Time
	PacketsRefused, BytesRefused         uint64 // by the socket
	CurrentRTT, TotalRTT                 time.Duration
	RequestsSent, ResponsesReceived      uint64
	RequestsReceived, ResponsesSent      uint64
	ConsentRequestsSent                  uint64
	FirstRequest, LastRequest, LastReply time.Time
}

// CandidateStats is a candidate with an identifier that stays the same.
type CandidateStats struct {
	ID string
	Candidate
}
