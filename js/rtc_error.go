package js

import (
	"errors"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/mediadevices"
	"trackway/webrtc"
)

// rtcError is an RTCError (webrtc-pc 11.1).
type rtcError struct {
	domException
	detail         string
	line, sctp     any
	received, sent any
}

// InterfaceName implements binding.Platform.
func (*rtcError) InterfaceName() string { return "RTCError" }

// overconstrainedError is an OverconstrainedError (mediacapture-streams 10.3.3).
type overconstrainedError struct {
	domException
	constraint string
}

// InterfaceName implements binding.Platform.
func (*overconstrainedError) InterfaceName() string { return "OverconstrainedError" }

func newRTCError(e *webrtc.RTCError) *rtcError {
	out := &rtcError{domException: domException{name: string(domerr.Operation), message: e.Message}, detail: string(e.ErrorDetail)}
	if e.SDPLineNumber != nil {
		out.line = *e.SDPLineNumber
	}
	if e.SCTPCauseCode != nil {
		out.sctp = *e.SCTPCauseCode
	}
	if e.ReceivedAlert != nil {
		out.received = *e.ReceivedAlert
	}
	if e.SentAlert != nil {
		out.sent = *e.SentAlert
	}
	return out
}

func init() {
	errorObjects = append(errorObjects, func(rt *Runtime, err error) goja.Value {
		var re *webrtc.RTCError
		if errors.As(err, &re) {
			return rt.realm.Wrap(newRTCError(re))
		}
		var oe *mediadevices.OverconstrainedError
		if errors.As(err, &oe) {
			return rt.realm.Wrap(&overconstrainedError{domException: domException{name: string(domerr.Overconstrained), message: oe.Message}, constraint: oe.Constraint})
		}
		return nil
	})
	registry.Implement("RTCError", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			d := c.Dict(0)
			return &rtcError{domException: domException{name: string(domerr.Operation), message: c.String(1)}, detail: d.String("errorDetail"),
				line: d.Get("sdpLineNumber"), sctp: d.Get("sctpCauseCode"), received: d.Get("receivedAlert"), sent: d.Get("sentAlert")}, nil
		},
		"errorDetail":   getter(func(e *rtcError) any { return e.detail }),
		"sdpLineNumber": getter(func(e *rtcError) any { return e.line }),
		"sctpCauseCode": getter(func(e *rtcError) any { return e.sctp }),
		"receivedAlert": getter(func(e *rtcError) any { return e.received }),
		"sentAlert":     getter(func(e *rtcError) any { return e.sent }),
	})
	implementEvent("RTCErrorEvent", "error")
	registry.Implement("OverconstrainedError", binding.Members{
		"constructor": func(c *binding.Call) (any, error) {
			return &overconstrainedError{domException: domException{name: string(domerr.Overconstrained), message: c.String(1)}, constraint: c.String(0)}, nil
		},
		"constraint": getter(func(e *overconstrainedError) any { return e.constraint }),
	})
}
