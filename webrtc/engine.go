package webrtc

import (
	"sync"
	"time"

	"trackway/internal/domerr"
	"trackway/internal/eventloop"
	"trackway/internal/transport"
)

// Engine is what connections share: the network with its sockets, the tables of
// codecs and header extensions, certificates, and where event loops come from.
type Engine struct {
	network      *transport.Network
	ownNetwork   bool
	capabilities *capabilities
	newLoop      func() Loop
	ownCerts     bool
	offerCCFB    bool

	mu          sync.Mutex
	certificate *Certificate
}

// NewEngine makes an Engine. It opens no socket before a connection needs one.
func NewEngine(options ...EngineOption) (*Engine, error) {
	var o engineOptions
	for _, option := range options {
		option(&o)
	}
	if !o.noDefaultCodecs {
		o.codecs = DefaultCodecs()
	}
	if !o.noDefaultExtension {
		o.extensions = DefaultHeaderExtensions()
	}
	if o.newLoop == nil {
		o.newLoop = func() Loop { return eventloop.New() }
	}
	caps, err := newCapabilities(o.codecs, o.extensions)
	if err != nil {
		return nil, err
	}
	e := &Engine{capabilities: caps, newLoop: o.newLoop, ownCerts: o.ownCertificates, offerCCFB: o.offerCCFB, network: o.network}
	if e.network == nil {
		if e.network, err = transport.NewNetwork(o.networkConfig); err != nil {
			return nil, networkError(err)
		}
		e.ownNetwork = true
	}
	return e, nil
}

// networkError is a configuration that no network can be made of.
func networkError(err error) error { return domerr.Wrap(err, domerr.Unknown, "the network") }

// Close closes the sockets that the engine opened. Its connections must have
// been closed before.
func (e *Engine) Close() error {
	if !e.ownNetwork {
		return nil
	}
	return e.network.Close()
}

// defaultEngine is the engine of connections that are given none. Like its
// network it stays for the life of the process.
var defaultEngine = sync.OnceValues(func() (*Engine, error) { return NewEngine() })

// renewBefore is how long before its expiry a shared certificate is replaced:
// longer than any connection that it is given to is likely to want new
// transports.
const renewBefore = 15 * 24 * time.Hour

// connectionCertificate is the certificate of a connection that was configured
// without.
func (e *Engine) connectionCertificate() (*Certificate, error) {
	if e.ownCerts {
		return GenerateCertificate(ECDSAP256)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.certificate == nil || time.Now().After(e.certificate.expires.Add(-renewBefore)) {
		c, err := GenerateCertificate(ECDSAP256)
		if err != nil {
			return nil, err
		}
		e.certificate = c
	}
	return e.certificate, nil
}
