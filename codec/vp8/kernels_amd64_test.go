package vp8

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// twin runs f with the assembly kernels and without and returns both results.
func twin[T any](t *testing.T, f func() T) (asm, pure T) {
	t.Helper()
	if !SetAssembly(true) {
		t.Skip("the processor lacks AVX2")
	}
	asm = f()
	SetAssembly(false)
	pure = f()
	SetAssembly(true)
	return asm, pure
}

// randomPlane fills a plane with one of several kinds of content, because
// filters behave differently on flat, smooth and wild samples.
func randomPlane(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	kind := rng.IntN(4)
	v := rng.IntN(256)
	for i := range b {
		switch kind {
		case 0:
			b[i] = byte(rng.IntN(256))
		case 1:
			b[i] = byte(v + rng.IntN(9))
		case 2:
			v = min(max(v+rng.IntN(21)-10, 0), 255)
			b[i] = byte(v)
		default:
			b[i] = byte(255 * rng.IntN(2))
		}
	}
	return b
}

func TestSixtapTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		w, h := []int{16, 8, 4}[rng.IntN(3)], []int{4, 8, 16, 21, 9}[rng.IntN(5)]
		stride := 40 + rng.IntN(30)
		src := randomPlane(rng, stride*30)
		frac := 1 + rng.IntN(7)
		for name, f := range map[string]func([]byte, int, []byte, int, int, int, int){"H": sixtapH, "V": sixtapV} {
			asm, pure := twin(t, func() []byte {
				dst := make([]byte, 32*24)
				f(dst, 32, src, stride, w, h, frac)
				return dst
			})
			if !bytes.Equal(asm, pure) {
				t.Fatalf("sixtap%s %dx%d at %d/8: assembly and Go differ", name, w, h, frac)
			}
		}
	}
}

func TestBilinearTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 1000 {
		size := []int{16, 8, 4}[rng.IntN(3)]
		stride := 40 + rng.IntN(30)
		src := randomPlane(rng, stride*30)
		fx, fy := rng.IntN(8), rng.IntN(8)
		asm, pure := twin(t, func() []byte {
			var pass [21*16 + slack]byte
			dst := make([]byte, 32*17)
			bilinear(dst, 32, src, stride, size, size, fx, fy, pass[:])
			return dst
		})
		if !bytes.Equal(asm, pure) {
			t.Fatalf("bilinear %dx%d at (%d, %d)/8: assembly and Go differ", size, size, fx, fy)
		}
	}
}

func TestMetricTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		as, bs := 16+rng.IntN(40), 16+rng.IntN(40)
		a, b := randomPlane(rng, as*16+16), randomPlane(rng, bs*16+16)
		asm, pure := twin(t, func() [8]int {
			sum, sse := variance16(a, as, b, bs)
			return [8]int{
				sad16(a, as, b, bs), sad8(a, as, b, bs), sse8(a, as, b, bs), sum, sse,
				satd16(a, as, b, bs), satd8(a, as, b, bs), satd4(a, as, b, bs),
			}
		})
		if asm != pure {
			t.Fatalf("sad16, sad8, sse8, sum, sse, satd16, satd8, satd4: assembly %v, Go %v", asm, pure)
		}
	}
}

func randomBlock(rng *rand.Rand) (b [16]int16) {
	limit := 1 << (1 + rng.IntN(15))
	for i := range b {
		if rng.IntN(3) > 0 {
			b[i] = int16(rng.IntN(2*limit) - limit)
		}
	}
	return b
}

func TestTransformTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 1500 {
		stride := 16 + rng.IntN(20)
		src, pred := randomPlane(rng, stride*8), randomPlane(rng, stride*8)
		block := randomBlock(rng)
		asm, pure := twin(t, func() []byte {
			dst := slices.Clone(pred)
			inverseDCT(&block, dst, stride)
			addDC(block[0], dst[8:], stride)
			return dst
		})
		if !bytes.Equal(asm, pure) {
			t.Fatalf("inverse DCT of %v: assembly and Go differ", block)
		}
		a, p := twin(t, func() (out [2][16]int16) {
			forwardDCT2(src, pred, stride, &out)
			return out
		})
		if a != p {
			t.Fatalf("forward DCT: assembly %v, Go %v", a, p)
		}
	}
}

func TestQuantizeTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	type result struct {
		c, levels [16]int16
		mask      uint32
	}
	for range 1500 {
		var q quantizer
		h := quantHeader{index: rng.IntN(128)}
		q.init([][2]int32{h.factors(h.index).y1, h.factors(h.index).y2, h.factors(h.index).uv}[rng.IntN(3)], int32(rng.IntN(64)), int32(rng.IntN(64)))
		block := randomBlock(rng)
		asm, pure := twin(t, func() (r result) {
			r.c = block
			r.mask = quantize(&r.c, &r.levels, &q)
			return r
		})
		if asm != pure {
			t.Fatalf("quantize %v with %v: assembly %v, Go %v", block, q, asm, pure)
		}
	}
}

func TestLoopFilterTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	var lf loopFilter
	for range 1000 {
		lf.init(&filterHeader{level: 1, sharpness: rng.IntN(8)}, &segmentation{}, rng.IntN(2) == 0)
		p := &lf.params[1+rng.IntN(63)]
		stride := 32 + rng.IntN(16)
		y, v := randomPlane(rng, stride*32), randomPlane(rng, stride*32)
		at := 8*stride + 8
		for name, f := range map[string]func(u, v []byte){
			"simpleV":   func(u, _ []byte) { simpleV(u, at, stride, p.mbLimit) },
			"simpleH":   func(u, _ []byte) { simpleH(u, at, stride, p.subLimit) },
			"mbEdgeV":   func(u, _ []byte) { mbEdgeV(u, at, stride, p) },
			"mbEdgeH":   func(u, _ []byte) { mbEdgeH(u, at, stride, p) },
			"subEdgesV": func(u, _ []byte) { subEdgesV(u, at, stride, p) },
			"subEdgesH": func(u, _ []byte) { subEdgesH(u, at, stride, p) },
			"mbEdgeV8":  func(u, v []byte) { mbEdgeV8(u, v, at, stride, p) },
			"mbEdgeH8":  func(u, v []byte) { mbEdgeH8(u, v, at, stride, p) },
			"subEdgeV8": func(u, v []byte) { subEdgeV8(u, v, at, stride, p) },
			"subEdgeH8": func(u, v []byte) { subEdgeH8(u, v, at, stride, p) },
		} {
			asm, pure := twin(t, func() []byte {
				a, b := slices.Clone(y), slices.Clone(v)
				f(a, b)
				return append(a, b...)
			})
			if !bytes.Equal(asm, pure) {
				t.Fatalf("%s with %+v: assembly and Go differ", name, *p)
			}
		}
	}
}
