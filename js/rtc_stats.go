package js

import (
	"encoding/json"

	"github.com/dop251/goja"

	"trackway/js/binding"
	"trackway/media"
	"trackway/webrtc"
)

// statsReport is an RTCStatsReport: a readonly maplike of ids to dictionaries.
type statsReport struct {
	binding.Object
	ids, entries []any
}

// InterfaceName implements binding.Platform.
func (*statsReport) InterfaceName() string { return "RTCStatsReport" }

// Entries implements binding.Maplike.
func (s *statsReport) Entries() (keys, values []any) { return s.ids, s.entries }

// report returns the callback that resolves a getStats promise.
func (p *peerConnection) report(promise *binding.Promise) func(*webrtc.StatsReport, error) {
	p.observe()
	release := p.hold()
	return func(r *webrtc.StatsReport, err error) {
		release()
		if err != nil {
			promise.Reject(err)
			return
		}
		out, err := p.rt.statsReport(r)
		promise.Settle(out, err)
	}
}

// observe has everything decoded that the connection receives. A browser
// decodes whether anybody looks or not; here a script that does not look at
// pictures, sound or statistics cannot tell that nothing is decoded, and
// thousands of bots need not pay for it.
func (p *peerConnection) observe() {
	for _, r := range p.pc.GetReceivers() {
		if p.observed[r] || r.Track().ReadyState() == media.Ended {
			continue
		}
		p.observed[r] = true
		r.Track().AddSink(&media.Sink{Video: func(*media.VideoFrame) {}, Audio: func(*media.AudioFrame) {}})
	}
}

// stats gathers in a task of its own, as getStats does its work in parallel.
func (p *peerConnection) stats(promise *binding.Promise, gather func() (*webrtc.StatsReport, error)) {
	done := p.report(promise)
	p.rt.Post(func() { done(gather()) })
}

func (rt *Runtime) statsReport(r *webrtc.StatsReport) (*statsReport, error) {
	out := &statsReport{}
	for id, s := range r.All() {
		data, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		v, err := rt.parseJSON(string(data))
		if err != nil {
			return nil, err
		}
		if o, ok := v.(*goja.Object); ok {
			out.ids, out.entries = append(out.ids, id), append(out.entries, o)
		}
	}
	return out, nil
}

func init() { registry.Implement("RTCStatsReport", binding.Members{}) }
