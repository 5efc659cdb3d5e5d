package js

import (
	"time"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/webrtc"
)

// dataChannel is an RTCDataChannel.
type dataChannel struct {
	eventTarget
	rt   *Runtime
	d    *webrtc.DataChannel
	home *channelHome
	// transferable is [[IsTransferable]]; moved says that the channel was
	// transferred, and is closed here.
	transferable, moved bool
	// state is [[ReadyState]] in another runtime than the connection's, where it
	// follows the events; "" for as the channel has it.
	state webrtc.DataChannelState
}

// InterfaceName implements binding.Platform.
func (*dataChannel) InterfaceName() string { return "RTCDataChannel" }

func (p *peerConnection) channel(d *webrtc.DataChannel) *dataChannel {
	return object(p, d, func() *dataChannel {
		o := newDataChannel(p.rt, d, &channelHome{rt: p.rt})
		o.home.owner = o
		o.home.listen(d)
		return o
	})
}

func newDataChannel(rt *Runtime, d *webrtc.DataChannel, home *channelHome) *dataChannel {
	o := &dataChannel{rt: rt, d: d, home: home, transferable: true}
	o.init(o)
	// "Queue a task to run the following step: Set channel.[[IsTransferable]] to
	// false."
	rt.Post(func() { o.transferable = false })
	return o
}

// listen turns the handlers of the Go object into events of the owner.
func (h *channelHome) listen(d *webrtc.DataChannel) {
	plain := func(typ string, state webrtc.DataChannelState) func() {
		return func() {
			h.tell(func(o *dataChannel) {
				if o.state != "" && state != "" {
					o.state = state
				}
				o.fire(o.rt, typ)
			})
		}
	}
	d.OnOpen(plain("open", webrtc.DataChannelStateOpen))
	d.OnClosing(plain("closing", webrtc.DataChannelStateClosing))
	d.OnClose(plain("close", webrtc.DataChannelStateClosed))
	d.OnBufferedAmountLow(plain("bufferedamountlow", ""))
	d.OnError(func(e *webrtc.RTCError) {
		h.tell(func(o *dataChannel) {
			ev := newEvent("RTCErrorEvent", "error", eventInit{})
			ev.attrs = map[string]any{"error": newRTCError(e)}
			o.dispatch(o.rt, ev)
		})
	})
	d.OnMessage(func(m webrtc.DataChannelMessage) { h.tell(func(o *dataChannel) { o.message(m) }) })
}

func (o *dataChannel) message(m webrtc.DataChannelMessage) {
	ev := newEvent("MessageEvent", "message", eventInit{})
	var data any = m.Data
	switch {
	case m.IsString:
		data = string(m.Data)
	case o.d.BinaryType() == "blob":
		data = &blob{data: m.Data}
	}
	ev.attrs = map[string]any{"data": o.rt.realm.ToJS(nil, data), "origin": originOf(o.rt.base), "lastEventId": "", "source": nil, "ports": []any{}}
	o.dispatch(o.rt, ev)
}

func (o *dataChannel) readyState() webrtc.DataChannelState {
	switch {
	case o.moved:
		return webrtc.DataChannelStateClosed
	case o.state != "":
		return o.state
	}
	return o.d.ReadyState()
}

func (o *dataChannel) close() {
	if o.moved {
		return
	}
	o.d.Close()
	if o.state == webrtc.DataChannelStateConnecting || o.state == webrtc.DataChannelStateOpen {
		o.state = webrtc.DataChannelStateClosing
	}
}

func (o *dataChannel) send(data any) error {
	o.transferable = false
	if o.moved {
		return domerr.New(domerr.InvalidState, "the channel was transferred")
	}
	switch v := data.(type) {
	case string:
		return o.d.SendText(v)
	case *blob:
		return o.d.Send(v.data)
	case *binding.Buffer:
		return o.d.Send(v.Bytes())
	}
	return nil
}

