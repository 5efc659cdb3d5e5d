package js

import (
	"sync"

	"trackway/js/binding"
	"trackway/webrtc"
)

// Data channels can be transferred to workers (webrtc-extensions, "RTCDataChannel
// extensions"): the connection stays with its runtime, and what happens to the
// channel is told to whichever runtime has it.

// channelHome is where the events of a channel go.
type channelHome struct {
	rt *Runtime // the connection's

	mu      sync.Mutex
	owner   *dataChannel // nil while the channel is on its way
	waiting []func(*dataChannel)
}

// tell has f called on the owner's loop, in the order of the calls: at once if
// that is the connection's, on which tell is called.
func (h *channelHome) tell(f func(*dataChannel)) {
	h.mu.Lock()
	owner := h.owner
	switch {
	case owner == nil:
		h.waiting = append(h.waiting, f)
	case owner.rt != h.rt:
		h.post(owner, f)
	default:
		defer f(owner)
	}
	h.mu.Unlock()
}

// post has f called in a task of the owner, unless the channel has moved on by
// then.
func (h *channelHome) post(owner *dataChannel, f func(*dataChannel)) {
	owner.rt.Post(func() {
		h.mu.Lock()
		here := h.owner == owner
		h.mu.Unlock()
		if here {
			f(owner)
		} else {
			h.tell(f)
		}
	})
}

// transfer has the RTCDataChannel transfer steps. A channel can be moved only
// in the task that made it, and before anything was sent.
func (o *dataChannel) transfer() (transferred, error) {
	if !o.transferable {
		return nil, cloneError("An RTCDataChannel that is in use")
	}
	state := o.readyState()
	o.transferable, o.moved = false, true
	o.home.mu.Lock()
	o.home.owner = nil
	o.home.mu.Unlock()
	return movedChannel{o.d, o.home, state}, nil
}

// movedChannel is a data channel on its way.
type movedChannel struct {
	d     *webrtc.DataChannel
	home  *channelHome
	state webrtc.DataChannelState
}

// receive has the RTCDataChannel transfer-receiving steps.
func (m movedChannel) receive(rt *Runtime) binding.Platform {
	o := newDataChannel(rt, m.d, m.home)
	o.state = m.state
	m.home.mu.Lock()
	defer m.home.mu.Unlock()
	m.home.owner = o
	for _, f := range m.home.waiting {
		m.home.post(o, f)
	}
	m.home.waiting = nil
	return o
}
