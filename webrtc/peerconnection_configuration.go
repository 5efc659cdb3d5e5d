package webrtc

import (
	"crypto/rand"
	"io"
	"slices"
	"strings"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
	"trackway/internal/sdp"
	"trackway/internal/transport"
)

// newPeerConnection is the constructor (webrtc-pc 4.4.1.1).
func (e *Engine) newPeerConnection(config Configuration, o connectionOptions) (*PeerConnection, error) {
	config = config.clone().withDefaults()
	if err := config.validate(time.Now()); err != nil {
		return nil, err
	}
	pc := &PeerConnection{
		engine: e, config: config, closed: make(chan struct{}),
		certificates:       config.Certificates,
		iceGatheringState:  ICEGatheringStateNew,
		iceConnectionState: ICEConnectionStateNew,
		connectionState:    PeerConnectionStateNew,
		transceivers:       map[jsep.TransceiverID]*RTPTransceiver{},
	}
	if pc.loop = o.loop; pc.loop == nil {
		pc.loop = e.newLoop()
	}
	if len(pc.certificates) == 0 {
		certificate, err := e.connectionCertificate()
		if err != nil {
			return nil, err
		}
		pc.certificates = []*Certificate{certificate}
	}
	random := o.rand
	if random == nil {
		random = rand.Reader
	}
	var err error
	if pc.state, err = jsep.New(pc.jsepConfig(random)); err != nil {
		return nil, domerr.Wrap(err, domerr.Unknown, "the negotiation state")
	}
	pc.media = newMediaPlane(pc)
	pc.pool = transport.NewPool(e.network)
	pc.pool.Configure(int(config.ICECandidatePoolSize), config.servers(), transport.Policy(config.ICETransportPolicy))
	return pc, nil
}

func (pc *PeerConnection) jsepConfig(random io.Reader) jsep.Config {
	c := jsep.Config{
		Capabilities: pc.engine.capabilities.table,
		BundlePolicy: jsep.BundlePolicy(pc.config.BundlePolicy),
		RTCPMux:      jsep.RTCPMuxRequire,
		Rand:         random,

		OfferCongestionFeedback: pc.engine.offerCCFB,
	}
	for _, certificate := range pc.certificates {
		for _, f := range certificate.fingerprints {
			c.Fingerprints = append(c.Fingerprints, sdp.Fingerprint{
				Algorithm: f.Algorithm, Value: strings.ToUpper(f.Value),
			})
		}
	}
	return c
}

// GetConfiguration is getConfiguration. Certificates that the connection made
// itself are not in it.
func (pc *PeerConnection) GetConfiguration() Configuration {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return pc.config.clone()
}

// SetConfiguration is setConfiguration: other ICE servers or another transport
// policy, for candidates that are gathered from now on; the next offer restarts
// ICE to gather them. InvalidModificationError when the certificates, the bundle
// policy, the RTCP policy, or, after SetLocalDescription, the size of the
// candidate pool differ; InvalidStateError when the connection is closed; else as
// NewPeerConnection.
func (pc *PeerConnection) SetConfiguration(config Configuration) error {
	config = config.clone().withDefaults()
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return closedError("SetConfiguration")
	}
	// Enumerations are WebIDL's business and come before the steps of the
	// method; the certificates of the old configuration may have expired since.
	checked := config
	checked.Certificates = nil
	if err := checked.validateEnumerations(); err != nil {
		return err
	}
	old := pc.config
	changed := func(what string) error {
		return domerr.New(domerr.InvalidModification, "SetConfiguration: %s cannot be changed", what)
	}
	switch {
	case !slices.Equal(config.Certificates, old.Certificates):
		return changed("certificates")
	case config.BundlePolicy != old.BundlePolicy:
		return changed("bundlePolicy")
	case config.RTCPMuxPolicy != old.RTCPMuxPolicy:
		return changed("rtcpMuxPolicy")
	case config.ICECandidatePoolSize != old.ICECandidatePoolSize && pc.localDescriptionSet:
		return changed("iceCandidatePoolSize after setLocalDescription")
	}
	if err := checked.validate(time.Now()); err != nil {
		return err
	}
	iceChanged := config.ICETransportPolicy != old.ICETransportPolicy || !slices.EqualFunc(config.servers(), old.servers(),
		func(a, b transport.Server) bool { return a == b })
	pc.config = config
	state, err := pc.state.SetConfiguration(pc.jsepConfig(nil), iceChanged)
	if err != nil {
		pc.config = old
		return err
	}
	pc.state = state
	for _, b := range pc.transports.all {
		b.tr.SetServers(config.servers(), transport.Policy(config.ICETransportPolicy))
	}
	if !pc.localDescriptionSet {
		// "If the ICE candidate pool has a nonzero size and a local description has
		// not yet been applied, any existing candidates will be discarded, and new
		// candidates will be gathered from the new servers" (RFC 9429 4.1.18).
		pc.pool.Configure(int(config.ICECandidatePoolSize), config.servers(), transport.Policy(config.ICETransportPolicy))
	}
	return nil
}
