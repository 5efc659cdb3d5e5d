package js

import (
	"encoding/binary"
	"math"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
)

func (ctx *audioContext) oscillator(d *binding.Dict) *audioNode {
	n := ctx.node("OscillatorNode")
	n.osc = &oscillator{shape: orDefault(d.String("type"), "sine"), frequency: ctx.param(440, -24000, 24000), detune: ctx.param(0, -153600, 153600)}
	if d.Has("frequency") {
		n.osc.frequency.value = d.Float("frequency")
	}
	if d.Has("detune") {
		n.osc.detune.value = d.Float("detune")
	}
	return n
}

func (ctx *audioContext) gainNode(d *binding.Dict) *audioNode {
	n := ctx.node("GainNode")
	n.gain = ctx.param(1, -math.MaxFloat32, math.MaxFloat32)
	if d.Has("gain") {
		n.gain.value = d.Float("gain")
	}
	return n
}

func (ctx *audioContext) analyserNode(d *binding.Dict) *audioNode {
	n := ctx.node("AnalyserNode")
	n.analyser = &analyser{size: 2048, min: -100, max: -30, smooth: 0.8, ring: make([]float32, 32768)}
	if d.Has("fftSize") {
		n.analyser.size = int(d.Int("fftSize"))
	}
	ctx.mu.Lock()
	ctx.outputs = append(ctx.outputs, n)
	ctx.mu.Unlock()
	return n
}

func (ctx *audioContext) streamDestination() *audioNode {
	n := ctx.node("MediaStreamAudioDestinationNode")
	n.out = media.NewAudioSource(media.WithLoop(ctx.rt))
	n.out.OnDemand(func(media.Demand) { go ctx.run() })
	n.stream = ctx.rt.stream(media.NewStream(n.out.NewTrack()))
	ctx.mu.Lock()
	ctx.outputs = append(ctx.outputs, n)
	ctx.mu.Unlock()
	return n
}

func (ctx *audioContext) streamSource(s *mediaStream) (*audioNode, error) {
	list := s.s.GetAudioTracks()
	if len(list) == 0 {
		return nil, domerr.New(domerr.InvalidState, "the stream has no audio track")
	}
	n := ctx.node("MediaStreamAudioSourceNode")
	n.stream, n.in = s, &streamInput{}
	n.in.remove = list[0].AddSink(&media.Sink{Audio: n.in.take})
	ctx.rt.closers[n] = n.in.remove
	return n, nil
}

// window returns the latest samples, the oldest first.
func (a *analyser) window() []float64 {
	out := make([]float64, a.size)
	for i := range out {
		if at := a.at - a.size + i; at >= 0 {
			out[i] = float64(a.ring[at%len(a.ring)])
		}
	}
	return out
}

// spectrum is the magnitude in decibels of each bin of the windowed samples.
func (a *analyser) spectrum() []float64 {
	x := a.window()
	re, im := make([]float64, a.size), make([]float64, a.size)
	for i, v := range x {
		t := 2 * math.Pi * float64(i) / float64(a.size)
		re[i] = v * (0.42 - 0.5*math.Cos(t) + 0.08*math.Cos(2*t)) // Blackman, Web Audio §1.8.6
	}
	fft(re, im)
	out := make([]float64, a.size/2)
	for i := range out {
		out[i] = 20 * math.Log10(math.Hypot(re[i], im[i])/float64(a.size))
	}
	return out
}

// fft transforms in place; the length is a power of two.
func fft(re, im []float64) {
	n := len(re)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			re[i], re[j], im[i], im[j] = re[j], re[i], im[j], im[i]
		}
	}
	for size := 2; size <= n; size <<= 1 {
		for start := 0; start < n; start += size {
			for k := range size / 2 {
				s, c := math.Sincos(-2 * math.Pi * float64(k) / float64(size))
				i, j := start+k, start+k+size/2
				tr, ti := re[j]*c-im[j]*s, re[j]*s+im[j]*c
				re[j], im[j], re[i], im[i] = re[i]-tr, im[i]-ti, re[i]+tr, im[i]+ti
			}
		}
	}
}

