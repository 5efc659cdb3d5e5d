package js

import (
	"math"
	"slices"
	"sync"
	"time"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
)

// audioContext is an AudioContext: a mono graph at 48 kHz, rendered every 10 ms
// while something listens to it.
type audioContext struct {
	eventTarget
	rt   *Runtime
	dest *audioNode

	mu      sync.Mutex // guards the graph, which the rendering goroutine reads
	state   string
	frames  int64
	outputs []*audioNode // stream destinations and analysers
	running bool
	block   int64
}

const (
	audioRate  = 48000
	audioBlock = audioRate / 100
)

// InterfaceName implements binding.Platform.
func (*audioContext) InterfaceName() string { return "AudioContext" }

// audioNode is any AudioNode. render is called with the context's lock held and
// adds to nothing: it returns the node's output for the current block.
type audioNode struct {
	eventTarget
	ctx    *audioContext
	iface  string
	inputs []*audioNode
	to     []*audioNode // what the node is connected to
	gain   *audioParam

	osc      *oscillator
	analyser *analyser
	in       *streamInput
	out      *media.Source
	stream   *mediaStream
	channels int64

	buf  []float32
	done int64 // the block that buf holds
}

type oscillator struct {
	shape             string
	frequency, detune *audioParam
	phase             float64
	started, stopped  bool
}

type analyser struct {
	size     int
	min, max float64
	smooth   float64
	ring     []float32
	at       int
}

// streamInput takes samples out of a track for a MediaStreamAudioSourceNode.
type streamInput struct {
	mu     sync.Mutex
	queue  []float32
	remove func()
}

// InterfaceName implements binding.Platform.
func (n *audioNode) InterfaceName() string { return n.iface }

// audioParam is an AudioParam with a value that does not change by itself.
type audioParam struct {
	binding.Object
	ctx        *audioContext
	value, def float64
	lo, hi     float64
}

// InterfaceName implements binding.Platform.
func (*audioParam) InterfaceName() string { return "AudioParam" }

func newAudioContext(rt *Runtime) *audioContext {
	ctx := &audioContext{rt: rt, state: "running"}
	ctx.init(ctx)
	ctx.dest = ctx.node("AudioDestinationNode")
	rt.closers[ctx] = func() { ctx.setState("closed") }
	return ctx
}

func (ctx *audioContext) node(iface string) *audioNode {
	n := &audioNode{ctx: ctx, iface: iface, channels: 2, buf: make([]float32, audioBlock), done: -1}
	n.init(n)
	return n
}

func (ctx *audioContext) param(def, lo, hi float64) *audioParam {
	return &audioParam{ctx: ctx, value: def, def: def, lo: lo, hi: hi}
}

func (ctx *audioContext) setState(s string) {
	ctx.mu.Lock()
	ctx.state = s
	ctx.mu.Unlock()
	ctx.run()
}

// wanted reports whether rendering has any effect.
func (ctx *audioContext) wanted() bool {
	if ctx.state != "running" {
		return false
	}
	for _, o := range ctx.outputs {
		if o.analyser != nil && len(o.inputs) > 0 || o.out != nil && len(o.inputs) > 0 && o.out.Demand().Raw {
			return true
		}
	}
	return false
}

// run starts the rendering goroutine when it is needed and not there.
func (ctx *audioContext) run() {
	ctx.mu.Lock()
	defer ctx.mu.Unlock()
	if ctx.running || !ctx.wanted() {
		return
	}
	ctx.running = true
	go ctx.pump()
}

func (ctx *audioContext) pump() {
	began, blocks := time.Now(), int64(0)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for now := range tick.C {
		due := int64(now.Sub(began) / (10 * time.Millisecond))
		blocks = max(blocks, due-20) // after a long pause the missing sound is dropped
		for ; blocks < due; blocks++ {
			if !ctx.renderBlock() {
				return
			}
		}
	}
}

