package g722

// The two sub-band ADPCM coders of ITU-T G.722, named after its blocks. All
// tables are the Recommendation's.

var (
	qmf = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}
	q6  = [30]int32{0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919}
	iln = [31]byte{0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4}
	ilp = [31]byte{0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32}
	wl  = [8]int32{-60, -30, 58, 172, 334, 538, 1198, 3042}
	rl  = [16]byte{0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0}
	ilb = [32]int32{2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008}
	qm4 = [16]int32{0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0}
	qm6 = [64]int32{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	qm2 = [4]int32{-7408, -1616, 7408, 1616}
	wh  = [3]int32{0, -214, 798}
	rh2 = [4]byte{2, 1, 2, 1}
	ihn = [3]byte{0, 1, 0}
	ihp = [3]byte{0, 3, 2}
)

func saturate(v int32) int32 { return max(-32768, min(32767, v)) }

// band is the state of one sub-band's adaptive predictor and quantiser.
type band struct {
	s, sz   int32 // the prediction, and its part from the zeros
	r, p, a [3]int32
	d, b    [7]int32
	nb, det int32 // logarithmic and linear scale factor
}

// scale is LOGSCL and SCALEL, or LOGSCH and SCALEH.
func (b *band) scale(w, limit, shift int32) {
	b.nb = max(0, min(limit, b.nb*127>>7+w))
	v := ilb[b.nb>>6&31]
	if n := shift - b.nb>>11; n < 0 {
		v <<= -n
	} else {
		v >>= n
	}
	b.det = v << 2
}

// adapt is block 4: it takes the quantised difference and makes the next
// prediction.
func (b *band) adapt(d int32) {
	b.d[0] = d
	b.r[0] = saturate(b.s + d)  // RECONS
	b.p[0] = saturate(b.sz + d) // PARREC

	// UPPOL2
	wd2 := saturate(b.a[1] << 2)
	if b.p[0]>>15 == b.p[1]>>15 {
		wd2 = min(32767, -wd2)
	}
	wd3 := int32(-128)
	if b.p[0]>>15 == b.p[2]>>15 {
		wd3 = 128
	}
	ap2 := max(-12288, min(12288, wd3+wd2>>7+b.a[2]*32512>>15))
	// UPPOL1
	wd1 := int32(-192)
	if b.p[0]>>15 == b.p[1]>>15 {
		wd1 = 192
	}
	limit := saturate(15360 - ap2)
	ap1 := max(-limit, min(limit, saturate(wd1+b.a[1]*32640>>15)))
	// UPZERO
	wd1 = 128
	if d == 0 {
		wd1 = 0
	}
	for i := 6; i >= 1; i-- {
		w := -wd1
		if b.d[i]>>15 == d>>15 {
			w = wd1
		}
		b.b[i] = saturate(w + b.b[i]*32640>>15)
	}
	// DELAYA
	for i := 6; i >= 1; i-- {
		b.d[i] = b.d[i-1]
	}
	b.r[2], b.r[1] = b.r[1], b.r[0]
	b.p[2], b.p[1] = b.p[1], b.p[0]
	b.a[1], b.a[2] = ap1, ap2
	// FILTEP
	sp := saturate(b.a[1]*saturate(2*b.r[1])>>15 + b.a[2]*saturate(2*b.r[2])>>15)
	// FILTEZ
	b.sz = 0
	for i := 6; i >= 1; i-- {
		b.sz += b.b[i] * saturate(2*b.d[i]) >> 15
	}
	b.sz = saturate(b.sz)
	b.s = saturate(sp + b.sz) // PREDIC
}

// state is that of one direction of a 64 kbit/s G.722 coder.
type state struct {
	x         [24]int32
	low, high band
}

func newState() *state {
	s := new(state)
	s.low.det, s.high.det = 32, 8
	return s
}

// push takes two samples into the quadrature mirror filter and returns its
// sums over the samples at odd places of the Recommendation's count, from 1,
// and at even ones.
func (s *state) push(a, b int32) (odd, even int32) {
	copy(s.x[:], s.x[2:])
	s.x[22], s.x[23] = a, b
	for i := range 12 {
		odd += s.x[2*i] * qmf[i]
		even += s.x[2*i+1] * qmf[11-i]
	}
	return odd, even
}

// encode codes two samples at 16 kHz to an octet.
func (s *state) encode(a, b int16) byte {
	sumOdd, sumEven := s.push(int32(a), int32(b))
	el := saturate((sumEven+sumOdd)>>14 - s.low.s)
	wd := el
	if el < 0 {
		wd = -(el + 1)
	}
	i := 1
	for i < 30 && wd >= q6[i]*s.low.det>>12 {
		i++
	}
	low := ilp[i]
	if el < 0 {
		low = iln[i]
	}
	s.lower(low)

	eh := saturate((sumEven-sumOdd)>>14 - s.high.s)
	wd = eh
	if eh < 0 {
		wd = -(eh + 1)
	}
	mih := 1
	if wd >= 564*s.high.det>>12 {
		mih = 2
	}
	high := ihp[mih]
	if eh < 0 {
		high = ihn[mih]
	}
	s.upper(high)
	return high<<6 | low
}

func (s *state) lower(code byte) {
	d := s.low.det * qm4[code>>2] >> 15
	s.low.scale(wl[rl[code>>2]], 18432, 8)
	s.low.adapt(d)
}

func (s *state) upper(code byte) {
	d := s.high.det * qm2[code] >> 15
	s.high.scale(wh[rh2[code]], 22528, 10)
	s.high.adapt(d)
}

// decode undoes encode.
func (s *state) decode(code byte) (a, b int16) {
	low, high := code&63, code>>6
	rlow := max(-16384, min(16383, s.low.s+s.low.det*qm6[low]>>15))
	s.lower(low)
	rhigh := max(-16384, min(16383, s.high.s+s.high.det*qm2[high]>>15))
	s.upper(high)
	second, first := s.push(rlow+rhigh, rlow-rhigh)
	return int16(saturate(first >> 11)), int16(saturate(second >> 11))
}
