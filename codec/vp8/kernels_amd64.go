package vp8

import (
	"sync/atomic"

	"golang.org/x/sys/cpu"
)

// vector says whether the AVX2 kernels are in use. The functions below choose
// between them and their pure Go twins, which compute the same to the bit.
var vector atomic.Bool

func init() { vector.Store(cpu.X86.HasAVX2) }

// SetAssembly switches the assembly kernels on, where the processor has what
// they need, or off. It reports whether they are in use afterwards. The output
// of encoder and decoder does not depend on it.
func SetAssembly(on bool) bool {
	vector.Store(on && cpu.X86.HasAVX2)
	return vector.Load()
}

//go:noescape
func sixtapH16AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)

//go:noescape
func sixtapH8AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)

//go:noescape
func sixtapH4AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)

//go:noescape
func sixtapV16AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)

//go:noescape
func sixtapV8AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)

//go:noescape
func sixtapV4AVX2(dst *byte, dstStride int, src *byte, srcStride int, h int, taps *[6]int8)

//go:noescape
func mixAVX2(dst *byte, dstStride int, src *byte, srcStride int, offset, w, h, weights int)

//go:noescape
func sad16AVX2(a *byte, aStride int, b *byte, bStride int) int

//go:noescape
func sad8AVX2(a *byte, aStride int, b *byte, bStride int) int

//go:noescape
func satd16AVX2(a *byte, aStride int, b *byte, bStride int) int

//go:noescape
func satd8AVX2(a *byte, aStride int, b *byte, bStride int) int

//go:noescape
func satd4AVX2(a *byte, aStride int, b *byte, bStride int) int

//go:noescape
func sse8AVX2(a *byte, aStride int, b *byte, bStride int) int

//go:noescape
func variance16AVX2(a *byte, aStride int, b *byte, bStride int) (sum, sse int)

//go:noescape
func inverseDCTAVX2(in *[16]int16, dst *byte, stride int)

//go:noescape
func addDCAVX2(v int, dst *byte, stride int)

//go:noescape
func forwardDCT2AVX2(src, pred *byte, stride int, out *[16]int16)

//go:noescape
func quantizeAVX2(c, levels *[16]int16, q *quantizer) uint32

//go:noescape
func simpleH16AVX2(p *byte, stride int, limit *uint8)

//go:noescape
func simpleV16AVX2(p *byte, stride int, limit *uint8)

//go:noescape
func mbEdgeH16AVX2(p *byte, stride int, params *filterParams)

//go:noescape
func subEdgeH16AVX2(p *byte, stride int, params *filterParams)

//go:noescape
func mbEdgeV16AVX2(p *byte, stride int, params *filterParams)

//go:noescape
func subEdgeV16AVX2(p *byte, stride int, params *filterParams)

//go:noescape
func mbEdgeH8AVX2(u, v *byte, stride int, params *filterParams)

//go:noescape
func subEdgeH8AVX2(u, v *byte, stride int, params *filterParams)

//go:noescape
func mbEdgeV8AVX2(u, v *byte, stride int, params *filterParams)

//go:noescape
func subEdgeV8AVX2(u, v *byte, stride int, params *filterParams)

// tapPairs holds sixtapFilters in the order in which the kernels pair the taps:
// 0 and 5, 2 and 4, 1 and 3.
var tapPairs = func() (t [8][6]int8) {
	for i, f := range sixtapFilters {
		t[i] = [6]int8{f[0], f[5], f[2], f[4], f[1], f[3]}
	}
	return t
}()

func sixtapH(dst []byte, dstStride int, src []byte, srcStride, w, h, frac int) {
	if !vector.Load() {
		sixtapHGo(dst, dstStride, src, srcStride, w, h, frac)
		return
	}
	// The loads are 16 bytes wide, for w = 16 twice, the second 8 further on.
	_, _ = dst[(h-1)*dstStride+w-1], src[(h-1)*srcStride+max(w, 8)+7]
	d, s, taps := &dst[0], &src[0], &tapPairs[frac&7]
	switch w {
	case 16:
		sixtapH16AVX2(d, dstStride, s, srcStride, h, taps)
	case 8:
		sixtapH8AVX2(d, dstStride, s, srcStride, h, taps)
	default:
		sixtapH4AVX2(d, dstStride, s, srcStride, h, taps)
	}
}

