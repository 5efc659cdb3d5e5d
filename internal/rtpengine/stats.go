package rtpengine

import "time"

// OutboundStats maps to RTCOutboundRtpStreamStats of webrtc-stats section 8.
type OutboundStats struct {
	SSRC, RTXSSRC            uint32
	MID, RID                 string
	PayloadType              uint8
	Active                   bool
	PacketsSent              uint64 // with retransmissions
	BytesSent                uint64 // payload
	HeaderBytesSent          uint64 // headers, extensions and padding
	RetransmittedPacketsSent uint64
	RetransmittedBytesSent   uint64
	FramesSent               uint64
	KeyFramesSent            uint64
	FECPacketsSent           uint64 // in no other counter
	FECBytesSent             uint64
	NACKCount                uint64
	PLICount                 uint64
	FIRCount                 uint64
	// Missed counts packets that were asked for and no longer kept.
	Missed uint64
}

// RemoteInboundStats maps to RTCRemoteInboundRtpStreamStats: what the peer's
// report blocks say about a stream that we send.
type RemoteInboundStats struct {
	SSRC                      uint32
	PacketsReceived           uint64
	PacketsLost               int64
	Jitter                    time.Duration
	FractionLost              float64
	RoundTripTime             time.Duration
	TotalRoundTripTime        time.Duration
	RoundTripTimeMeasurements uint64
	ReportsReceived           uint64
	Timestamp                 time.Time // of the last report; zero before it
}

// InboundStats maps to RTCInboundRtpStreamStats.
type InboundStats struct {
	SSRC, RTXSSRC                uint32
	MID, RID                     string
	PayloadType                  uint8
	Codec                        Codec
	PacketsReceived              uint64 // with retransmissions over RTX
	BytesReceived                uint64
	HeaderBytesReceived          uint64
	PacketsLost                  int64
	Jitter                       time.Duration
	PacketsDiscarded             uint64 // too late to be of use
	PacketsDuplicated            uint64
	RetransmittedPacketsReceived uint64
	RetransmittedBytesReceived   uint64
	// FEC counts blocks of RED and repair packets: the latter are of FECSSRC, and
	// in no other counter. Discarded is what nothing was missing for, or too much.
	FECSSRC                              uint32
	FECPacketsReceived, FECBytesReceived uint64
	FECPacketsDiscarded                  uint64
	LastPacketReceived                   time.Time
	NACKCount                            uint64 // NACK packets sent
	PLICount                             uint64
	FIRCount                             uint64
	FramesReceived                       uint64 // complete
	KeyFramesReceived                    uint64
	FramesDropped                        uint64 // complete or not, never delivered
	FramesAssembledFromMultiple          uint64
	FrameWidth, FrameHeight              int
	// AssemblyTime is the sum over frames of more than one packet of the time
	// from the first packet to the last (totalAssemblyTime).
	AssemblyTime time.Duration
	// BufferDelay is the sum over delivered frames of the time from first
	// packet to delivery (jitterBufferDelay, jitterBufferEmittedCount).
	BufferDelay   time.Duration
	BufferEmitted uint64
	AudioLevel    uint8 // -dBov; 127 while unknown
	Malformed     uint64
}

// RemoteOutboundStats maps to RTCRemoteOutboundRtpStreamStats: what the
// peer's sender reports say about a stream that we receive.
type RemoteOutboundStats struct {
	SSRC            uint32
	PacketsSent     uint64
	BytesSent       uint64
	ReportsSent     uint64
	RemoteTimestamp time.Time // by the sender's clock
	Timestamp       time.Time // when the report arrived
	CNAME           string
	// The round trip as the sender's extended reports tell it (RFC 3611).
	RoundTripTime             time.Duration
	TotalRoundTripTime        time.Duration
	RoundTripTimeMeasurements uint64
	// ClockOffset is our clock minus the sender's, with what the fastest path
	// takes; HasClock says that it is known.
	ClockOffset time.Duration
	HasClock    bool
}

// SessionStats counts what belongs to no stream.
type SessionStats struct {
	// Unrouted packets had no receiver; Refused ones had a new SSRC when too
	// many were known already.
	Unrouted, Refused uint64
	// Malformed counts RTP and RTCP packets that could not be parsed.
	Malformed uint64
	RTT       time.Duration
	// REMB is the peer's last estimate in bit/s, 0 if there was none.
	REMB uint64
}
