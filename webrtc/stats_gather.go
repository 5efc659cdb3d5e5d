package webrtc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/transport"
	"trackway/media"
)

// GetStats is getStats of the whole connection, or of the one sender or receiver
// that has the selector track. InvalidAccessError when none or several have it.
// It may be called inside a handler, and works on a closed connection.
func (pc *PeerConnection) GetStats(ctx context.Context, selector *media.Track) (*StatsReport, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pc.mu.Lock()
	defer pc.mu.Unlock()
	report := pc.gatherStatsLocked()
	if selector == nil {
		return report, nil
	}
	var found []func(Stats) bool
	for _, t := range pc.transceivers {
		if t.sender.track == selector {
			found = append(found, t.sender.ownsStats)
		}
		if t.receiver.track == selector {
			found = append(found, t.receiver.ownsStats)
		}
	}
	if len(found) != 1 {
		return nil, domerr.New(domerr.InvalidAccess,
			"GetStats: the track belongs to %d senders and receivers of the connection, not to one", len(found))
	}
	return report.selected(found[0]), nil
}

// GetStatsAsync is GetStats with the report in a task; an error comes at once
// when the caller is on the event loop.
func (pc *PeerConnection) GetStatsAsync(selector *media.Track, done func(*StatsReport, error)) {
	report, err := pc.GetStats(context.Background(), selector)
	if err != nil {
		pc.settle(&operation{settle: func(err error) { done(nil, err) }}, err)
		return
	}
	pc.queueTask(func() { done(report, nil) })
}

// GetStats is getStats: the sender's streams and what they refer to.
func (s *RTPSender) GetStats(ctx context.Context) (*StatsReport, error) {
	return s.pc.selectStats(ctx, s.ownsStats)
}

// GetStats is getStats: the receiver's streams and what they refer to.
func (r *RTPReceiver) GetStats(ctx context.Context) (*StatsReport, error) {
	return r.pc.selectStats(ctx, r.ownsStats)
}

func (pc *PeerConnection) selectStats(ctx context.Context, keep func(Stats) bool) (*StatsReport, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return pc.gatherStatsLocked().selected(keep), nil
}

func (s *RTPSender) ownsStats(x Stats) bool {
	out, ok := x.(*OutboundRTPStreamStats)
	if !ok {
		return false
	}
	for _, t := range s.media.targets {
		if o, _ := t.stream.Stats(); o.SSRC == out.SSRC {
			return true
		}
	}
	return false
}

func (r *RTPReceiver) ownsStats(x Stats) bool {
	in, ok := x.(*InboundRTPStreamStats)
	return ok && r.track != nil && in.TrackIdentifier == r.track.ID()
}

// statsGathering is one run of the algorithm.
type statsGathering struct {
	pc     *PeerConnection
	now    float64
	report *StatsReport
	heard  *AudioPlayoutStats // nil before sound was played
}

func milliseconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }

func millisecondsOrNil(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	ms := milliseconds(t)
	return &ms
}

func (g *statsGathering) base(t StatsType, id string) StatsBase {
	return StatsBase{ID: id, Type: t, Timestamp: g.now}
}

func (pc *PeerConnection) gatherStatsLocked() *StatsReport {
	g := &statsGathering{pc: pc, now: milliseconds(time.Now()), report: newStatsReport()}
	g.report.add(&PeerConnectionStats{
		StatsBase: g.base(StatsTypePeerConnection, "P"), DataChannelsOpened: pc.data.opened, DataChannelsClosed: pc.data.closed,
	})
	for _, b := range pc.transports.all {
		g.transport(b)
	}
	g.streams()
	g.playout()
	for _, d := range pc.data.channels {
		g.channel(d)
	}
	return g.report
}

func (b *bundleTransport) statsID() string { return fmt.Sprintf("T%d", b.config.ID) }

func (g *statsGathering) transport(b *bundleTransport) {
	id := b.statsID()
	s := &TransportStats{
		StatsBase: g.base(StatsTypeTransport, id), ICERole: b.ice.role, DTLSState: b.dtls.state, ICEState: b.ice.state,
		DTLSRole: "unknown",
	}
	if p := b.ice.localParameters; p != nil {
		s.ICELocalUsernameFragment = p.UsernameFragment
	}
	if b.config.Negotiated {
		s.DTLSRole = "server"
		if b.config.DTLSClient {
			s.DTLSRole = "client"
		}
	}
	s.LocalCertificateID = g.certificates([][]byte{g.pc.certificates[0].tls.Certificate[0]})
	s.RemoteCertificateID = g.certificates(b.dtls.remoteCerts)
	g.report.add(s)
	if b.tr == nil {
		return
	}
	t := b.tr.Stats()
	s.PacketsSent, s.PacketsReceived, s.BytesSent, s.BytesReceived = t.PacketsSent, t.PacketsReceived, t.BytesSent, t.BytesReceived
	s.TLSVersion, s.DTLSCipher, s.SRTPCipher = t.TLSVersion, t.DTLSCipher, t.SRTPCipher
	s.SelectedCandidatePairChanges = t.SelectedPairs
	for _, c := range t.Local {
		g.candidate(StatsTypeLocalCandidate, id, c)
	}
	for _, c := range t.Remote {
		g.candidate(StatsTypeRemote, id, c)
	}
	for _, p := range t.Pairs {
		if p.Local >= len(t.Local) || p.Remote >= len(t.Remote) || p.Local < 0 || p.Remote < 0 {
			continue
		}
		pairID := g.pair(id, p, t.Local[p.Local], t.Remote[p.Remote], g.pc.media.available(b.tr))
		if p.Selected {
			s.SelectedCandidatePairID = pairID
		}
	}
}