func sixtapV(dst []byte, dstStride int, src []byte, srcStride, w, h, frac int) {
	if !vector.Load() {
		sixtapVGo(dst, dstStride, src, srcStride, w, h, frac)
		return
	}
	_, _ = dst[(h-1)*dstStride+w-1], src[(h+4)*srcStride+w-1]
	d, s, taps := &dst[0], &src[0], &tapPairs[frac&7]
	switch w {
	case 16:
		sixtapV16AVX2(d, dstStride, s, srcStride, h, taps)
	case 8:
		sixtapV8AVX2(d, dstStride, s, srcStride, h, taps)
	default:
		sixtapV4AVX2(d, dstStride, s, srcStride, h, taps)
	}
}

func bilinear(dst []byte, dstStride int, src []byte, srcStride, w, h, fx, fy int, pass []byte) {
	if !vector.Load() {
		bilinearGo(dst, dstStride, src, srcStride, w, h, fx, fy, pass)
		return
	}
	// A displacement of 0 would need the weight 128, which does not fit the
	// kernel and changes nothing.
	_, _ = dst[(h-1)*dstStride+w-1], src[h*srcStride+w]
	if fx != 0 && fy != 0 {
		_ = pass[h*16+w-1]
		mixAVX2(&pass[0], 16, &src[0], srcStride, 1, w, h+1, mixWeights(fx))
		src, srcStride = pass, 16
	} else if fx != 0 {
		mixAVX2(&dst[0], dstStride, &src[0], srcStride, 1, w, h, mixWeights(fx))
		return
	}
	if fy == 0 {
		copyBlock(dst, dstStride, src, srcStride, w, h)
		return
	}
	mixAVX2(&dst[0], dstStride, &src[0], srcStride, srcStride, w, h, mixWeights(fy))
}

// mixWeights packs the bilinear taps of a displacement in eighths.
func mixWeights(frac int) int { return 128 - 16*frac | 16*frac<<8 }

// inBlock panics unless the n×n block at the beginning of b lies within it.
func inBlock(b []byte, stride, n int) *byte {
	_ = b[(n-1)*stride+n-1]
	return &b[0]
}

func sad16(a []byte, aStride int, b []byte, bStride int) int {
	if !vector.Load() {
		return sadGo(a, aStride, b, bStride, 16, 16)
	}
	return sad16AVX2(inBlock(a, aStride, 16), aStride, inBlock(b, bStride, 16), bStride)
}

func sad8(a []byte, aStride int, b []byte, bStride int) int {
	if !vector.Load() {
		return sadGo(a, aStride, b, bStride, 8, 8)
	}
	return sad8AVX2(inBlock(a, aStride, 8), aStride, inBlock(b, bStride, 8), bStride)
}

func satd16(a []byte, aStride int, b []byte, bStride int) int {
	if !vector.Load() {
		return satdGo(a, aStride, b, bStride, 16, 16)
	}
	return satd16AVX2(inBlock(a, aStride, 16), aStride, inBlock(b, bStride, 16), bStride)
}

func satd8(a []byte, aStride int, b []byte, bStride int) int {
	if !vector.Load() {
		return satdGo(a, aStride, b, bStride, 8, 8)
	}
	return satd8AVX2(inBlock(a, aStride, 8), aStride, inBlock(b, bStride, 8), bStride)
}

func satd4(a []byte, aStride int, b []byte, bStride int) int {
	if !vector.Load() {
		return satd4Go(a, aStride, b, bStride)
	}
	return satd4AVX2(inBlock(a, aStride, 4), aStride, inBlock(b, bStride, 4), bStride)
}

func sse8(a []byte, aStride int, b []byte, bStride int) int {
	if !vector.Load() {
		return sse8Go(a, aStride, b, bStride)
	}
	return sse8AVX2(inBlock(a, aStride, 8), aStride, inBlock(b, bStride, 8), bStride)
}

