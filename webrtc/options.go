package webrtc

import (
	"io"

	"trackway/internal/eventloop"
)

// Loop is an event loop: Post queues a task and reports whether the loop
// accepted it; tasks run in order, one at a time, never before Post returns.
type Loop = eventloop.Loop

// Option is an option of NewPeerConnection.
type Option func(*connectionOptions)

type connectionOptions struct {
	engine *Engine
	loop   Loop
	rand   io.Reader
}

// WithEngine makes the connection one of engine's; without it the connection
// belongs to an engine that the process makes when it is first needed.
func WithEngine(engine *Engine) Option { return func(o *connectionOptions) { o.engine = engine } }

// WithLoop has the connection run its tasks on loop, which may serve others
// too. The connection does not close it.
func WithLoop(loop Loop) Option { return func(o *connectionOptions) { o.loop = loop } }

// WithRand is where the connection takes its random identifiers and ICE
// credentials from, instead of crypto/rand: for tests that compare descriptions.
func WithRand(source io.Reader) Option { return func(o *connectionOptions) { o.rand = source } }

// EngineOption is an option of NewEngine.
type EngineOption func(*engineOptions)

type engineOptions struct {
	network            *Network
	networkConfig      NetworkConfig
	newLoop            func() Loop
	ownCertificates    bool
	codecs             []CodecCapability
	extensions         []HeaderExtensionCapability
	noDefaultCodecs    bool
	noDefaultExtension bool
	offerCCFB          bool
}

// WithNetwork has the engine use a network that exists already; the engine does
// not close it.
func WithNetwork(network *Network) EngineOption {
	return func(o *engineOptions) { o.network = network }
}

// WithNetworkConfig configures the network that the engine makes.
func WithNetworkConfig(config NetworkConfig) EngineOption {
	return func(o *engineOptions) { o.networkConfig = config }
}

// WithLoops gives each connection that has no loop of its own one of newLoop's.
func WithLoops(newLoop func() Loop) EngineOption {
	return func(o *engineOptions) { o.newLoop = newLoop }
}

// WithOwnCertificates gives each connection that is configured without
// certificates one of its own. By default the connections of an engine share
// one, which is renewed well before it expires: it costs a tenth of a
// millisecond less per connection, and lets peers see that two connections come
// from the same process.
func WithOwnCertificates() EngineOption { return func(o *engineOptions) { o.ownCertificates = true } }

// WithCodecs replaces the engine's table of codecs, which is in order of
// preference.
func WithCodecs(codecs ...CodecCapability) EngineOption {
	return func(o *engineOptions) { o.codecs, o.noDefaultCodecs = codecs, true }
}

// WithCongestionFeedback has connections offer the congestion control feedback of
// RFC 8888 ("ack ccfb") beside transport-wide feedback. Where a peer offers it, it
// is taken in any case; a peer that knows neither answers without.
func WithCongestionFeedback() EngineOption { return func(o *engineOptions) { o.offerCCFB = true } }

// WithHeaderExtensions replaces the engine's table of RTP header extensions.
func WithHeaderExtensions(extensions ...HeaderExtensionCapability) EngineOption {
	return func(o *engineOptions) { o.extensions, o.noDefaultExtension = extensions, true }
}
