package media

import (
	"cmp"
	"context"
	"image"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"trackway/codec"
	"trackway/codec/i420"
)

// mailbox hands the latest picture to the encoder. A picture that comes while
// one waits replaces it: what an encoder cannot keep up with is dropped before
// it costs anything.
type mailbox struct {
	mu      sync.Mutex
	waiting *VideoFrame
	free    *VideoFrame
	bell    chan struct{}
	end     bool
	missed  time.Time // when a picture was last replaced
}

func (m *mailbox) put(f *VideoFrame) {
	m.mu.Lock()
	into := m.waiting
	if into != nil {
		m.missed = time.Now()
	} else {
		if into, m.free = m.free, nil; into == nil {
			into = new(VideoFrame)
		}
	}
	into.CopyFrom(f)
	m.waiting = into
	m.mu.Unlock()
	m.ring()
}

// behind says that the encoder could not keep up lately.
func (m *mailbox) behind(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.missed.IsZero() && now.Sub(m.missed) < planPatience
}

func (m *mailbox) ring() {
	select {
	case m.bell <- struct{}{}:
	default:
	}
}

// take returns the picture that waits, after taking back the one that was
// taken before; ended says that there will be no more.
func (m *mailbox) take(back *VideoFrame) (f *VideoFrame, ended bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if back != nil {
		m.free = back
	}
	f, m.waiting = m.waiting, nil
	return f, m.end
}

// videoEncoding is the goroutine of a video encoder.
type videoEncoding struct {
	*encoding
	enc     codec.VideoEncoder
	box     mailbox
	key     atomic.Bool
	target  atomic.Int64 // bits per second; 0 before anyone said
	picture VideoFrame
	scaler  i420.Scaler
	plan    plan
	pace    rateMeter
	set     codec.VideoSettings // as the encoder was last told
	now     int64               // the latest timestamp, unwrapped
	due     int64
	begun   bool
	still   *VideoFrame // for EncodeOptions.Still
	sent    bool        // a frame has left
	emit    func(*EncodedFrame)
}

func (e *encoding) video() (func(context.Context), error) {
	o := e.key.EncodeOptions
	f := e.track.Format()
	width, height := f.Width, f.Height
	if width == 0 {
		width, height = 640, 480 // it will be told with the first picture
	}
	v := &videoEncoding{encoding: e, box: mailbox{bell: make(chan struct{}, 1)}}
	var err error
	v.enc, e.name, err = o.Codecs.NewVideoEncoder(o.Codec, codec.VideoSettings{
		Width: width, Height: height, Bitrate: v.bitrate(width, height, 30), ScalabilityMode: o.ScalabilityMode,
		ContentHint: e.track.ContentHint(), ErrorResilient: true,
	})
	if err != nil {
		return nil, err
	}
	e.out.encoding.Store(e)
	e.out.OnKeyFrameRequest(func(string) { v.key.Store(true) })
	e.out.OnFeedback(func(f Feedback) { v.target.Store(int64(f.TargetBitrate)) })
	e.meter.now.ScalabilityMode = cmp.Or(o.ScalabilityMode, "L1T1")
	v.emit = func(f *EncodedFrame) {
		f.RID = o.RID
		v.sent = true
		e.emit(f)
	}
	remove := e.track.AddSink(&Sink{
		Video: v.box.put,
		Ended: func() {
			v.box.mu.Lock()
			v.box.end = true
			v.box.mu.Unlock()
			v.box.ring()
		},
	})
	return func(ctx context.Context) {
		defer v.enc.Close()
		defer e.out.End()
		defer remove()
		v.run(ctx)
	}, nil
}

func (v *videoEncoding) run(ctx context.Context) {
	var f *VideoFrame
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.box.bell:
		}
		var ended bool
		if f, ended = v.box.take(f); f != nil {
			if v.encode(f) != nil {
				return
			}
		}
		if ended {
			return
		}
	}
}

func (v *videoEncoding) encode(f *VideoFrame) error {
	o := &v.key0().EncodeOptions
	if o.Still {
		if v.sent && !v.key.Load() {
			return nil
		}
		v.freeze(f)
	}
	rate, limit := v.pace.rate(f.Timestamp), math.Inf(1)
	if o.MaxFrameRate > 0 {
		limit = o.MaxFrameRate
		rate = max(1, min(rate, limit)) // what a picture may cost is no matter of minutes
	}
	width := max(1, int(math.Round(float64(f.Width)/o.ScaleResolutionDownBy)))
	height := max(1, int(math.Round(float64(f.Height)/o.ScaleResolutionDownBy)))
	bitrate := v.bitrate(width, height, rate)
	preference := o.DegradationPreference
	if preference == "" {
		preference = preferenceOf(v.track.ContentHint())
	}
	before := v.plan
	v.plan.update(width, height, rate, bitrate, preference, f.Timestamp)
	if !o.Still && !v.keep(f.Timestamp, min(v.plan.rate, limit)) {
		return nil
	}
	width, height = max(1, int(float64(width)/v.plan.scale)), max(1, int(float64(height)/v.plan.scale))
	if width != f.Width || height != f.Height {
		if v.picture.Width != width || v.picture.Height != height {
			v.picture = *codec.NewVideoFrame(width, height)
		}
		v.scaler.Scale(&v.picture, f, image.Rect(0, 0, f.Width, f.Height))
		f = &v.picture
	}
	if t := (codec.VideoSettings{Bitrate: bitrate, FrameRate: math.Round(v.plan.rate), ContentHint: v.track.ContentHint()}); t != v.set {
		if err := v.enc.SetTarget(t); err != nil {
			return err
		}
		v.set = t
	}
	now := time.Now()
	v.meter.target(bitrate, v.plan.rate)
	v.meter.picture(f.Width, f.Height, v.limitation(rate, now), before.begun && before.scale != v.plan.scale, now)
	v.meter.begin(now)
	err := v.enc.Encode(f, v.key.Swap(false), v.emit)
	v.meter.end(time.Now())
	return err
}

