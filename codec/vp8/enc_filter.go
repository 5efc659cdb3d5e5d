package vp8

// filterTuner finds out how strong the loop filter should be. Coarse quantisers
// want strong filters, but how strong depends on the picture: fine detail that
// moves by fractions of a pixel is blurred a little more in every frame. So each
// frame a few rows are filtered with a weaker and a stronger level as well, on
// the side, and the next frame's level moves to where the error was smallest.
type filterTuner struct {
	ratio   int // level over quantiser index, times 256
	frame   int
	scratch *picture // two rows of macroblocks
	filters [3]loopFilter
	errors  [3]int
	levels  [3]int
}

const (
	firstFilterRatio = 96
	minFilterRatio   = 24
	maxFilterRatio   = 200
	// tunedRows is the distance between the rows of macroblocks that are tried.
	tunedRows = 8
)

func (t *filterTuner) resize(mbw int) {
	*t = filterTuner{ratio: firstFilterRatio, scratch: newPicture(mbw, 2)}
}

func filterLevel(q, ratio int) int { return min(max(q*ratio>>8, 1), 63) }

// begin prepares for a frame whose filter header is h and returns with the
// level set.
func (t *filterTuner) begin(h *filterHeader, q int, key bool) {
	for i, ratio := range [3]int{t.ratio * 3 / 4, t.ratio, t.ratio * 4 / 3} {
		t.levels[i] = filterLevel(q, ratio)
		h.level = t.levels[i]
		t.filters[i].init(h, &segmentation{}, key)
	}
	h.level = t.levels[1]
	t.errors = [3]int{}
}

// try filters row y of macroblocks, which is about to be filtered in cur, on the
// side with each of the levels.
func (t *filterTuner) try(cur, src *picture, grid *mbGrid, y int) {
	if y == 0 || (y+t.frame)%tunedRows != 0 || t.levels[0] == t.levels[2] {
		return
	}
	for i := range t.filters {
		t.load(&t.scratch.y, &cur.y, (y-1)*16, 32)
		t.load(&t.scratch.u, &cur.u, (y-1)*8, 16)
		t.load(&t.scratch.v, &cur.v, (y-1)*8, 16)
		t.filters[i].row(t.scratch, grid, y)
		for x := range grid.mbw {
			a, b := src.y.at(x*16, y*16), t.scratch.y.at(x*16, y*16)
			_, sse := variance16(src.y.buf[a:], src.y.stride, t.scratch.y.buf[b:], t.scratch.y.stride)
			t.errors[i] += sse
		}
	}
}

// load copies n lines of p from line y on and makes dst's coordinates the same.
func (t *filterTuner) load(dst, p *plane, y, n int) {
	top := border*dst.stride + border
	dst.origin = top - y*dst.stride
	copy(dst.buf[top:][:(n-1)*dst.stride+p.w], p.buf[p.at(0, y):][:(n-1)*p.stride+p.w])
}

// end moves the ratio towards the best of the levels tried.
func (t *filterTuner) end() {
	t.frame++
	switch e := &t.errors; {
	case e[0] < e[1] && e[0] <= e[2]:
		t.ratio = max(t.ratio*7/8, minFilterRatio)
	case e[2] < e[1]:
		t.ratio = min(t.ratio*9/8+1, maxFilterRatio)
	}
}
