package js

import (
	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/webrtc"
)

// The chained methods of RTCPeerConnection, and their callback forms.

func initDict(d webrtc.SessionDescription) *binding.Dict {
	return binding.NewDict(map[string]any{"type": string(d.Type), "sdp": d.SDP})
}

func createOffer(c *binding.Call) (any, error) {
	p := c.This.(*peerConnection)
	d := c.Dict(0)
	if c.Overload == 1 {
		d = c.Dict(2)
	}
	opts := &webrtc.OfferOptions{ICERestart: d.Bool("iceRestart")}
	if d.Has("offerToReceiveAudio") {
		v := d.Bool("offerToReceiveAudio")
		opts.OfferToReceiveAudio = &v
	}
	if d.Has("offerToReceiveVideo") {
		v := d.Bool("offerToReceiveVideo")
		opts.OfferToReceiveVideo = &v
	}
	promise, done := p.creation(c)
	p.pc.CreateOfferAsync(opts, done)
	return promise, nil
}

func createAnswer(c *binding.Call) (any, error) {
	p := c.This.(*peerConnection)
	promise, done := p.creation(c)
	p.pc.CreateAnswerAsync(nil, done)
	return promise, nil
}

// creation returns the promise of createOffer or createAnswer and the callback
// that settles it.
func (p *peerConnection) creation(c *binding.Call) (*binding.Promise, func(webrtc.SessionDescription, error)) {
	if c.Overload == 1 {
		promise, done := p.legacy(c, c.Callback(0), c.Callback(1))
		return promise, func(d webrtc.SessionDescription, err error) { done(initDict(d), err) }
	}
	promise, release := c.NewPromise(), p.hold()
	return promise, func(d webrtc.SessionDescription, err error) { release(); promise.Settle(initDict(d), err) }
}

func setLocalDescription(c *binding.Call) (any, error) {
	p, d := c.This.(*peerConnection), c.Dict(0)
	desc := &webrtc.SessionDescription{Type: webrtc.SDPType(d.String("type")), SDP: d.String("sdp")}
	promise, done := p.setting(c)
	p.alive()
	p.pc.SetLocalDescriptionAsync(desc, done)
	return promise, nil
}

func setRemoteDescription(c *binding.Call) (any, error) {
	p, d := c.This.(*peerConnection), c.Dict(0)
	promise, done := p.setting(c)
	p.pc.SetRemoteDescriptionAsync(webrtc.SessionDescription{Type: webrtc.SDPType(d.String("type")), SDP: d.String("sdp")}, done)
	return promise, nil
}

func (p *peerConnection) setting(c *binding.Call) (*binding.Promise, func(error)) {
	if c.Overload == 1 {
		promise, done := p.legacy(c, c.Callback(1), c.Callback(2))
		return promise, func(err error) { done(nil, err) }
	}
	promise := c.NewPromise()
	return promise, p.settle(promise)
}

func addIceCandidate(c *binding.Call) (any, error) {
	p, init := c.This.(*peerConnection), candidateInit(c.Dict(0))
	// webrtc-pc 4.4.2 addIceCandidate, step 3
	if init.Candidate != "" && init.SDPMid == nil && init.SDPMLineIndex == nil {
		return nil, domerr.New(domerr.Type, "the candidate needs sdpMid or sdpMLineIndex")
	}
	promise, done := p.setting(c)
	p.pc.AddICECandidateAsync(init, done)
	return promise, nil
}
