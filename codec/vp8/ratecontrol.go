package vp8

import "time"

// rateControl is one-pass constant bit rate control around a leaky bucket: level
// is how many bits are waiting in it beyond what the target rate has carried
// away. The size of a frame is modelled as k/step for quantiser step size step,
// with k learnt for key frames and for each layer.
type rateControl struct {
	target     float64 // bits per second
	buffer     float64 // bits the bucket should not exceed
	fixed      int
	minQ, maxQ int
	dropping   bool
	layers     int
	pixels     float64

	level  float64
	budget float64 // of the frame in hand
	key    rateModel
	inter  [3]rateModel
}

type rateModel struct {
	known bool
	k     float64
	q     int     // used last
	bits  float64 // that came of it
}

func quantStep(q int) float64 { return float64(acTable[q]) }

func (r *rateControl) init(cfg *EncoderConfig) {
	*r = rateControl{}
	r.setTarget(cfg)
}

// setTarget takes over a changed configuration and keeps what was learnt.
func (r *rateControl) setTarget(cfg *EncoderConfig) {
	pixels := float64(cfg.Width * cfg.Height)
	if pixels != r.pixels {
		r.key, r.inter = rateModel{}, [3]rateModel{}
	}
	r.pixels = pixels
	r.target = float64(cfg.Bitrate)
	r.buffer = r.target * cfg.BufferTime.Seconds()
	r.level = min(r.level, r.buffer)
	r.fixed = cfg.FixedQuantizer
	r.minQ, r.maxQ = cfg.MinQuantizer, cfg.MaxQuantizer
	r.dropping = cfg.DropFrames
	r.layers = cfg.TemporalLayers
}

// drop decides whether to skip the frame, and lets its time drain the bucket if
// so.
func (r *rateControl) drop(duration time.Duration, key bool) bool {
	if r.fixed > 0 || !r.dropping || key || r.level <= r.buffer {
		return false
	}
	r.level -= r.target * duration.Seconds()
	return true
}

func (r *rateControl) model(key bool, id int) *rateModel {
	if key {
		return &r.key
	}
	return &r.inter[id]
}

// choose returns the quantiser index for the next frame.
func (r *rateControl) choose(duration time.Duration, key bool, id int) int {
	if r.fixed > 0 {
		return r.fixed
	}
	m := r.model(key, id)
	share := r.target * duration.Seconds()
	if key {
		// A key frame may fill half of the bucket, but not while it is full.
		r.budget = max(r.buffer/2-max(r.level, 0)/2, share*2)
	} else {
		share *= layerShare[r.layers][id]
		r.budget = min(max(share-r.level/12, share*0.4), share*2)
	}
	k := m.k
	if !m.known {
		// Before the first frame: a typical camera picture.
		k = r.pixels * 20
		if !key {
			k = r.pixels * 4
			if r.key.known {
				k = r.key.k / 5
			}
		}
	}
	q := r.fit(k)
	if m.known && !key {
		// Carefully towards finer steps: a still picture costs next to nothing
		// until the step falls below what its error has become.
		finest := 0.85
		if m.bits < r.budget/4 {
			finest = 0.75
		}
		for q < m.q && quantStep(q) < finest*quantStep(m.q) {
			q++
		}
		q = min(q, m.q+14)
	}
	return min(max(q, r.minQ), r.maxQ)
}

// fit returns the finest quantiser that the model expects to keep the budget.
func (r *rateControl) fit(k float64) int {
	for q := r.minQ; q < r.maxQ; q++ {
		if k/quantStep(q) <= r.budget {
			return q
		}
	}
	return r.maxQ
}

// retry asks for a second attempt when a frame came out far too big, as after a
// cut.
func (r *rateControl) retry(bits int, key bool, id, q int) (again bool, better int) {
	limit := r.budget * 2.5
	if key {
		limit = r.budget * 1.5
	}
	if r.fixed > 0 || q >= r.maxQ || float64(bits) <= limit {
		return false, q
	}
	better = r.fit(float64(bits) * quantStep(q))
	if m := r.model(key, id); m.known && m.q > q {
		// The frame before was fine with a coarser quantiser. When little
		// moves, a frame's size falls far faster than the model says, so look
		// for the edge between the two.
		better = min(better, (q+m.q+1)/2)
	}
	return better > q+1, better
}

// done accounts for the frame that was written.
func (r *rateControl) done(bits int, duration time.Duration, key bool, id, q int) {
	if r.fixed > 0 {
		return
	}
	r.level += float64(bits) - r.target*duration.Seconds()
	// What cannot be caught up with is forgotten, on either side.
	r.level = min(max(r.level, -r.buffer/2), 4*r.buffer)
	m := r.model(key, id)
	k := float64(bits) * quantStep(q)
	if !m.known {
		m.k, m.known = k, true
	} else {
		m.k += (k - m.k) * 0.4
	}
	m.q, m.bits = q, float64(bits)
}
