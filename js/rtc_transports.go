package js

import (
	"trackway/js/binding"
	"trackway/webrtc"
)

// dtlsTransport, iceTransport and sctpTransport are the interfaces of those names.
type (
	dtlsTransport struct {
		eventTarget
		p *peerConnection
		t *webrtc.DTLSTransport
	}
	iceTransport struct {
		eventTarget
		p *peerConnection
		t *webrtc.ICETransport
	}
	sctpTransport struct {
		eventTarget
		p *peerConnection
		t *webrtc.SCTPTransport
	}
	candidatePair struct {
		binding.Object
		local, remote *iceCandidate
	}
)

// InterfaceName implements binding.Platform.
func (*dtlsTransport) InterfaceName() string { return "RTCDtlsTransport" }

// InterfaceName implements binding.Platform.
func (*iceTransport) InterfaceName() string { return "RTCIceTransport" }

// InterfaceName implements binding.Platform.
func (*sctpTransport) InterfaceName() string { return "RTCSctpTransport" }

// InterfaceName implements binding.Platform.
func (*candidatePair) InterfaceName() string { return "RTCIceCandidatePair" }

func (p *peerConnection) dtls(t *webrtc.DTLSTransport) *dtlsTransport {
	if t == nil {
		return nil
	}
	return object(p, t, func() *dtlsTransport {
		o := &dtlsTransport{p: p, t: t}
		o.init(o)
		t.OnStateChange(func() { o.fire(p.rt, "statechange") })
		t.OnError(func(e *webrtc.RTCError) {
			ev := newEvent("RTCErrorEvent", "error", eventInit{})
			ev.attrs = map[string]any{"error": newRTCError(e)}
			o.dispatch(p.rt, ev)
		})
		return o
	})
}

func (p *peerConnection) ice(t *webrtc.ICETransport) *iceTransport {
	if t == nil {
		return nil
	}
	return object(p, t, func() *iceTransport {
		o := &iceTransport{p: p, t: t}
		o.init(o)
		t.OnStateChange(func() { o.fire(p.rt, "statechange") })
		t.OnGatheringStateChange(func() { o.fire(p.rt, "gatheringstatechange") })
		t.OnSelectedCandidatePairChange(func() { o.fire(p.rt, "selectedcandidatepairchange") })
		return o
	})
}

func (p *peerConnection) sctp(t *webrtc.SCTPTransport) *sctpTransport {
	if t == nil {
		return nil
	}
	return object(p, t, func() *sctpTransport {
		o := &sctpTransport{p: p, t: t}
		o.init(o)
		t.OnStateChange(func() { o.fire(p.rt, "statechange") })
		return o
	})
}

func (p *peerConnection) candidate(c *webrtc.ICECandidate) *iceCandidate {
	return object(p, c, func() *iceCandidate { return &iceCandidate{c: c} })
}

func candidates(f func(*webrtc.ICETransport) []*webrtc.ICECandidate) binding.Method {
	return func(c *binding.Call) (any, error) {
		t, out := c.This.(*iceTransport), []any{}
		for _, cand := range f(t.t) {
			out = append(out, t.p.candidate(cand))
		}
		return out, nil
	}
}

func parameters(f func(*webrtc.ICETransport) *webrtc.ICEParameters) binding.Method {
	return func(c *binding.Call) (any, error) {
		params := f(c.This.(*iceTransport).t)
		if params == nil {
			return nil, nil
		}
		return binding.NewDict(map[string]any{"usernameFragment": params.UsernameFragment, "password": params.Password}), nil
	}
}

func init() {
	registry.Implement("RTCDtlsTransport", binding.Members{
		"iceTransport": getter(func(d *dtlsTransport) any { return nullable(d.p.ice(d.t.ICETransport())) }),
		"state":        getter(func(d *dtlsTransport) any { return d.t.State() }),
		"getRemoteCertificates": func(c *binding.Call) (any, error) {
			out := []any{}
			for _, der := range c.This.(*dtlsTransport).t.GetRemoteCertificates() {
				out = append(out, append([]byte{}, der...))
			}
			return out, nil
		},
	})
	type ice = webrtc.ICETransport
	registry.Implement("RTCIceTransport", binding.Members{
		"role":                getter(func(i *iceTransport) any { return i.t.Role() }),
		"component":           getter(func(i *iceTransport) any { return i.t.Component() }),
		"state":               getter(func(i *iceTransport) any { return i.t.State() }),
		"gatheringState":      getter(func(i *iceTransport) any { return i.t.GatheringState() }),
		"getLocalCandidates":  candidates((*ice).GetLocalCandidates),
		"getRemoteCandidates": candidates((*ice).GetRemoteCandidates),
		"getLocalParameters":  parameters((*ice).GetLocalParameters),
		"getRemoteParameters": parameters((*ice).GetRemoteParameters),
		"getSelectedCandidatePair": func(c *binding.Call) (any, error) {
			i := c.This.(*iceTransport)
			pair := i.t.GetSelectedCandidatePair()
			if pair == nil {
				return nil, nil
			}
			type key struct{ a, b *webrtc.ICECandidate }
			return object(i.p, key{pair.Local, pair.Remote}, func() *candidatePair {
				return &candidatePair{local: i.p.candidate(pair.Local), remote: i.p.candidate(pair.Remote)}
			}), nil
		},
	})
	registry.Implement("RTCIceCandidatePair", binding.Members{
		"local":  getter(func(c *candidatePair) any { return c.local }),
		"remote": getter(func(c *candidatePair) any { return c.remote }),
	})
	registry.Implement("RTCSctpTransport", binding.Members{
		"transport":      getter(func(s *sctpTransport) any { return nullable(s.p.dtls(s.t.Transport())) }),
		"state":          getter(func(s *sctpTransport) any { return s.t.State() }),
		"maxMessageSize": getter(func(s *sctpTransport) any { return s.t.MaxMessageSize() }),
		"maxChannels":    getter(func(s *sctpTransport) any { return s.t.MaxChannels() }),
	})
}