func (ctx *audioContext) renderBlock() bool {
	type written struct {
		s *media.Source
		f *media.AudioFrame
	}
	var frames []written
	ctx.mu.Lock()
	if !ctx.wanted() {
		ctx.running = false
		ctx.mu.Unlock()
		return false
	}
	ctx.block++
	for _, o := range ctx.outputs {
		samples := o.render()
		if o.out == nil || !o.out.Demand().Raw {
			continue
		}
		pcm := make([]int16, len(samples))
		for i, v := range samples {
			pcm[i] = int16(min(max(v, -1), 1) * 32767)
		}
		frames = append(frames, written{o.out, &media.AudioFrame{Samples: pcm, SampleRate: audioRate, Channels: 1, Timestamp: uint32(ctx.frames), CaptureTime: time.Now()}})
	}
	ctx.frames += audioBlock
	ctx.mu.Unlock()
	for _, w := range frames {
		_ = w.s.WriteAudio(w.f) // an ended source takes no more
	}
	return true
}

func (n *audioNode) render() []float32 {
	if n.done == n.ctx.block {
		return n.buf // once for a block, also in a cycle
	}
	n.done = n.ctx.block
	clear(n.buf)
	switch {
	case n.osc != nil:
		n.osc.fill(n.buf)
		return n.buf
	case n.in != nil:
		n.in.fill(n.buf)
		return n.buf
	}
	for _, in := range n.inputs {
		for i, v := range in.render() {
			n.buf[i] += v
		}
	}
	if n.gain != nil {
		for i := range n.buf {
			n.buf[i] *= float32(n.gain.value)
		}
	}
	if a := n.analyser; a != nil {
		for _, v := range n.buf {
			a.ring[a.at%len(a.ring)] = v
			a.at++
		}
	}
	return n.buf
}

func (o *oscillator) fill(buf []float32) {
	if !o.started || o.stopped {
		return
	}
	step := o.frequency.value * math.Exp2(o.detune.value/1200) / audioRate
	for i := range buf {
		switch p := o.phase; o.shape {
		case "square":
			buf[i] = float32(math.Copysign(1, 0.5-p))
		case "sawtooth":
			buf[i] = float32(2*math.Mod(p+0.5, 1) - 1)
		case "triangle":
			buf[i] = float32(1 - 4*math.Abs(math.Mod(p+0.25, 1)-0.5))
		default:
			buf[i] = float32(math.Sin(2 * math.Pi * p))
		}
		o.phase = math.Mod(o.phase+step, 1)
	}
}

func (s *streamInput) fill(buf []float32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(buf, s.queue)
	s.queue = s.queue[n:]
}

// take resamples to the context's rate by repetition, which is enough for
// measuring sound, and mixes to mono.
func (s *streamInput) take(f *media.AudioFrame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > audioRate/2 || f.Channels == 0 || f.SampleRate == 0 {
		return
	}
	count := len(f.Samples) / f.Channels
	for i := range count * audioRate / f.SampleRate {
		at := i * f.SampleRate / audioRate * f.Channels
		sum := 0
		for c := range f.Channels {
			sum += int(f.Samples[at+c])
		}
		s.queue = append(s.queue, float32(sum)/float32(f.Channels)/32768)
	}
}

func (n *audioNode) connect(to *audioNode) {
	n.ctx.mu.Lock()
	have := false
	for _, in := range to.inputs {
		have = have || in == n
	}
	if !have {
		to.inputs, n.to = append(to.inputs, n), append(n.to, to)
	}
	n.ctx.mu.Unlock()
	n.ctx.run()
}

// disconnect takes n off one node's inputs, or off all when from is nil.
func (n *audioNode) disconnect(from *audioNode) {
	n.ctx.mu.Lock()
	defer n.ctx.mu.Unlock()
	without := func(list []*audioNode, x *audioNode) []*audioNode {
		return slices.DeleteFunc(slices.Clone(list), func(y *audioNode) bool { return x == y })
	}
	for _, to := range slices.Clone(n.to) {
		if from == nil || to == from {
			to.inputs, n.to = without(to.inputs, n), without(n.to, to)
		}
	}
}

var errOtherContext = domerr.New(domerr.InvalidAccess, "the nodes belong to different contexts")
