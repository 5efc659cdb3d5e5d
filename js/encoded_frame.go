package js

import (
	"slices"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/media"
	"trackway/webrtc"
)

// encodedFrame is an RTCEncodedVideoFrame or RTCEncodedAudioFrame
// (https://w3c.github.io/webrtc-encoded-transform/).
type encodedFrame struct {
	binding.Object
	rt *Runtime
	f  *webrtc.TransformFrame
	// buffer is the data attribute once it was asked for; it holds the data then.
	buffer *goja.Object
	// owner and counter say which transform the frame came from, and when.
	owner   any
	counter uint64
}

// InterfaceName implements binding.Platform.
func (e *encodedFrame) InterfaceName() string {
	if e.f.Kind == media.Audio {
		return "RTCEncodedAudioFrame"
	}
	return "RTCEncodedVideoFrame"
}

func (e *encodedFrame) data() *goja.Object {
	if e.buffer == nil {
		e.buffer = e.rt.vm.ToValue(e.rt.vm.NewArrayBuffer(e.f.Data)).ToObject(e.rt.vm)
		e.f.Data = nil
	}
	return e.buffer
}

// detached says whether the data has been sent or transferred.
func (e *encodedFrame) detached() bool {
	if e.buffer == nil {
		return false
	}
	return e.buffer.Export().(goja.ArrayBuffer).Detached()
}

// copy is the frame with data of its own.
func (e *encodedFrame) copy() *webrtc.TransformFrame {
	f := e.f.Clone()
	if e.buffer != nil && !e.detached() {
		f.Data = slices.Clone(e.buffer.Export().(goja.ArrayBuffer).Bytes())
	}
	return f
}

// forward takes the data out of the frame and sends it on its way.
func (e *encodedFrame) forward() {
	f := e.copy()
	e.data().Export().(goja.ArrayBuffer).Detach()
	_ = f.Forward() // of a transform that was replaced: nothing is sent
}

// clone is the serialization steps.
func (e *encodedFrame) clone() (func(*Runtime) binding.Platform, error) {
	if e.detached() {
		return nil, cloneError("A frame that has been sent")
	}
	f, owner, counter := e.copy(), e.owner, e.counter
	return func(rt *Runtime) binding.Platform {
		return &encodedFrame{rt: rt, f: f.Clone(), owner: owner, counter: counter}
	}, nil
}

// metadata is getMetadata.
func (e *encodedFrame) metadata() *binding.Dict {
	f := e.f
	csrcs := f.CSRCs
	if csrcs == nil {
		csrcs = []uint32{}
	}
	m := map[string]any{
		"contributingSources": csrcs, "mimeType": f.MimeType, "payloadType": f.PayloadType,
		"rtpTimestamp": f.Timestamp, "synchronizationSource": f.SSRC,
	}
	if f.SequenceNumber != nil && f.Kind == media.Audio {
		m["sequenceNumber"] = *f.SequenceNumber
	}
	if f.Kind == media.Video {
		m["spatialIndex"], m["temporalIndex"] = f.SpatialIndex, f.TemporalIndex
		if f.Width != 0 {
			m["width"], m["height"] = f.Width, f.Height
		}
		if f.FrameID != nil {
			m["frameId"] = *f.FrameID
		}
		if f.Dependencies != nil {
			m["dependencies"] = f.Dependencies
		}
	}
	return binding.NewDict(m)
}

// override takes the members of a metadata argument. What says where the packets
// belong cannot be another than it is.
func (e *encodedFrame) override(d *binding.Dict) error {
	f := e.f
	for name, is := range map[string]int64{
		"synchronizationSource": int64(f.SSRC), "payloadType": int64(f.PayloadType),
		"spatialIndex": int64(f.SpatialIndex), "temporalIndex": int64(f.TemporalIndex),
	} {
		if d.Has(name) && d.Int(name) != is {
			return domerr.New(domerr.InvalidModification, "%s cannot be changed", name)
		}
	}
	if d.Has("mimeType") && d.String("mimeType") != f.MimeType {
		return domerr.New(domerr.InvalidModification, "mimeType cannot be changed")
	}
	if d.Has("rtpTimestamp") {
		f.Timestamp = uint32(d.Int("rtpTimestamp"))
	}
	if d.Has("width") && d.Has("height") {
		f.Width, f.Height = int(d.Int("width")), int(d.Int("height"))
	}
	if d.Has("contributingSources") {
		f.CSRCs = nil
		for _, v := range d.Seq("contributingSources") {
			f.CSRCs = append(f.CSRCs, uint32(v.(int64)))
		}
	}
	return nil
}

func init() {
	members := func() binding.Members {
		return binding.Members{
			"constructor": func(c *binding.Call) (any, error) {
				from := c.Arg(0).(*encodedFrame)
				e := &encodedFrame{rt: host(c), f: from.copy(), owner: from.owner, counter: from.counter}
				if d := c.Dict(1).Dict("metadata"); d != nil {
					return e, e.override(d)
				}
				return e, nil
			},
			"data": getter(func(e *encodedFrame) any { return e.data() }),
			"set data": setter(func(e *encodedFrame, c *binding.Call) {
				e.buffer, e.f.Data = c.Arg(0).(*binding.Buffer).Object, nil
			}),
			"timestamp":   getter(func(e *encodedFrame) any { return e.f.Timestamp }),
			"getMetadata": func(c *binding.Call) (any, error) { return c.This.(*encodedFrame).metadata(), nil },
		}
	}
	registry.Implement("RTCEncodedAudioFrame", members())
	registry.Implement("RTCEncodedVideoFrame", members())
	registry.Implement("RTCEncodedVideoFrame", binding.Members{
		"type": getter(func(e *encodedFrame) any {
			if e.f.KeyFrame {
				return "key"
			}
			return "delta"
		}),
	})
}