func (g *statsGathering) candidate(kind StatsType, transportID string, c transport.CandidateStats) {
	s := &ICECandidateStats{
		StatsBase: g.base(kind, candidateStatsID(transportID, c)), TransportID: transportID, Port: c.Port, Protocol: c.Protocol,
		CandidateType: ICECandidateType(c.Type), Priority: c.Priority, URL: c.URL,
		RelayProtocol: ICEServerTransportProtocol(c.RelayProtocol), Foundation: c.Foundation,
		RelatedAddress: c.RelatedAddress, UsernameFragment: c.Ufrag, TCPType: c.TCPType,
	}
	address := c.Address
	s.Address = &address
	if c.RelatedAddress != "" {
		port := c.RelatedPort
		s.RelatedPort = &port
	}
	g.report.add(s)
}

func candidateStatsID(transportID string, c transport.CandidateStats) string {
	return "I" + transportID + c.ID
}

func (g *statsGathering) pair(transportID string, p transport.PairStats, local, remote transport.CandidateStats,
	available *float64) string {
	l, r := candidateStatsID(transportID, local), candidateStatsID(transportID, remote)
	s := &ICECandidatePairStats{
		StatsBase: g.base(StatsTypeCandidatePair, "CP"+l+"_"+r), TransportID: transportID, LocalCandidateID: l, RemoteCandidateID: r,
		State: p.State, Nominated: p.Nominated, PacketsSent: p.PacketsSent, PacketsReceived: p.PacketsReceived,
		BytesSent: p.BytesSent, BytesReceived: p.BytesReceived,
		LastPacketSentTimestamp: millisecondsOrNil(p.LastSent), LastPacketReceivedTimestamp: millisecondsOrNil(p.LastReceived),
		TotalRoundTripTime: p.TotalRTT.Seconds(), RequestsReceived: p.RequestsReceived, RequestsSent: p.RequestsSent,
		ResponsesReceived: p.ResponsesReceived, ResponsesSent: p.ResponsesSent, ConsentRequestsSent: p.ConsentRequestsSent,
	}
	s.PacketsDiscardedOnSend, s.BytesDiscardedOnSend = p.PacketsRefused, p.BytesRefused
	if p.Selected {
		// webrtc-stats, availableOutgoingBitrate: "Only exists when the underlying
		// congestion control calculated an available bitrate for the outgoing RTP
		// streams on this candidate pair."
		s.AvailableOutgoingBitrate = available
	}
	if p.ResponsesReceived > 0 {
		rtt := p.CurrentRTT.Seconds()
		s.CurrentRoundTripTime = &rtt
	}
	g.report.add(s)
	return s.ID
}

// certificates adds a chain, leaf first, and returns the leaf's id.
func (g *statsGathering) certificates(chain [][]byte) (leaf string) {
	var last *CertificateStats
	for _, der := range chain {
		sum := sha256.Sum256(der)
		var pairs []string
		for _, x := range sum {
			pairs = append(pairs, fmt.Sprintf("%02x", x))
		}
		s := &CertificateStats{
			StatsBase:   g.base(StatsTypeCertificate, "CF"+hex.EncodeToString(sum[:8])),
			Fingerprint: strings.Join(pairs, ":"), FingerprintAlgorithm: "sha-256",
			Base64Certificate: base64.StdEncoding.EncodeToString(der),
		}
		if last == nil {
			leaf = s.ID
		} else {
			last.IssuerCertificateID = s.ID
		}
		last = s
		g.report.add(s)
	}
	return leaf
}

func (g *statsGathering) channel(d *DataChannel) {
	g.report.add(&DataChannelStats{
		StatsBase: g.base(StatsTypeDataChannel, fmt.Sprintf("D%d", d.serial)), Label: d.label, Protocol: d.protocol,
		DataChannelIdentifier: clonePtr(d.id), State: d.readyState, MessagesSent: d.messagesSent, BytesSent: d.bytesSent,
		MessagesReceived: d.messagesReceived, BytesReceived: d.bytesReceived,
	})
}
