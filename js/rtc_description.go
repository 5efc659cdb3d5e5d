package js

import (
	"trackway/js/binding"
	"trackway/webrtc"
)

// sessionDescription is an RTCSessionDescription.
type sessionDescription struct {
	binding.Object
	typ, sdp string
}

// InterfaceName implements binding.Platform.
func (*sessionDescription) InterfaceName() string { return "RTCSessionDescription" }

// iceCandidate is an RTCIceCandidate.
type iceCandidate struct {
	binding.Object
	c *webrtc.ICECandidate
}

// InterfaceName implements binding.Platform.
func (*iceCandidate) InterfaceName() string { return "RTCIceCandidate" }

func candidateInit(d *binding.Dict) webrtc.ICECandidateInit {
	init := webrtc.ICECandidateInit{Candidate: d.String("candidate"), RelayProtocol: webrtc.ICEServerTransportProtocol(d.String("relayProtocol")), URL: d.String("url")}
	if mid, ok := d.Get("sdpMid").(string); ok {
		init.SDPMid = &mid
	}
	if index, ok := d.Get("sdpMLineIndex").(int64); ok {
		i := uint16(index)
		init.SDPMLineIndex = &i
	}
	if ufrag, ok := d.Get("usernameFragment").(string); ok {
		init.UsernameFragment = &ufrag
	}
	return init
}

// known shows an attribute of a candidate that may be null.
func known[T any](f func(*webrtc.ICECandidate) (T, bool)) binding.Method {
	return getter(func(c *iceCandidate) any {
		if v, ok := f(c.c); ok {
			return v
		}
		return nil
	})
}

func init() {
	registry.Implement("RTCSessionDescription", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			return &sessionDescription{typ: c.Dict(0).String("type"), sdp: c.Dict(0).String("sdp")}, nil
		},
		"type": getter(func(d *sessionDescription) any { return d.typ }),
		"sdp":  getter(func(d *sessionDescription) any { return d.sdp }),
	})
	type candidate = webrtc.ICECandidate
	registry.Implement("RTCIceCandidate", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			ice, err := webrtc.NewICECandidate(candidateInit(c.Dict(0)))
			if err != nil {
				return nil, err
			}
			return &iceCandidate{c: ice}, nil
		},
		"candidate":        getter(func(c *iceCandidate) any { return c.c.Candidate() }),
		"sdpMid":           getter(func(c *iceCandidate) any { return c.c.SDPMid() }),
		"sdpMLineIndex":    getter(func(c *iceCandidate) any { return c.c.SDPMLineIndex() }),
		"usernameFragment": getter(func(c *iceCandidate) any { return c.c.UsernameFragment() }),
		"foundation":       known((*candidate).Foundation),
		"component":        known((*candidate).Component),
		"priority":         known((*candidate).Priority),
		"address":          known((*candidate).Address),
		"protocol":         known((*candidate).Protocol),
		"port":             known((*candidate).Port),
		"type":             known((*candidate).Type),
		"tcpType":          known((*candidate).TCPType),
		"relatedAddress":   known((*candidate).RelatedAddress),
		"relatedPort":      known((*candidate).RelatedPort),
		"relayProtocol":    known((*candidate).RelayProtocol),
		"url":              known((*candidate).URL),
		"toJSON": func(c *binding.Call) (any, error) {
			init := c.This.(*iceCandidate).c.ToJSON()
			return binding.NewDict(map[string]any{"candidate": init.Candidate, "sdpMid": init.SDPMid, "sdpMLineIndex": init.SDPMLineIndex, "usernameFragment": init.UsernameFragment}), nil
		},
	})
}
