package js

import (
	"time"

	"trackway/js/binding"
	"trackway/webrtc"
)

// dataChannel is an RTCDataChannel.
type dataChannel struct {
	eventTarget
	p *peerConnection
	d *webrtc.DataChannel
}

// InterfaceName implements binding.Platform.
func (*dataChannel) InterfaceName() string { return "RTCDataChannel" }

func (p *peerConnection) channel(d *webrtc.DataChannel) *dataChannel {
	return object(p, d, func() *dataChannel {
		o := &dataChannel{p: p, d: d}
		o.init(o)
		plain := func(typ string) func() { return func() { o.fire(p.rt, typ) } }
		d.OnOpen(plain("open"))
		d.OnClosing(plain("closing"))
		d.OnClose(plain("close"))
		d.OnBufferedAmountLow(plain("bufferedamountlow"))
		d.OnError(func(e *webrtc.RTCError) {
			ev := newEvent("RTCErrorEvent", "error", eventInit{})
			ev.attrs = map[string]any{"error": newRTCError(e)}
			o.dispatch(p.rt, ev)
		})
		d.OnMessage(func(m webrtc.DataChannelMessage) {
			ev := newEvent("MessageEvent", "message", eventInit{})
			var data any = m.Data
			switch {
			case m.IsString:
				data = string(m.Data)
			case d.BinaryType() == "blob":
				data = &blob{data: m.Data}
			}
			ev.attrs = map[string]any{"data": p.rt.realm.ToJS(nil, data), "origin": originOf(p.rt.base), "lastEventId": "", "source": nil, "ports": []any{}}
			o.dispatch(p.rt, ev)
		})
		return o
	})
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
		"readyState":                 channelAttr((*ch).ReadyState),
		"bufferedAmount":             channelAttr((*ch).BufferedAmount),
		"bufferedAmountLowThreshold": channelAttr((*ch).BufferedAmountLowThreshold),
		"set bufferedAmountLowThreshold": setter(func(d *dataChannel, c *binding.Call) {
			d.d.SetBufferedAmountLowThreshold(uint64(c.Int(0)))
		}),
		"binaryType":     channelAttr((*ch).BinaryType),
		"set binaryType": setter(func(d *dataChannel, c *binding.Call) { d.d.SetBinaryType(c.String(0)) }),
		"close":          setter(func(d *dataChannel, _ *binding.Call) { d.d.Close() }),
		"send": func(c *binding.Call) (any, error) {
			d := c.This.(*dataChannel).d
			switch v := c.Arg(0).(type) {
			case string:
				return nil, d.SendText(v)
			case *blob:
				return nil, d.Send(v.data)
			case *binding.Buffer:
				return nil, d.Send(v.Bytes())
			}
			return nil, nil
		},
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