// analyse returns a method that fills an array with measurements.
func analyse(measure func(*analyser) []float64, toByte func(*analyser, float64) float64) binding.Method {
	return func(c *binding.Call) (any, error) {
		n := c.This.(*audioNode)
		n.ctx.mu.Lock()
		values := measure(n.analyser)
		n.ctx.mu.Unlock()
		dst := c.Arg(0).(*binding.Buffer).Bytes()
		for i, v := range values {
			if toByte != nil {
				if i >= len(dst) {
					break
				}
				dst[i] = byte(min(max(toByte(n.analyser, v), 0), 255))
				continue
			}
			if 4*i+4 > len(dst) {
				break
			}
			binary.NativeEndian.PutUint32(dst[4*i:], math.Float32bits(float32(v)))
		}
		return nil, nil
	}
}

func contextArg(c *binding.Call) *audioContext { return c.Arg(0).(*audioContext) }

func init() {
	ctxGet := func(f func(*audioContext) any) binding.Method { return getter(f) }
	registry.Implement("BaseAudioContext", binding.Members{
		"destination": ctxGet(func(x *audioContext) any { return x.dest }),
		"sampleRate":  ctxGet(func(*audioContext) any { return audioRate }),
		"currentTime": ctxGet(func(x *audioContext) any {
			x.mu.Lock()
			defer x.mu.Unlock()
			return float64(x.frames) / audioRate
		}),
		"state":            ctxGet(func(x *audioContext) any { return x.state }),
		"createOscillator": func(c *binding.Call) (any, error) { return c.This.(*audioContext).oscillator(&binding.Dict{}), nil },
		"createGain":       func(c *binding.Call) (any, error) { return c.This.(*audioContext).gainNode(&binding.Dict{}), nil },
		"createAnalyser":   func(c *binding.Call) (any, error) { return c.This.(*audioContext).analyserNode(&binding.Dict{}), nil },
	})
	change := func(to string) binding.Method {
		return func(c *binding.Call) (any, error) {
			x := c.This.(*audioContext)
			if x.state == "closed" {
				return nil, domerr.New(domerr.InvalidState, "the context is closed")
			}
			if x.state != to {
				x.setState(to)
				x.rt.Post(func() { x.fire(x.rt, "statechange") })
			}
			return nil, nil
		}
	}
	registry.Implement("AudioContext", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return newAudioContext(host(c)), nil },
		"baseLatency": ctxGet(func(*audioContext) any { return 0.01 }),
		"resume":      change("running"), "suspend": change("suspended"), "close": change("closed"),
		"createMediaStreamDestination": func(c *binding.Call) (any, error) { return c.This.(*audioContext).streamDestination(), nil },
		"createMediaStreamSource": func(c *binding.Call) (any, error) {
			return c.This.(*audioContext).streamSource(c.Arg(0).(*mediaStream))
		},
	})
	number := func(v int) binding.Method { return getter(func(*audioNode) any { return v }) }
	registry.Implement("AudioNode", binding.Members{
		"context":        getter(func(n *audioNode) any { return n.ctx }),
		"numberOfInputs": number(1), "numberOfOutputs": number(1),
		"channelCount": getter(func(n *audioNode) any { return n.channels }), "set channelCount": setter(func(n *audioNode, c *binding.Call) { n.channels = c.Int(0) }),
		"connect": func(c *binding.Call) (any, error) {
			to, ok := c.Arg(0).(*audioNode)
			if !ok {
				return nil, domerr.New(domerr.NotSupported, "connect: parameters cannot be driven by nodes here")
			}
			if to.ctx != c.This.(*audioNode).ctx {
				return nil, errOtherContext
			}
			c.This.(*audioNode).connect(to)
			return to, nil
		},
		"disconnect": func(c *binding.Call) (any, error) {
			to, _ := c.Arg(0).(*audioNode)
			c.This.(*audioNode).disconnect(to)
			return nil, nil
		},
	})
	registry.Implement("AudioScheduledSourceNode", binding.Members{
		"start": func(c *binding.Call) (any, error) {
			n := c.This.(*audioNode)
			n.ctx.mu.Lock()
			defer n.ctx.mu.Unlock()
			if n.osc.started {
				return nil, domerr.New(domerr.InvalidState, "start was called already")
			}
			n.osc.started = true
			return nil, nil
		},
		"stop": func(c *binding.Call) (any, error) {
			n := c.This.(*audioNode)
			n.ctx.mu.Lock()
			defer n.ctx.mu.Unlock()
			if !n.osc.started {
				return nil, domerr.New(domerr.InvalidState, "stop was called before start")
			}
			n.osc.stopped = true
			host(c).Post(func() { n.fire(n.ctx.rt, "ended") })
			return nil, nil
		},
	})
	registry.Implement("OscillatorNode", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return contextArg(c).oscillator(c.Dict(1)), nil },
		"type":        getter(func(n *audioNode) any { return n.osc.shape }),
		"set type": setter(func(n *audioNode, c *binding.Call) {
			n.ctx.mu.Lock()
			defer n.ctx.mu.Unlock()
			n.osc.shape = c.String(0)
		}),
		"frequency": getter(func(n *audioNode) any { return n.osc.frequency }),
		"detune":    getter(func(n *audioNode) any { return n.osc.detune }),
	})
	registry.Implement("GainNode", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return contextArg(c).gainNode(c.Dict(1)), nil },
		"gain":        getter(func(n *audioNode) any { return n.gain }),
	})
	registry.Implement("AudioDestinationNode", binding.Members{"maxChannelCount": getter(func(*audioNode) any { return 2 })})
	registry.Implement("MediaStreamAudioDestinationNode", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return contextArg(c).streamDestination(), nil },
		"stream":      getter(func(n *audioNode) any { return n.stream }),
	})
	registry.Implement("MediaStreamAudioSourceNode", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			return contextArg(c).streamSource(c.Dict(1).Get("mediaStream").(*mediaStream))
		},
		"mediaStream": getter(func(n *audioNode) any { return n.stream }),
	})
	clampValue := func(p *audioParam, v float64) {
		p.ctx.mu.Lock()
		p.value = min(max(v, p.lo), p.hi)
		p.ctx.mu.Unlock()
	}
	registry.Implement("AudioParam", binding.Members{
		"value": getter(func(p *audioParam) any { return p.value }), "set value": setter(func(p *audioParam, c *binding.Call) { clampValue(p, c.Float(0)) }),
		"defaultValue": getter(func(p *audioParam) any { return p.def }),
		"minValue":     getter(func(p *audioParam) any { return p.lo }), "maxValue": getter(func(p *audioParam) any { return p.hi }),
	})
	decibels := func(a *analyser, v float64) float64 { return 255 / (a.max - a.min) * (v - a.min) }
	wave := func(_ *analyser, v float64) float64 { return 128 * (1 + v) }
	registry.Implement("AnalyserNode", binding.Members{
		"constructor": func(c *binding.Call) (any, error) { return contextArg(c).analyserNode(c.Dict(1)), nil },
		"fftSize":     getter(func(n *audioNode) any { return n.analyser.size }),
		"set fftSize": func(c *binding.Call) (any, error) {
			size := int(c.Int(0))
			if size < 32 || size > 32768 || size&(size-1) != 0 {
				return nil, domerr.New("IndexSizeError", "fftSize must be a power of two from 32 to 32768")
			}
			c.This.(*audioNode).analyser.size = size
			return nil, nil
		},
		"frequencyBinCount":         getter(func(n *audioNode) any { return n.analyser.size / 2 }),
		"minDecibels":               getter(func(n *audioNode) any { return n.analyser.min }),
		"maxDecibels":               getter(func(n *audioNode) any { return n.analyser.max }),
		"smoothingTimeConstant":     getter(func(n *audioNode) any { return n.analyser.smooth }),
		"set smoothingTimeConstant": setter(func(n *audioNode, c *binding.Call) { n.analyser.smooth = c.Float(0) }),
		"getFloatTimeDomainData":    analyse((*analyser).window, nil),
		"getByteTimeDomainData":     analyse((*analyser).window, wave),
		"getFloatFrequencyData":     analyse((*analyser).spectrum, nil),
		"getByteFrequencyData":      analyse((*analyser).spectrum, decibels),
	})
}
