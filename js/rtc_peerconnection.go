package js

import (
	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
	"trackway/webrtc"
)

// peerConnection is an RTCPeerConnection.
type peerConnection struct {
	eventTarget
	rt *Runtime
	pc *webrtc.PeerConnection
	// objects are the platform objects of the connection's Go objects.
	objects map[any]binding.Platform
	// holds keep the runtime alive: one for the connection in use, one for each
	// operation that has not settled. Closing ends them all, since operations of
	// a closed connection never settle.
	holds map[*func()]bool
	held  bool
	// observed are the receivers whose tracks are decoded for getStats.
	observed map[*webrtc.RTPReceiver]bool
}

// InterfaceName implements binding.Platform.
func (*peerConnection) InterfaceName() string { return "RTCPeerConnection" }

func newPeerConnection(c *binding.Call) (any, error) {
	rt := host(c)
	config, err := configuration(c.Dict(0))
	if err != nil {
		return nil, err
	}
	opts := []webrtc.Option{webrtc.WithLoop(rt)}
	if rt.opts.Engine != nil {
		opts = append(opts, webrtc.WithEngine(rt.opts.Engine))
	}
	pc, err := webrtc.NewPeerConnection(config, opts...)
	if err != nil {
		return nil, err
	}
	p := &peerConnection{rt: rt, pc: pc, objects: map[any]binding.Platform{}, holds: map[*func()]bool{}, observed: map[*webrtc.RTPReceiver]bool{}}
	p.init(p)
	rt.closers[p] = func() { _ = p.pc.Close() }
	p.listen()
	return p, nil
}

// listen turns the handlers of the Go object into events.
func (p *peerConnection) listen() {
	plain := func(typ string) func() { return func() { p.fire(p.rt, typ) } }
	p.pc.OnNegotiationNeeded(plain("negotiationneeded"))
	p.pc.OnSignalingStateChange(plain("signalingstatechange"))
	p.pc.OnICEConnectionStateChange(plain("iceconnectionstatechange"))
	p.pc.OnICEGatheringStateChange(plain("icegatheringstatechange"))
	p.pc.OnConnectionStateChange(plain("connectionstatechange"))
	p.pc.OnTrack(func(e webrtc.TrackEvent) {
		streams := []any{}
		for _, s := range e.Streams {
			streams = append(streams, p.rt.stream(s))
		}
		p.event("RTCTrackEvent", "track", map[string]any{
			"receiver": p.receiver(e.Receiver), "track": p.rt.track(e.Track), "streams": streams, "transceiver": p.transceiver(e.Transceiver),
		})
		for _, s := range e.Streams {
			p.announce(s)
		}
	})
	p.pc.OnICECandidate(func(e webrtc.PeerConnectionICEEvent) {
		attrs := map[string]any{"candidate": nil, "url": nil}
		if e.Candidate != nil {
			attrs["candidate"] = &iceCandidate{c: e.Candidate}
			if url, ok := e.Candidate.URL(); ok {
				attrs["url"] = url
			}
		}
		p.event("RTCPeerConnectionIceEvent", "icecandidate", attrs)
	})
	p.pc.OnICECandidateError(func(e webrtc.PeerConnectionICEErrorEvent) {
		attrs := map[string]any{"address": nil, "port": nil, "url": e.URL, "errorCode": e.ErrorCode, "errorText": e.ErrorText}
		if e.Address != "" {
			attrs["address"], attrs["port"] = e.Address, e.Port
		}
		p.event("RTCPeerConnectionIceErrorEvent", "icecandidateerror", attrs)
	})
	p.pc.OnDataChannel(func(e webrtc.DataChannelEvent) {
		p.event("RTCDataChannelEvent", "datachannel", map[string]any{"channel": p.channel(e.Channel)})
	})
}

