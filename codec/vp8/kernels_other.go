//go:build !amd64

package vp8

// SetAssembly does nothing here: this architecture has no assembly kernels.
func SetAssembly(on bool) bool { return false }

func inverseDCT(in *[16]int16, dst []byte, stride int) { inverseDCTGo(in, dst, stride) }
func addDC(dc int16, dst []byte, stride int)           { addDCGo(dc, dst, stride) }

func sixtapH(dst []byte, dstStride int, src []byte, srcStride, w, h, frac int) {
	sixtapHGo(dst, dstStride, src, srcStride, w, h, frac)
}

func sixtapV(dst []byte, dstStride int, src []byte, srcStride, w, h, frac int) {
	sixtapVGo(dst, dstStride, src, srcStride, w, h, frac)
}

func bilinear(dst []byte, dstStride int, src []byte, srcStride, w, h, fx, fy int, pass []byte) {
	bilinearGo(dst, dstStride, src, srcStride, w, h, fx, fy, pass)
}

func simpleV(b []byte, i, stride int, limit uint8)       { simpleVGo(b, i, stride, limit) }
func simpleH(b []byte, i, stride int, limit uint8)       { simpleHGo(b, i, stride, limit) }
func mbEdgeV(b []byte, i, stride int, p *filterParams)   { mbEdgeVGo(b, i, stride, p) }
func mbEdgeH(b []byte, i, stride int, p *filterParams)   { mbEdgeHGo(b, i, stride, p) }
func subEdgesV(b []byte, i, stride int, p *filterParams) { subEdgesVGo(b, i, stride, p) }
func subEdgesH(b []byte, i, stride int, p *filterParams) { subEdgesHGo(b, i, stride, p) }

func mbEdgeV8(u, v []byte, i, stride int, p *filterParams)  { mbEdgeV8Go(u, v, i, stride, p) }
func mbEdgeH8(u, v []byte, i, stride int, p *filterParams)  { mbEdgeH8Go(u, v, i, stride, p) }
func subEdgeV8(u, v []byte, i, stride int, p *filterParams) { subEdgeV8Go(u, v, i, stride, p) }
func subEdgeH8(u, v []byte, i, stride int, p *filterParams) { subEdgeH8Go(u, v, i, stride, p) }

func sad16(a []byte, aStride int, b []byte, bStride int) int {
	return sadGo(a, aStride, b, bStride, 16, 16)
}

func sad8(a []byte, aStride int, b []byte, bStride int) int {
	return sadGo(a, aStride, b, bStride, 8, 8)
}

func variance16(a []byte, aStride int, b []byte, bStride int) (sum, sse int) {
	return variance16Go(a, aStride, b, bStride)
}

func forwardDCT2(src, pred []byte, stride int, out *[2][16]int16) {
	forwardDCT2Go(src, pred, stride, out)
}

func sse8(a []byte, aStride int, b []byte, bStride int) int { return sse8Go(a, aStride, b, bStride) }

func quantize(c, levels *[16]int16, q *quantizer) uint32 { return quantizeGo(c, levels, q) }

func satd16(a []byte, aStride int, b []byte, bStride int) int {
	return satdGo(a, aStride, b, bStride, 16, 16)
}

func satd8(a []byte, aStride int, b []byte, bStride int) int {
	return satdGo(a, aStride, b, bStride, 8, 8)
}

func satd4(a []byte, aStride int, b []byte, bStride int) int {
	return satd4Go(a, aStride, b, bStride)
}
