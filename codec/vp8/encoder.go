package vp8

import (
	"fmt"
	"time"
)

// Encoder encodes pictures into a VP8 stream of profile 0. It is not safe for
// concurrent use.
type Encoder struct {
	cfg   EncoderConfig
	rate  rateControl
	layer layerPattern

	// What lasts from frame to frame, as in the decoder that follows.
	ent    entropy
	refs   references
	grid   mbGrid
	pool   pool
	frames int // since the last key frame

	needKey    bool
	firstLimit int // bytes in the first partition

	// Work space of one frame.
	src, cur  *picture
	lastSrc   *picture // the picture encoded before
	quiet     []quietState
	goldenUse int // macroblocks a frame that predict from golden
	zeroSAD   int // of the macroblock in hand, against the last frame in place
	pred      predictor
	lf        loopFilter
	tuner     filterTuner
	header    encHeader
	plan      layerFrame
	params    frameQuant
	near      [numRefs]nearMVs
	mvCost    mvCosts
	modeCost  modeCosts
	stats     frameStats
	tok       tokenizer
	rowTokens []int // index in tok.tokens of each row's first token
	above     []blockContext
	coeffs    encCoefficients
	splitMVs  [16]mv // of the split that is the best choice so far
	lastMVs   []mv   // of the previous frame, as starting points
	trial     [16 * 16]byte
	first     boolWriter
	parts     [8]boolWriter
	out       []byte
	plain     bool          // without subblock modes and vectors
	signBias  [numRefs]bool // never used by this encoder
}

// NewEncoder returns an encoder whose first frame will be a key frame.
func NewEncoder(cfg EncoderConfig) (*Encoder, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	e := &Encoder{cfg: cfg, needKey: true, firstLimit: maxFirstPartition}
	e.rate.init(&e.cfg)
	e.layer.layers = cfg.TemporalLayers
	e.resize()
	return e, nil
}

// Config returns the configuration in force.
func (e *Encoder) Config() EncoderConfig { return e.cfg }

// SetBitrate changes the target, in bits per second, from the next frame on.
func (e *Encoder) SetBitrate(bitsPerSecond int) error {
	cfg := e.cfg
	cfg.Bitrate = bitsPerSecond
	if err := cfg.setDefaults(); err != nil {
		return err
	}
	e.cfg = cfg
	e.rate.setTarget(&e.cfg)
	return nil
}

// SetFrameRate changes the frame rate expected of frames without a duration.
func (e *Encoder) SetFrameRate(fps float64) error {
	cfg := e.cfg
	cfg.FrameRate = fps
	if err := cfg.setDefaults(); err != nil {
		return err
	}
	e.cfg = cfg
	e.rate.setTarget(&e.cfg)
	return nil
}

// SetQuantizers changes the bounds of the quantiser index; see EncoderConfig.
func (e *Encoder) SetQuantizers(finest, coarsest int) error {
	cfg := e.cfg
	cfg.MinQuantizer, cfg.MaxQuantizer = finest, coarsest
	if err := cfg.setDefaults(); err != nil {
		return err
	}
	e.cfg = cfg
	e.rate.setTarget(&e.cfg)
	return nil
}

// SetSize changes the picture's size. The next frame must have it and will be a
// key frame.
func (e *Encoder) SetSize(width, height int) error {
	cfg := e.cfg
	cfg.Width, cfg.Height = width, height
	if err := cfg.setDefaults(); err != nil {
		return err
	}
	if width == e.cfg.Width && height == e.cfg.Height {
		return nil
	}
	e.cfg = cfg
	e.needKey = true
	e.rate.setTarget(&e.cfg)
	e.resize()
	return nil
}

// SetTemporalLayers changes the number of temporal layers, 1 to 3, from the next
// key frame on, which it asks for.
func (e *Encoder) SetTemporalLayers(n int) error {
	cfg := e.cfg
	cfg.TemporalLayers = n
	if err := cfg.setDefaults(); err != nil {
		return err
	}
	if n != e.cfg.TemporalLayers {
		e.cfg = cfg
		e.needKey = true
		e.layer.layers = n
		e.rate.setTarget(&e.cfg)
	}
	return nil
}

func (e *Encoder) resize() {
	mbw, mbh := (e.cfg.Width+15)/16, (e.cfg.Height+15)/16
	e.refs = references{}
	e.cur = nil
	if e.grid.mbw == mbw && e.grid.mbh == mbh && e.src != nil {
		for _, p := range e.pool.pics {
			p.refs = 0
		}
		return
	}
	e.pool.resize(mbw, mbh)
	e.tuner.resize(mbw)
	e.grid.resize(mbw, mbh)
	e.src, e.lastSrc = newPicture(mbw, mbh), newPicture(mbw, mbh)
	e.quiet = make([]quietState, mbw*mbh)
	e.above = make([]blockContext, mbw)
	e.rowTokens = make([]int, mbh+1)
	e.lastMVs = make([]mv, mbw*mbh)
}

// goldenWorth is the fraction of the macroblocks, as a divisor, that must predict
// from golden for it to be kept and searched.
const goldenWorth = 16