// announce fires the legacy addstream event, once for each remote stream.
func (p *peerConnection) announce(s *media.Stream) {
	if _, known := p.objects[s]; known {
		return
	}
	p.objects[s] = p.rt.stream(s)
	p.event("MediaStreamEvent", "addstream", map[string]any{"stream": p.rt.stream(s)})
}

func (p *peerConnection) event(iface, typ string, attrs map[string]any) {
	e := newEvent(iface, typ, eventInit{})
	e.attrs = attrs
	p.dispatch(p.rt, e)
}

// object returns the platform object kept for key, making it at first.
func object[T binding.Platform](p *peerConnection, key any, make func() T) T {
	if o, ok := p.objects[key].(T); ok {
		return o
	}
	o := make()
	p.objects[key] = o
	return o
}

// alive keeps the runtime from ending while the connection is in use.
func (p *peerConnection) alive() {
	if p.pc.SignalingState() != webrtc.SignalingStateClosed && !p.held {
		p.held = true
		p.hold()
	}
}

// hold keeps the runtime alive until the returned function is called or the
// connection is closed.
func (p *peerConnection) hold() func() {
	release := p.rt.hold()
	key := &release
	p.holds[key] = true
	return func() { release(); delete(p.holds, key) }
}

func (p *peerConnection) releaseAll() {
	for release := range p.holds {
		(*release)()
	}
	clear(p.holds)
}

// settle makes the callback of an asynchronous method: it settles the promise,
// and keeps the runtime alive until then.
func (p *peerConnection) settle(promise *binding.Promise) func(error) {
	release := p.hold()
	return func(err error) { release(); promise.Settle(nil, err) }
}

// legacy adapts the callback forms of the promise methods (webrtc-pc 4.4.3): the
// promise is resolved at once and the outcome goes to the callbacks.
func (p *peerConnection) legacy(c *binding.Call, success, failure *binding.Callback) (*binding.Promise, func(any, error)) {
	promise, release := c.NewPromise(), p.hold()
	promise.Resolve(nil)
	return promise, func(v any, err error) {
		release()
		// "If connection.[[IsClosed]] is true, abort these steps."
		if p.pc.SignalingState() == webrtc.SignalingStateClosed && err == nil {
			return
		}
		f, arg := success, v
		if err != nil {
			f, arg = failure, c.ErrorToValue(err)
		}
		p.rt.fail2(f.Call(nil, args(f == success && v == nil, arg)...))
	}
}

func args(none bool, v any) []any {
	if none {
		return nil
	}
	return []any{v}
}

func state[T any](f func(*webrtc.PeerConnection) T) binding.Method {
	return getter(func(p *peerConnection) any { return f(p.pc) })
}

func description(f func(*webrtc.PeerConnection) *webrtc.SessionDescription) binding.Method {
	return getter(func(p *peerConnection) any {
		d := f(p.pc)
		if d == nil {
			return nil
		}
		return object(p, d, func() *sessionDescription { return &sessionDescription{typ: string(d.Type), sdp: d.SDP} })
	})
}

