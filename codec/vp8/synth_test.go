package vp8

import (
	"math"
	"math/rand/v2"
)

// scene is a synthetic moving picture: textured background, a panning camera,
// objects that cross, film grain.
type scene struct {
	w, h       int
	tex        []byte
	noise      float64
	rng        *rand.Rand
	panX, panY float64
}

const texSize = 512

func newScene(seed uint64, w, h int) *scene {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := &scene{w: w, h: h, rng: rng, tex: make([]byte, texSize*texSize)}
	// A sum of random waves, periodic in texSize, plus some blocks with edges.
	type wave struct {
		fx, fy, phase int
		a             float32
	}
	var waves []wave
	for range 24 {
		f := math.Pow(2, rng.Float64()*6)
		an := rng.Float64() * 2 * math.Pi
		waves = append(waves, wave{int(f * math.Cos(an)), int(f * math.Sin(an)), rng.IntN(texSize), float32(20 / math.Sqrt(f))})
	}
	var sine [texSize]float32
	for i := range sine {
		sine[i] = float32(math.Sin(2 * math.Pi * float64(i) / texSize))
	}
	for y := range texSize {
		for x := range texSize {
			v := float32(128)
			for _, q := range waves {
				v += q.a * sine[(q.fx*x+q.fy*y+q.phase)&(texSize-1)]
			}
			s.tex[y*texSize+x] = uint8(min(max(v, 0), 255))
		}
	}
	for range 60 {
		x0, y0, bw, bh := rng.IntN(texSize), rng.IntN(texSize), 4+rng.IntN(60), 4+rng.IntN(40)
		v := uint8(rng.IntN(256))
		for y := range bh {
			for x := range bw {
				s.tex[(y0+y)%texSize*texSize+(x0+x)%texSize] = v
			}
		}
	}
	s.panX, s.panY = rng.Float64()*4-2, rng.Float64()*2-1
	s.noise = 2
	return s
}

func (s *scene) sample(x, y float64) float64 {
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := x-x0, y-y0
	xi, yi := int(x0)&(texSize-1), int(y0)&(texSize-1)
	xj, yj := (xi+1)&(texSize-1), (yi+1)&(texSize-1)
	a := float64(s.tex[yi*texSize+xi])*(1-fx) + float64(s.tex[yi*texSize+xj])*fx
	b := float64(s.tex[yj*texSize+xi])*(1-fx) + float64(s.tex[yj*texSize+xj])*fx
	return a*(1-fy) + b*fy
}

// frame draws picture t.
func (s *scene) frame(t int) *Frame {
	f := NewFrame(s.w, s.h)
	ft := float64(t)
	px, py := s.panX*ft, s.panY*ft+3*math.Sin(ft/9)
	cx := float64(s.w)/2 + float64(s.w)/3*math.Sin(ft/15)
	cy := float64(s.h)/2 + float64(s.h)/4*math.Cos(ft/11)
	rad := float64(min(s.w, s.h)) / 5
	for y := range s.h {
		for x := range s.w {
			fx, fy := float64(x), float64(y)
			var v float64
			if dx, dy := fx-cx, fy-cy; dx*dx+dy*dy < rad*rad {
				v = s.sample(dx*1.5+200, dy*1.5+300)*0.7 + 60
			} else {
				v = s.sample(fx+px, fy+py)
			}
			v += s.rng.NormFloat64() * s.noise
			f.Y[y*f.YStride+x] = uint8(min(max(v, 0), 255))
		}
	}
	for y := range (s.h + 1) / 2 {
		for x := range (s.w + 1) / 2 {
			v := s.sample(float64(x*2)+px+77, float64(y*2)+py+33)
			f.U[y*f.UVStride+x] = uint8(128 + (v-128)/3)
			f.V[y*f.UVStride+x] = uint8(128 - (v-128)/4)
		}
	}
	return f
}

func psnr(a, b *Frame) float64 {
	sse := 0.0
	for y := range a.Height {
		p, q := a.Y[y*a.YStride:][:a.Width], b.Y[y*b.YStride:][:a.Width]
		for x := range p {
			d := float64(p[x]) - float64(q[x])
			sse += d * d
		}
	}
	if sse == 0 {
		return 100
	}
	return 10 * math.Log10(255*255*float64(a.Width*a.Height)/sse)
}
