package js

import (
	"context"
	"time"

	"trackway/js/binding"
	"trackway/media"
	"trackway/webrtc"
)

// rtpSender, rtpReceiver and rtpTransceiver are the interfaces of those names.
type (
	rtpSender struct {
		binding.Object
		p *peerConnection
		s *webrtc.RTPSender
		transformSlot
	}
	rtpReceiver struct {
		binding.Object
		p *peerConnection
		r *webrtc.RTPReceiver
		transformSlot
	}
	rtpTransceiver struct {
		binding.Object
		p *peerConnection
		t *webrtc.RTPTransceiver
	}
)

// InterfaceName implements binding.Platform.
func (*rtpSender) InterfaceName() string { return "RTCRtpSender" }

// InterfaceName implements binding.Platform.
func (*rtpReceiver) InterfaceName() string { return "RTCRtpReceiver" }

// InterfaceName implements binding.Platform.
func (*rtpTransceiver) InterfaceName() string { return "RTCRtpTransceiver" }

func (p *peerConnection) sender(s *webrtc.RTPSender) *rtpSender {
	return object(p, s, func() *rtpSender { return &rtpSender{p: p, s: s} })
}

func (p *peerConnection) receiver(r *webrtc.RTPReceiver) *rtpReceiver {
	return object(p, r, func() *rtpReceiver { return &rtpReceiver{p: p, r: r} })
}

func (p *peerConnection) transceiver(t *webrtc.RTPTransceiver) *rtpTransceiver {
	return object(p, t, func() *rtpTransceiver { return &rtpTransceiver{p: p, t: t} })
}

func sources(f func(*webrtc.RTPReceiver) []webrtc.RTPContributingSource) binding.Method {
	return func(c *binding.Call) (any, error) {
		out := []any{}
		for _, s := range f(c.This.(*rtpReceiver).r) {
			m := map[string]any{"timestamp": s.Timestamp, "source": s.Source, "rtpTimestamp": s.RTPTimestamp}
			if s.AudioLevel != nil {
				m["audioLevel"] = *s.AudioLevel
			}
			if !s.CaptureTimestamp.IsZero() {
				m["captureTimestamp"] = float64(s.CaptureTimestamp.UnixMicro()) / 1000
			}
			if s.SenderCaptureTimeOffset != nil {
				m["senderCaptureTimeOffset"] = float64(*s.SenderCaptureTimeOffset) / float64(time.Millisecond)
			}
			out = append(out, binding.NewDict(m))
		}
		return out, nil
	}
}