func init() {
	implementEvent("RTCTrackEvent", "receiver", "track", "streams", "transceiver")
	implementEvent("RTCPeerConnectionIceEvent", "candidate", "url")
	implementEvent("RTCPeerConnectionIceErrorEvent", "address", "port", "url", "errorCode", "errorText")
	implementEvent("RTCDataChannelEvent", "channel")
	implementEvent("MediaStreamEvent", "stream")
	type pc = webrtc.PeerConnection
	registry.Implement("RTCPeerConnection", binding.Members{
		"constructor":              newPeerConnection,
		"signalingState":           state((*pc).SignalingState),
		"iceGatheringState":        state((*pc).ICEGatheringState),
		"iceConnectionState":       state((*pc).ICEConnectionState),
		"connectionState":          state((*pc).ConnectionState),
		"canTrickleIceCandidates":  state((*pc).CanTrickleICECandidates),
		"localDescription":         description((*pc).LocalDescription),
		"currentLocalDescription":  description((*pc).CurrentLocalDescription),
		"pendingLocalDescription":  description((*pc).PendingLocalDescription),
		"remoteDescription":        description((*pc).RemoteDescription),
		"currentRemoteDescription": description((*pc).CurrentRemoteDescription),
		"pendingRemoteDescription": description((*pc).PendingRemoteDescription),
		"createOffer":              createOffer,
		"createAnswer":             createAnswer,
		"setLocalDescription":      setLocalDescription,
		"setRemoteDescription":     setRemoteDescription,
		"addIceCandidate":          addIceCandidate,
		"restartIce":               setter(func(p *peerConnection, _ *binding.Call) { p.pc.RestartICE() }),
		"getConfiguration":         getConfiguration,
		"setConfiguration": func(c *binding.Call) (any, error) {
			config, err := configuration(c.Dict(0))
			if err != nil {
				return nil, err
			}
			return nil, c.This.(*peerConnection).pc.SetConfiguration(config)
		},
		"close": func(c *binding.Call) (any, error) {
			p := c.This.(*peerConnection)
			p.releaseAll()
			delete(p.rt.closers, p)
			return nil, p.pc.Close()
		},
		"getSenders": func(c *binding.Call) (any, error) {
			p, out := c.This.(*peerConnection), []any{}
			for _, s := range p.pc.GetSenders() {
				out = append(out, p.sender(s))
			}
			return out, nil
		},
		"getReceivers": func(c *binding.Call) (any, error) {
			p, out := c.This.(*peerConnection), []any{}
			for _, r := range p.pc.GetReceivers() {
				out = append(out, p.receiver(r))
			}
			return out, nil
		},
		"getTransceivers": func(c *binding.Call) (any, error) {
			p, out := c.This.(*peerConnection), []any{}
			for _, t := range p.pc.GetTransceivers() {
				out = append(out, p.transceiver(t))
			}
			return out, nil
		},
		"addTrack": func(c *binding.Call) (any, error) {
			p := c.This.(*peerConnection)
			s, err := p.pc.AddTrack(trackArg(c.Arg(0)), streamArgs(c.Args[1:])...)
			if err != nil {
				return nil, err
			}
			return p.sender(s), nil
		},
		"removeTrack": func(c *binding.Call) (any, error) {
			return nil, c.This.(*peerConnection).pc.RemoveTrack(c.Arg(0).(*rtpSender).s)
		},
		"addTransceiver": func(c *binding.Call) (any, error) {
			p := c.This.(*peerConnection)
			d := c.Dict(1)
			init := &webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirection(d.String("direction")), Streams: streamArgs(d.Seq("streams"))}
			for _, e := range d.Seq("sendEncodings") {
				if rid := e.(*binding.Dict); rid.Has("rid") && rid.String("rid") == "" {
					return nil, domerr.New(domerr.Type, "addTransceiver: a rid may not be empty")
				}
				init.SendEncodings = append(init.SendEncodings, encoding(e.(*binding.Dict)))
			}
			var t *webrtc.RTPTransceiver
			var err error
			if kind, ok := c.Arg(0).(string); ok {
				t, err = p.pc.AddTransceiverKind(media.Kind(kind), init)
			} else {
				t, err = p.pc.AddTransceiver(trackArg(c.Arg(0)), init)
			}
			if err != nil {
				return nil, err
			}
			return p.transceiver(t), nil
		},
		"sctp":              getter(func(p *peerConnection) any { return nullable(p.sctp(p.pc.SCTP())) }),
		"createDataChannel": createDataChannel,
		"getStats": func(c *binding.Call) (any, error) {
			p, promise := c.This.(*peerConnection), c.NewPromise()
			p.pc.GetStatsAsync(trackArg(c.Arg(0)), p.report(promise))
			return promise, nil
		},
		"static generateCertificate": generateCertificate,
	})
}