func createDataChannel(c *binding.Call) (any, error) {
	p, d := c.This.(*peerConnection), c.Dict(1)
	ordered := d.Bool("ordered")
	init := &webrtc.DataChannelInit{Ordered: &ordered, Protocol: d.String("protocol"), Negotiated: d.Bool("negotiated")}
	short := func(name string) *uint16 {
		if n, ok := d.Get(name).(int64); ok {
			u := uint16(n)
			return &u
		}
		return nil
	}
	init.MaxPacketLifeTime, init.MaxRetransmits, init.ID = short("maxPacketLifeTime"), short("maxRetransmits"), short("id")
	ch, err := p.pc.CreateDataChannel(c.String(0), init)
	if err != nil {
		return nil, err
	}
	return p.channel(ch), nil
}

func channelAttr[T any](f func(*webrtc.DataChannel) T) binding.Method {
	return getter(func(d *dataChannel) any { return f(d.d) })
}

func init() {
	type ch = webrtc.DataChannel
	registry.Implement("RTCDataChannel", binding.Members{
		"label":                      channelAttr((*ch).Label),
		"ordered":                    channelAttr((*ch).Ordered),
		"maxPacketLifeTime":          channelAttr((*ch).MaxPacketLifeTime),
		"maxRetransmits":             channelAttr((*ch).MaxRetransmits),
		"protocol":                   channelAttr((*ch).Protocol),
		"negotiated":                 channelAttr((*ch).Negotiated),
		"id":                         channelAttr((*ch).ID),
		"readyState":                 getter(func(d *dataChannel) any { return d.readyState() }),
		"bufferedAmount":             channelAttr((*ch).BufferedAmount),
		"bufferedAmountLowThreshold": channelAttr((*ch).BufferedAmountLowThreshold),
		"set bufferedAmountLowThreshold": setter(func(d *dataChannel, c *binding.Call) {
			d.d.SetBufferedAmountLowThreshold(uint64(c.Int(0)))
		}),
		"binaryType":     channelAttr((*ch).BinaryType),
		"set binaryType": setter(func(d *dataChannel, c *binding.Call) { d.d.SetBinaryType(c.String(0)) }),
		"close":          setter(func(d *dataChannel, _ *binding.Call) { d.close() }),
		"send":           func(c *binding.Call) (any, error) { return nil, c.This.(*dataChannel).send(c.Arg(0)) },
	})
}

// dtmfSender is an RTCDTMFSender.
type dtmfSender struct {
	eventTarget
	p *peerConnection
	d *webrtc.DTMFSender
}

// InterfaceName implements binding.Platform.
func (*dtmfSender) InterfaceName() string { return "RTCDTMFSender" }

func (p *peerConnection) dtmf(d *webrtc.DTMFSender) *dtmfSender {
	if d == nil {
		return nil
	}
	return object(p, d, func() *dtmfSender {
		o := &dtmfSender{p: p, d: d}
		o.init(o)
		d.OnToneChange(func(e webrtc.DTMFToneChangeEvent) {
			ev := newEvent("RTCDTMFToneChangeEvent", "tonechange", eventInit{})
			ev.attrs = map[string]any{"tone": e.Tone}
			o.dispatch(p.rt, ev)
		})
		return o
	})
}

func init() {
	implementEvent("RTCDTMFToneChangeEvent", "tone")
	registry.Implement("RTCDTMFSender", binding.Members{
		"canInsertDTMF": getter(func(d *dtmfSender) any { return d.d.CanInsertDTMF() }),
		"toneBuffer":    getter(func(d *dtmfSender) any { return d.d.ToneBuffer() }),
		"insertDTMF": func(c *binding.Call) (any, error) {
			// What is too short is lengthened; only what is missing has a default.
			ms := func(i int) time.Duration { return max(time.Duration(c.Int(i))*time.Millisecond, 1) }
			return nil, c.This.(*dtmfSender).d.InsertDTMF(c.String(0), ms(1), ms(2))
		},
	})
}
