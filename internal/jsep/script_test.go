package jsep

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// The tests are scripts: peers do operations, negotiate, and want something.

var testCapabilities = mustCapabilities()

func mustCapabilities() *Capabilities {
	fb := []string{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"}
	video := func(name string, pt, rtx uint8, fmtp string) CodecCapability {
		return CodecCapability{Codec: Codec{"video/" + name, 90000, 0, fmtp}, PayloadType: pt, RTXPayloadType: rtx, Feedback: fb}
	}
	h264 := "level-asymmetry-allowed=1;packetization-mode=%d;profile-level-id=%s"
	c, err := NewCapabilities([]CodecCapability{
		{Codec: Codec{"audio/opus", 48000, 2, "minptime=10;useinbandfec=1"}, PayloadType: 111, Feedback: []string{"transport-cc"}},
		{Codec: Codec{"audio/red", 48000, 2, ""}, PayloadType: 63},
		{Codec: Codec{"audio/G722", 8000, 0, ""}},
		{Codec: Codec{"audio/PCMU", 8000, 0, ""}},
		{Codec: Codec{"audio/PCMA", 8000, 0, ""}},
		video("VP8", 96, 97, ""),
		video("VP9", 98, 99, "profile-id=0"),
		video("H264", 102, 103, fmt.Sprintf(h264, 1, "42e01f")),
		video("H264", 104, 105, fmt.Sprintf(h264, 0, "42e01f")),
		video("AV1", 45, 46, "level-idx=5;profile=0;tier=0"),
		{Codec: Codec{"video/rtx", 90000, 0, ""}},
	}, []HeaderExtensionCapability{
		{URI: "urn:ietf:params:rtp-hdrext:sdes:mid", ID: 4, Mandatory: true},
		{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", ID: 1, Kind: Audio},
		{URI: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", ID: 2},
		{URI: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", ID: 3},
		{URI: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", ID: 10, Kind: Video},
		{URI: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", ID: 11, Kind: Video},
		{URI: "urn:3gpp:video-orientation", ID: 13, Kind: Video, Direction: Stopped},
	})
	if err != nil {
		panic(err)
	}
	return c
}

// fatal is what scripts need of testing.T and rapid.T.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// peer is one end of a script: a state and what it reported.
type peer struct {
	t    fatal
	name string
	s    *State
	log  []string
}

func seeded(name string) io.Reader {
	var seed [32]byte
	copy(seed[:], name)
	return rand.NewChaCha8(seed)
}

func newPeer(t fatal, name string, change ...func(*Config)) *peer {
	t.Helper()
	cfg := Config{
		Capabilities: testCapabilities, Rand: seeded(name), BundlePolicy: MaxBundle,
		Fingerprints: []sdp.Fingerprint{{Algorithm: "sha-256", Value: strings.Repeat(fmt.Sprintf("%02X:", name[0]), 31) + "00"}},
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatalf("%s: New: %v", name, err)
	}
	return &peer{t: t, name: name, s: s}
}

func pair(t fatal, change ...func(*Config)) (a, b *peer) {
	return newPeer(t, "a", change...), newPeer(t, "b", change...)
}

func videoTrack(id string) Track { return Track{ID: id, Kind: Video} }
func audioTrack(id string) Track { return Track{ID: id, Kind: Audio} }

// do keeps the new state and writes the events into the log.
func (p *peer) do(op string, s *State, ev []Event, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, op, err)
	}
	p.s = s
	for _, e := range ev {
		p.log = append(p.log, describe(e))
	}
}

func describe(e Event) string {
	switch e := e.(type) {
	case TransceiverCreated:
		return fmt.Sprintf("created %d", e.ID)
	case TransceiverStopped:
		return fmt.Sprintf("stopped %d", e.ID)
	case TransceiverRemoved:
		return fmt.Sprintf("removed %d", e.Transceiver.ID())
	case SignalingStateChanged:
		return string(e.State)
	case TrackMuted:
		return fmt.Sprintf("mute %d", e.ID)
	case StreamTrackRemoved:
		return fmt.Sprintf("removetrack %s %d", e.StreamID, e.ID)
	case StreamTrackAdded:
		return fmt.Sprintf("addtrack %s %d", e.StreamID, e.ID)
	case TrackAdded:
		return fmt.Sprintf("track %d [%s]", e.ID, strings.Join(e.StreamIDs, " "))
	}
	return fmt.Sprintf("%T", e)
}

func (p *peer) addTrack(track Track, streams ...string) TransceiverID {
	p.t.Helper()
	s, id, err := p.s.AddTrack(track, streams)
	p.do("addTrack", s, nil, err)
	return id
}

func (p *peer) addTransceiver(init TransceiverInit) TransceiverID {
	p.t.Helper()
	s, id, err := p.s.AddTransceiver(init)
	p.do("addTransceiver", s, nil, err)
	return id
}

func (p *peer) removeTrack(id TransceiverID) {
	p.t.Helper()
	s, err := p.s.RemoveTrack(id)
	p.do("removeTrack", s, nil, err)
}

func (p *peer) setDirection(id TransceiverID, d Direction) {
	p.t.Helper()
	s, err := p.s.SetDirection(id, d)
	p.do("direction", s, nil, err)
}

func (p *peer) stop(id TransceiverID) {
	p.t.Helper()
	s, ev, err := p.s.Stop(id)
	p.do("stop", s, ev, err)
}

func (p *peer) addData() {
	p.t.Helper()
	s, err := p.s.AddDataChannel()
	p.do("createDataChannel", s, nil, err)
}

func (p *peer) setLocal(typ SDPType) string {
	p.t.Helper()
	s, ev, err := p.s.SetLocal(Description{Type: typ})
	p.do("setLocalDescription", s, ev, err)
	if typ == Rollback {
		return ""
	}
	if d := p.s.PendingLocalDescription(); d != nil {
		return d.SDP
	}
	return p.s.CurrentLocalDescription().SDP
}

func (p *peer) setRemote(typ SDPType, text string) {
	p.t.Helper()
	s, ev, err := p.s.SetRemote(Description{typ, text})
	p.do("setRemoteDescription", s, ev, err)
}

// refuses wants an operation's error to have a name.
func (p *peer) refuses(op string, err error, name domerr.Name) {
	p.t.Helper()
	if !errors.Is(err, name) {
		p.t.Fatalf("%s: %s: got %v, want %s", p.name, op, err, name)
	}
}

// negotiate does one whole exchange that a offers.
func negotiate(a, b *peer) {
	a.t.Helper()
	offer := a.setLocal(Offer)
	b.setRemote(Offer, offer)
	answer := b.setLocal(Answer)
	a.setRemote(Answer, answer)
	checkPair(a, b)
}

// wantLog compares the events since the last look with the wanted ones.
func (p *peer) wantLog(rule string, want ...string) {
	p.t.Helper()
	got := p.log
	p.log = nil
	if !slices.Equal(got, want) {
		p.t.Fatalf("%s: %s:\n got  %q\n want %q", p.name, rule, got, want)
	}
}

// wantTrack wants a receiver that is sent media for the given streams.
func (p *peer) wantTrack(trackID string, streams ...string) *Transceiver {
	p.t.Helper()
	for _, t := range p.s.Transceivers() {
		if t.receiverTrackID == trackID && (t.current == SendRecv || t.current == RecvOnly) && slices.Equal(t.streams, streams) {
			return t
		}
	}
	p.t.Fatalf("%s: no receiver with track %s in streams %q; %s", p.name, trackID, streams, p.dump())
	return nil
}

func (p *peer) dump() string {
	var b strings.Builder
	for _, t := range p.s.Transceivers() {
		fmt.Fprintf(&b, "\n  %d %s mid=%q %s/%s track=%s streams=%q", t.id, t.kind, t.mid, t.Direction(), t.CurrentDirection(), t.receiverTrackID, t.streams)
	}
	return b.String()
}

func (p *peer) wantNeeded(want bool, rule string) {
	p.t.Helper()
	if got := p.s.NegotiationNeeded(); got != want {
		p.t.Fatalf("%s: negotiation needed is %v, want %v: %s", p.name, got, want, rule)
	}
}

// line returns the lines of an SDP (or m-section) that start with a prefix.
func lines(text, prefix string) []string {
	var out []string
	for _, l := range strings.Split(text, "\r\n") {
		if strings.HasPrefix(l, prefix) {
			out = append(out, l)
		}
	}
	return out
}

func mustSection(t fatal, text string, i int) string {
	t.Helper()
	_, sections := sdp.Split(text)
	if i >= len(sections) {
		t.Fatalf("there is no m-section %d in:\n%s", i, text)
	}
	return sections[i]
}

// checkPair asserts what has to hold after every completed exchange.
func checkPair(a, b *peer) {
	a.t.Helper()
	for _, p := range []*peer{a, b} {
		if p.s.SignalingState() != Stable {
			p.t.Fatalf("%s: the state is %s after an exchange", p.name, p.s.SignalingState())
		}
		local, remote := p.s.currentLocal, p.s.currentRemote
		if len(local.sections) != len(remote.sections) || len(local.sections) != len(p.s.lines) {
			p.t.Fatalf("%s: descriptions have %d and %d m-sections", p.name, len(local.sections), len(remote.sections))
		}
		if p.s.pendingLocal != nil || p.s.pendingRemote != nil || p.s.stable != nil {
			p.t.Fatalf("%s: something is pending in the stable state", p.name)
		}
	}
	if x, y := a.s.currentLocal.fullText(), b.s.currentRemote.fullText(); x != y {
		a.t.Fatalf("one side's local description is not the other's remote one: %s", firstDifference(x, y))
	}
	for i := range a.s.lines {
		la, lb := a.s.lines[i], b.s.lines[i]
		if la.mid != lb.mid || la.kind != lb.kind {
			a.t.Fatalf("m-section %d is %s %q at one side and %s %q at the other", i, la.kind, la.mid, lb.kind, lb.mid)
		}
		x, y := a.s.Transceiver(la.transceiver), b.s.Transceiver(lb.transceiver)
		if (x == nil) != (y == nil) {
			a.t.Fatalf("m-section %d has a transceiver on one side only%s%s", i, a.dump(), b.dump())
		}
		if x == nil {
			continue
		}
		if x.current != reverse(y.current) {
			a.t.Fatalf("currentDirection of m-section %d is %s and %s: not complementary", i, x.current, y.current)
		}
		for _, d := range [][2]*Transceiver{{x, y}, {y, x}} {
			from, to := d[0], d[1]
			if to.current != SendRecv && to.current != RecvOnly {
				if len(to.streams) > 0 {
					a.t.Fatalf("m-section %d receives nothing and has streams %q", i, to.streams)
				}
				continue
			}
			sent, _ := sentMSIDs(from, a, b)
			if !slices.Equal(sent, to.streams) {
				a.t.Fatalf("m-section %d: a=msid says %q and the receiver's streams are %q", i, sent, to.streams)
			}
		}
	}
	for _, d := range []*description{a.s.currentLocal, b.s.currentLocal} {
		parsed, err := sdp.Parse(d.fullText())
		if err != nil {
			a.t.Fatalf("a description that we made does not parse: %v", err)
		}
		if parsed.String() != d.fullText() {
			a.t.Fatalf("a description that we made is not printed as it was parsed: %s", firstDifference(d.fullText(), parsed.String()))
		}
	}
	checkMedia(a, b)
}

func firstDifference(x, y string) string {
	p, q := strings.Split(x, "\n"), strings.Split(y, "\n")
	for i := range min(len(p), len(q)) {
		if p[i] != q[i] {
			return fmt.Sprintf("line %d is %q and %q", i+1, p[i], q[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(p), len(q))
}

// sentMSIDs is what the sender's local description says.
func sentMSIDs(t *Transceiver, peers ...*peer) (ids []string, ok bool) {
	for _, p := range peers {
		if p.s.Transceiver(t.id) != t {
			continue
		}
		for _, id := range p.s.currentLocal.mediaAt(t.index).MSIDs {
			if id.Stream != "-" {
				ids = append(ids, id.Stream)
			}
		}
		return ids, true
	}
	return nil, false
}

// checkMedia asserts that what one side sends the other can receive, and that
// both ends of each transport know each other.
func checkMedia(a, b *peer) {
	a.t.Helper()
	for _, d := range [][2]*peer{{a, b}, {b, a}} {
		from, to := d[0], d[1]
		for _, m := range from.s.Media() {
			i := slices.IndexFunc(to.s.Media(), func(o *MediaConfig) bool { return o.MLineIndex == m.MLineIndex })
			if i < 0 {
				from.t.Fatalf("%s has media at %d and %s has none", from.name, m.MLineIndex, to.name)
			}
			o := to.s.Media()[i]
			if m.Send != o.Receive && m.Send {
				from.t.Fatalf("%s sends m-section %d and %s does not receive it", from.name, m.MLineIndex, to.name)
			}
			if m.Send && len(m.SendCodecs) == 0 {
				from.t.Fatalf("%s sends m-section %d without a codec", from.name, m.MLineIndex)
			}
			for _, c := range m.SendCodecs {
				j := slices.IndexFunc(o.RecvCodecs, func(r MediaCodec) bool { return r.PayloadType == c.PayloadType })
				if j < 0 || !strings.EqualFold(o.RecvCodecs[j].MimeType, c.MimeType) {
					from.t.Fatalf("%s would send payload type %d (%s), which %s does not take as such", from.name, c.PayloadType, c.MimeType, to.name)
				}
			}
		}
		for _, t := range from.s.Transports() {
			if t.PendingICE != nil || !t.Negotiated {
				from.t.Fatalf("%s: transport %d is not settled after an exchange: %+v", from.name, t.ID, t)
			}
			ok := slices.ContainsFunc(to.s.Transports(), func(o *TransportConfig) bool {
				return o.ICE.Local == t.ICE.Remote && o.ICE.Remote == t.ICE.Local && o.DTLSClient != t.DTLSClient && o.Controlling != t.Controlling
			})
			if !ok {
				from.t.Fatalf("%s: transport %d has no counterpart at %s", from.name, t.ID, to.name)
			}
		}
	}
}

var _ testing.TB