// Encode encodes one picture of the configured size. The data belongs to the
// encoder and is overwritten by the next call. When rate control drops the
// frame, data is nil and info.Dropped is set.
func (e *Encoder) Encode(f *Frame, flags FrameFlags) (data []byte, info EncodedInfo, err error) {
	if err := f.check(); err != nil {
		return nil, info, err
	}
	if f.Width != e.cfg.Width || f.Height != e.cfg.Height {
		return nil, info, fmt.Errorf("%w: picture of %dx%d, configured are %dx%d",
			ErrFrameSize, f.Width, f.Height, e.cfg.Width, e.cfg.Height)
	}
	duration := flags.Duration
	if duration <= 0 {
		duration = time.Duration(float64(time.Second) / e.cfg.FrameRate)
	}
	key := flags.KeyFrame || e.needKey ||
		e.cfg.KeyFrameInterval > 0 && e.frames >= e.cfg.KeyFrameInterval
	if e.rate.drop(duration, key) {
		return nil, EncodedInfo{Dropped: true}, nil
	}
	e.plan = e.layer.next(key)
	if !key && e.goldenUse*goldenWorth > len(e.lastMVs) {
		e.plan.refs.golden = false // the old one still serves
	}
	e.src, e.lastSrc = e.lastSrc, e.src
	e.loadSource(f)
	if key {
		clear(e.quiet)
	}
	assign(&e.cur, nil)
	e.cur = e.pool.get()
	q := e.rate.choose(duration, key, e.plan.id)
	size := e.encodeFrame(key, q)
	for tries := 0; tries < 3; tries++ {
		again, better := e.rate.retry(size, key, e.plan.id, q)
		if !again {
			break
		}
		q = better
		size = e.encodeFrame(key, q)
	}
	if !e.writeFrame() {
		// A huge picture: its prediction records must be short.
		e.plain = true
		e.encodeFrame(key, q)
		fits := e.writeFrame()
		e.plain = false
		if !fits {
			e.needKey = true
			return nil, info, fmt.Errorf("%w: a frame of %dx%d with quantiser %d exceeds VP8's partition sizes",
				ErrFrameSize, f.Width, f.Height, q)
		}
	}
	e.finishFrame(key)
	e.rate.done(len(e.out)*8, duration, key, e.plan.id, q)
	return e.out, e.describe(key, q), nil
}

func (e *Encoder) describe(key bool, q int) EncodedInfo {
	u := &e.header.refs
	return EncodedInfo{
		KeyFrame: key, Quantizer: q, TemporalID: e.plan.id, LayerSync: e.plan.sync,
		NonReference:  !(u.last || u.golden || u.altRef),
		RefreshLast:   u.last,
		RefreshGolden: u.golden,
		RefreshAltRef: u.altRef,
		TL0PicIdx:     e.plan.tl0,
	}
}

// loadSource copies the picture, repeating its edges up to whole macroblocks.
func (e *Encoder) loadSource(f *Frame) {
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	load := func(p *plane, pix []byte, stride, w, h int) {
		for y := range p.h {
			row := p.buf[p.at(0, y):][:p.w]
			copy(row, pix[min(y, h-1)*stride:][:w])
			fill(row[w:], row[w-1])
		}
	}
	load(&e.src.y, f.Y, f.YStride, f.Width, f.Height)
	load(&e.src.u, f.U, f.UVStride, cw, ch)
	load(&e.src.v, f.V, f.UVStride, cw, ch)
}

// encodeFrame decides, transforms and reconstructs the whole frame with
// quantiser index q, without changing lasting state, and returns its estimated
// size in bits.
func (e *Encoder) encodeFrame(key bool, q int) int {
	e.header = encHeader{key: key, quant: quantHeader{index: q}, ent: e.ent}
	if key {
		e.header.ent.reset()
	}
	e.header.refs = e.plan.refs
	e.header.refreshEntropy = e.plan.keepEntropy && !(e.cfg.ErrorResilient && !key)
	e.params.init(&e.header.quant, key)
	e.modeCost.init(key, &e.header.ent, e.stats.known && !key, &e.stats)
	e.mvCost.init(&e.header.ent.mv)
	e.stats = frameStats{known: true}
	e.tok.tokens = e.tok.tokens[:0]
	e.tok.stats, e.tok.raw = tokenStats{}, 0
	clear(e.above)

	e.header.filter = filterDeltas
	e.tuner.begin(&e.header.filter, q, key)
	e.lf.init(&e.header.filter, &segmentation{}, key)
	e.cur.prepareIntra()
	for y := range e.grid.mbh {
		e.rowTokens[y] = len(e.tok.tokens)
		e.encodeRow(y)
		if y > 0 {
			e.filterRow(y - 1)
		}
	}
	e.rowTokens[e.grid.mbh] = len(e.tok.tokens)
	e.filterRow(e.grid.mbh - 1)
	return e.tok.stats.cost(&e.header.ent.coeff)/costBit + e.tok.raw + e.stats.modeBits/costBit
}

func (e *Encoder) filterRow(y int) {
	e.tuner.try(e.cur, e.src, &e.grid, y)
	e.lf.row(e.cur, &e.grid, y)
}

// filterDeltas are the loop filter's deltas: still areas have been filtered
// before, split and intra predictions have edges of their own.
var filterDeltas = filterHeader{
	deltaEnabled: true,
	refDelta:     [4]int8{refIntra: 2, refLast: 0, refGolden: -2, refAltRef: -2},
	mdDelta:      [4]int8{classBPred: 4, classZero: -2, classMV: 2, classSplit: 4},
}

// finishFrame makes the frame just written part of the state.
func (e *Encoder) finishFrame(key bool) {
	e.tuner.end()
	e.cur.extend()
	e.refs.update(&e.header.refs, e.cur)
	if key {
		e.frames, e.goldenUse = 0, 0
		e.needKey = false
	}
	e.frames++
	// A running mean over some eight frames.
	e.goldenUse += (int(e.stats.golden[0]) - e.goldenUse) / 8
	for y := range e.grid.mbh {
		for x := range e.grid.mbw {
			e.lastMVs[y*e.grid.mbw+x] = e.grid.mbs[e.grid.index(x, y)].mv
		}
	}
}