func variance16(a []byte, aStride int, b []byte, bStride int) (sum, sse int) {
	if !vector.Load() {
		return variance16Go(a, aStride, b, bStride)
	}
	return variance16AVX2(inBlock(a, aStride, 16), aStride, inBlock(b, bStride, 16), bStride)
}

func inverseDCT(in *[16]int16, dst []byte, stride int) {
	if !vector.Load() {
		inverseDCTGo(in, dst, stride)
		return
	}
	inverseDCTAVX2(in, inBlock(dst, stride, 4), stride)
}

func addDC(dc int16, dst []byte, stride int) {
	if !vector.Load() {
		addDCGo(dc, dst, stride)
		return
	}
	addDCAVX2((int(dc)+4)>>3, inBlock(dst, stride, 4), stride)
}

func forwardDCT2(src, pred []byte, stride int, out *[2][16]int16) {
	if !vector.Load() {
		forwardDCT2Go(src, pred, stride, out)
		return
	}
	_, _ = src[3*stride+7], pred[3*stride+7]
	forwardDCT2AVX2(&src[0], &pred[0], stride, &out[0])
}

func quantize(c, levels *[16]int16, q *quantizer) uint32 {
	if !vector.Load() {
		return quantizeGo(c, levels, q)
	}
	return quantizeAVX2(c, levels, q)
}

func simpleV(b []byte, i, stride int, limit uint8) {
	if !vector.Load() {
		simpleVGo(b, i, stride, limit)
		return
	}
	simpleV16AVX2(edgeV(b, i, stride, 16), stride, &limit)
}

func simpleH(b []byte, i, stride int, limit uint8) {
	if !vector.Load() {
		simpleHGo(b, i, stride, limit)
		return
	}
	_, _ = b[i-2*stride], b[i+stride+15]
	simpleH16AVX2(&b[i], stride, &limit)
}

// edgeV and edgeH return the sample at i after making sure that all those the
// filters of n segments read lie within b.
func edgeV(b []byte, i, stride, n int) *byte {
	_, _ = b[i-4], b[i+(n-1)*stride+3]
	return &b[i]
}

func edgeH(b []byte, i, stride, n int) *byte {
	_, _ = b[i-4*stride], b[i+3*stride+n-1]
	return &b[i]
}

func mbEdgeV(b []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		mbEdgeVGo(b, i, stride, p)
		return
	}
	mbEdgeV16AVX2(edgeV(b, i, stride, 16), stride, p)
}

func mbEdgeH(b []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		mbEdgeHGo(b, i, stride, p)
		return
	}
	mbEdgeH16AVX2(edgeH(b, i, stride, 16), stride, p)
}

func subEdgesV(b []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		subEdgesVGo(b, i, stride, p)
		return
	}
	for e := 4; e < 16; e += 4 {
		subEdgeV16AVX2(edgeV(b, i+e, stride, 16), stride, p)
	}
}

func subEdgesH(b []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		subEdgesHGo(b, i, stride, p)
		return
	}
	for e := 4; e < 16; e += 4 {
		subEdgeH16AVX2(edgeH(b, i+e*stride, stride, 16), stride, p)
	}
}

func mbEdgeV8(u, v []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		mbEdgeV8Go(u, v, i, stride, p)
		return
	}
	mbEdgeV8AVX2(edgeV(u, i, stride, 8), edgeV(v, i, stride, 8), stride, p)
}

func mbEdgeH8(u, v []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		mbEdgeH8Go(u, v, i, stride, p)
		return
	}
	mbEdgeH8AVX2(edgeH(u, i, stride, 8), edgeH(v, i, stride, 8), stride, p)
}

func subEdgeV8(u, v []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		subEdgeV8Go(u, v, i, stride, p)
		return
	}
	subEdgeV8AVX2(edgeV(u, i, stride, 8), edgeV(v, i, stride, 8), stride, p)
}

func subEdgeH8(u, v []byte, i, stride int, p *filterParams) {
	if !vector.Load() {
		subEdgeH8Go(u, v, i, stride, p)
		return
	}
	subEdgeH8AVX2(edgeH(u, i, stride, 8), edgeH(v, i, stride, 8), stride, p)
}