func init() {
	registry.Implement("RTCRtpSender", binding.Members{
		"track":     getter(func(s *rtpSender) any { return nullable(s.p.rt.track(s.s.Track())) }),
		"transport": getter(func(s *rtpSender) any { return nullable(s.p.dtls(s.s.Transport())) }),
		"dtmf":      getter(func(s *rtpSender) any { return nullable(s.p.dtmf(s.s.DTMF())) }),
		"static getCapabilities": func(c *binding.Call) (any, error) {
			if e := host(c).opts.Engine; e != nil {
				return capabilities(e.SenderCapabilities(media.Kind(c.String(0)))), nil
			}
			return capabilities(webrtc.SenderCapabilities(media.Kind(c.String(0)))), nil
		},
		"getParameters": func(c *binding.Call) (any, error) {
			return sendParametersDict(c.This.(*rtpSender).s.GetParameters()), nil
		},
		"setParameters": func(c *binding.Call) (any, error) {
			s, promise := c.This.(*rtpSender), c.NewPromise()
			var options webrtc.SetParameterOptions
			for _, e := range c.Dict(1).Seq("encodingOptions") {
				options.EncodingOptions = append(options.EncodingOptions, webrtc.EncodingOptions{KeyFrame: e.(*binding.Dict).Bool("keyFrame")})
			}
			s.s.SetParametersAsync(sendParameters(c.Dict(0)), s.p.settle(promise), options)
			return promise, nil
		},
		"replaceTrack": func(c *binding.Call) (any, error) {
			s, promise := c.This.(*rtpSender), c.NewPromise()
			s.s.ReplaceTrackAsync(trackArg(c.Arg(0)), s.p.settle(promise))
			return promise, nil
		},
		"getStats": func(c *binding.Call) (any, error) {
			s, promise := c.This.(*rtpSender), c.NewPromise()
			s.p.stats(promise, func() (*webrtc.StatsReport, error) { return s.s.GetStats(context.Background()) })
			return promise, nil
		},
		"setStreams": func(c *binding.Call) (any, error) {
			return nil, c.This.(*rtpSender).s.SetStreams(streamArgs(c.Args)...)
		},
	})
	registry.Implement("RTCRtpReceiver", binding.Members{
		"track":     getter(func(r *rtpReceiver) any { return r.p.rt.track(r.r.Track()) }),
		"transport": getter(func(r *rtpReceiver) any { return nullable(r.p.dtls(r.r.Transport())) }),
		"static getCapabilities": func(c *binding.Call) (any, error) {
			if e := host(c).opts.Engine; e != nil {
				return capabilities(e.ReceiverCapabilities(media.Kind(c.String(0)))), nil
			}
			return capabilities(webrtc.ReceiverCapabilities(media.Kind(c.String(0)))), nil
		},
		"getParameters": func(c *binding.Call) (any, error) {
			return binding.NewDict(parametersMap(c.This.(*rtpReceiver).r.GetParameters().RTPParameters)), nil
		},
		"getStats": func(c *binding.Call) (any, error) {
			r, promise := c.This.(*rtpReceiver), c.NewPromise()
			r.p.stats(promise, func() (*webrtc.StatsReport, error) { return r.r.GetStats(context.Background()) })
			return promise, nil
		},
		"getContributingSources":    sources((*webrtc.RTPReceiver).GetContributingSources),
		"getSynchronizationSources": sources((*webrtc.RTPReceiver).GetSynchronizationSources),
		"jitterBufferTarget": getter(func(r *rtpReceiver) any {
			if d := r.r.JitterBufferTarget(); d != nil {
				return float64(*d) / float64(time.Millisecond)
			}
			return nil
		}),
		"set jitterBufferTarget": func(c *binding.Call) (any, error) {
			r := c.This.(*rtpReceiver).r
			ms, ok := c.Arg(0).(float64)
			if !ok {
				return nil, r.SetJitterBufferTarget(nil)
			}
			d := time.Duration(ms * float64(time.Millisecond))
			return nil, r.SetJitterBufferTarget(&d)
		},
	})
	registry.Implement("RTCRtpTransceiver", binding.Members{
		"mid": getter(func(t *rtpTransceiver) any {
			if mid := t.t.Mid(); mid != "" {
				return mid
			}
			return nil
		}),
		"sender":    getter(func(t *rtpTransceiver) any { return t.p.sender(t.t.Sender()) }),
		"receiver":  getter(func(t *rtpTransceiver) any { return t.p.receiver(t.t.Receiver()) }),
		"direction": getter(func(t *rtpTransceiver) any { return t.t.Direction() }),
		"set direction": func(c *binding.Call) (any, error) {
			return nil, c.This.(*rtpTransceiver).t.SetDirection(webrtc.RTPTransceiverDirection(c.String(0)))
		},
		"currentDirection": getter(func(t *rtpTransceiver) any {
			if d := t.t.CurrentDirection(); d != "" {
				return d
			}
			return nil
		}),
		"stopped": getter(func(t *rtpTransceiver) any { return t.t.CurrentDirection() == webrtc.RTPTransceiverDirectionStopped }),
		"stop":    func(c *binding.Call) (any, error) { return nil, c.This.(*rtpTransceiver).t.Stop() },
		"setCodecPreferences": func(c *binding.Call) (any, error) {
			list, _ := c.Arg(0).([]any)
			codecs := []webrtc.RTPCodec{}
			for _, v := range list {
				codecs = append(codecs, codec(v.(*binding.Dict)))
			}
			return nil, c.This.(*rtpTransceiver).t.SetCodecPreferences(codecs...)
		},
		"getHeaderExtensionsToNegotiate": func(c *binding.Call) (any, error) {
			return extensionDicts(c.This.(*rtpTransceiver).t.GetHeaderExtensionsToNegotiate()), nil
		},
		"getNegotiatedHeaderExtensions": func(c *binding.Call) (any, error) {
			return extensionDicts(c.This.(*rtpTransceiver).t.GetNegotiatedHeaderExtensions()), nil
		},
		"setHeaderExtensionsToNegotiate": func(c *binding.Call) (any, error) {
			list, _ := c.Arg(0).([]any)
			out := []webrtc.RTPHeaderExtensionCapability{}
			for _, v := range list {
				d := v.(*binding.Dict)
				out = append(out, webrtc.RTPHeaderExtensionCapability{URI: d.String("uri"), Direction: webrtc.RTPTransceiverDirection(d.String("direction"))})
			}
			return nil, c.This.(*rtpTransceiver).t.SetHeaderExtensionsToNegotiate(out)
		},
	})
}