// limitation is what keeps size and frame rate below what was asked for.
func (v *videoEncoding) limitation(rate float64, now time.Time) Limitation {
	switch {
	case v.plan.scale > 1 || v.plan.rate < rate:
		return LimitationBandwidth
	case v.box.behind(now):
		return LimitationCPU
	}
	return LimitationNone
}

// key0 spells out which of two fields called key is meant.
func (v *videoEncoding) key0() *encodeKey { return &v.encoding.key }

// bitrate is what to aim at: what the network carries, within what the sender
// allows, or else within what the picture can use.
func (v *videoEncoding) bitrate(width, height int, rate float64) int {
	most := v.key0().MaxBitrate
	if most == 0 {
		// A tenth of a bit a pixel looks good in real-time VP8.
		most = int(max(100_000, min(8_000_000, float64(width*height)*rate/10)))
	}
	if t := int(v.target.Load()); t > 0 {
		return min(most, max(30_000, t))
	}
	return min(most, 1_500_000) // until someone has measured
}

// keep thins pictures out to a rate, evenly.
func (v *videoEncoding) keep(timestamp uint32, rate float64) bool {
	v.now += int64(int32(timestamp - uint32(v.now)))
	interval := int64(min(90000/rate, 1<<60))
	ahead := v.now - v.due
	if !v.begun || ahead > 2*interval || ahead < -2*interval {
		v.begun, v.due = true, v.now
	} else if ahead < -min(interval/4, 3000) { // a picture's time at most
		return false
	}
	v.due += interval
	return true
}

// freeze puts the first picture in the place of a later one, unless the track is
// disabled since: then nothing of it may be shown any more.
func (v *videoEncoding) freeze(f *VideoFrame) {
	switch {
	case v.still == nil:
		v.still = f.Clone()
	case v.track.Enabled():
		timestamp, capture := f.Timestamp, f.CaptureTime
		f.CopyFrom(v.still)
		f.Timestamp, f.CaptureTime = timestamp, capture
	}
}

// preferenceOf is what mst-content-hint says of degradation when the program
// does not.
func preferenceOf(hint string) string {
	switch hint {
	case "motion":
		return "maintain-framerate"
	case "detail", "text":
		return "maintain-resolution"
	}
	return "balanced"
}

// rateMeter measures the frame rate of timestamps.
type rateMeter struct {
	last    uint32
	average float64 // ticks between frames
}

func (m *rateMeter) rate(timestamp uint32) float64 {
	step := float64(int32(timestamp - m.last))
	m.last = timestamp
	if step > 0 && step < 90000 {
		if m.average == 0 {
			m.average = step
		}
		m.average += (step - m.average) / 16
	}
	if m.average == 0 {
		return 30
	}
	return max(1, min(120, 90000/m.average))
}

// plan is what size and frame rate the bits allow.
type plan struct {
	scale   float64 // width and height are divided by it
	rate    float64
	changed uint32 // timestamp of the last change of scale
	begun   bool
}

// planSteps are the sizes to choose from: three quarters of the pixels, then
// about half, and so on.
var planSteps = []float64{1, 1.25, 1.5, 2, 2.5, 3, 4}

const (
	// What a pixel needs at least to look better than a smaller one would, in
	// bits.
	minBitsPerPixel = 0.03
	// planPatience keeps the size from changing with every breath of the network.
	planPatience = 2 * time.Second
	minPlanRate  = 5
)

func (p *plan) update(width, height int, rate float64, bitrate int, preference string, now uint32) {
	have := float64(bitrate) / (float64(width*height) * rate * minBitsPerPixel) // of what is needed
	scale, slower := 1.0, 1.0
	switch {
	case have >= 1:
	case preference == "maintain-framerate":
		scale = math.Sqrt(1 / have)
	case preference == "maintain-resolution":
		slower = 1 / have
	default:
		// Size first, since motion that stutters shows more; then both.
		scale = math.Sqrt(1 / have)
		if scale > 2 {
			slower = (scale / 2) * (scale / 2)
			scale = 2
		}
	}
	p.rate = max(min(rate, minPlanRate), rate/slower)
	step := planSteps[len(planSteps)-1]
	for i := len(planSteps) - 1; i >= 0 && planSteps[i] >= scale*0.999; i-- {
		step = planSteps[i]
	}
	settled := time.Duration(int32(now-p.changed)) * time.Second / 90000
	// Up only when there is a quarter to spare, or it would come down again.
	tooEarly := step < p.scale && have < 1.25/(step*step)
	if !p.begun || step != p.scale && !tooEarly && settled.Abs() >= planPatience {
		p.begun, p.scale, p.changed = true, step, now
	}
}
