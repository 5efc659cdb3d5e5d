package vp8

// Prediction modes of macroblocks, in the order of RFC 6386 §11.2 and §16.2, so
// that one variable holds an intra or an inter mode.
const (
	dcPred = iota
	vPred
	hPred
	tmPred
	bPred
	mvNearest
	mvNear
	mvZero
	mvNew
	mvSplit
)

// Prediction modes of intra-coded subblocks (RFC 6386 §11.2).
const (
	bDCPred = iota
	bTMPred
	bVEPred
	bHEPred
	bLDPred
	bRDPred
	bVRPred
	bVLPred
	bHDPred
	bHUPred
	numBModes
)

// Prediction modes of inter-coded subblocks (RFC 6386 §16.4).
const (
	left4x4 = iota
	above4x4
	zero4x4
	new4x4
)

// Reference frames; intra-coded macroblocks use refIntra.
const (
	refIntra = iota
	refLast
	refGolden
	refAltRef
	numRefs
)

// Plane types of the token probabilities (RFC 6386 §13.3).
const (
	planeYAfterY2 = iota
	planeY2
	planeUV
	planeYWithDC
)

// tree is a binary code in the layout of RFC 6386 §8.1: pairs of branches, a
// positive entry is the index of a deeper node, any other the negated value.
type tree []int8

var (
	segmentTree = tree{2, 4, -0, -1, -2, -3}

	// §11.2: key frames.
	keyYModeTree = tree{-bPred, 2, 4, 6, -dcPred, -vPred, -hPred, -tmPred}
	// §16.1: interframes.
	yModeTree  = tree{-dcPred, 2, 4, 6, -vPred, -hPred, -tmPred, -bPred}
	uvModeTree = tree{-dcPred, 2, -vPred, 4, -hPred, -tmPred}
	bModeTree  = tree{
		-bDCPred, 2, -bTMPred, 4, -bVEPred, 6, 8, 12, -bHEPred, 10,
		-bRDPred, -bVRPred, -bLDPred, 14, -bVLPred, 16, -bHDPred, -bHUPred,
	}
	mvRefTree     = tree{-mvZero, 2, -mvNearest, 4, -mvNear, 6, -mvNew, -mvSplit}
	splitTree     = tree{-split16, 2, -splitQuarters, 4, -splitTopBottom, -splitLeftRight}
	subMVRefTree  = tree{-left4x4, 2, -above4x4, 4, -zero4x4, -new4x4}
	smallMVTree   = tree{2, 8, 4, 6, -0, -1, -2, -3, 10, 12, -4, -5, -6, -7}
	keyYModeProbs = [4]uint8{145, 156, 163, 128}
	keyUVProbs    = [3]uint8{142, 114, 183}

	defaultYModeProbs = [4]uint8{112, 86, 140, 37}
	defaultUVProbs    = [3]uint8{162, 101, 204}
	defaultBModeProbs = [numBModes - 1]uint8{120, 90, 79, 133, 87, 85, 80, 111, 151}
)

// Ways to split a macroblock's motion (RFC 6386 §16.4).
const (
	splitTopBottom = iota
	splitLeftRight
	splitQuarters
	split16
)

var (
	splitProbs = [3]uint8{110, 111, 150}
	splitCount = [4]int{2, 2, 4, 16}
	// splitMap names the part that each subblock belongs to.
	splitMap = [4][16]uint8{
		{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1},
		{0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1},
		{0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3},
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	}
	// splitFirst is the first subblock of each part.
	splitFirst = [4][16]uint8{
		{0, 8}, {0, 2}, {0, 2, 8, 10},
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	}
	// subMVRefProbs is indexed by the context of RFC 6386 §16.4.
	subMVRefProbs = [5][3]uint8{{147, 136, 18}, {106, 145, 1}, {179, 121, 1}, {223, 1, 34}, {208, 1, 1}}
	// mvRefProbs is the table that §16.3 calls vp8_mode_contexts.
	mvRefProbs = [6][4]uint8{
		{7, 1, 1, 143}, {14, 18, 14, 107}, {135, 64, 57, 68},
		{60, 56, 128, 65}, {159, 134, 128, 34}, {234, 188, 128, 28},
	}
)

// Positions in a motion vector component's probabilities (RFC 6386 §17.1).
const (
	mvpIsShort  = 0
	mvpSign     = 1
	mvpShort    = 2
	mvpLong     = 9
	mvLongBits  = 10
	numMVProbs  = mvpLong + mvLongBits
	maxMVLength = 1<<mvLongBits - 1 // quarter pixels
)

var (
	// §17.2; row, then column.
	mvUpdateProbs = [2][numMVProbs]uint8{
		{237, 246, 253, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 250, 250, 252, 254, 254},
		{231, 243, 245, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 251, 251, 254, 254, 254},
	}
	defaultMVProbs = [2][numMVProbs]uint8{
		{162, 128, 225, 146, 172, 147, 214, 39, 156, 128, 129, 132, 75, 145, 178, 206, 239, 254, 254},
		{164, 128, 204, 170, 119, 235, 140, 230, 228, 128, 130, 130, 74, 148, 180, 203, 236, 254, 254},
	}
)

var (
	// zigzag maps a coefficient's place in the stream to its place in the
	// block (RFC 6386 §13).
	zigzag = [16]uint8{0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15}
	// coeffBands has a seventeenth entry so that the position after the last
	// coefficient has a band too (§13.3).
	coeffBands = [17]uint8{0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0}

	// §13.2: extra bits of the token categories.
	pCat3 = [...]uint8{173, 148, 140}
	pCat4 = [...]uint8{176, 155, 140, 135}
	pCat5 = [...]uint8{180, 157, 141, 134, 130}
	pCat6 = [...]uint8{254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}
)

// sixtapFilters are the taps of RFC 6386 §18.3 by displacement in eighths of a
// sample.
var sixtapFilters = [8][6]int8{
	{}, // whole samples are copied; the tap of 128 does not fit and is not needed
	{0, -6, 123, 12, -1, 0},
	{2, -11, 108, 36, -8, 1},
	{0, -9, 93, 50, -6, 0},
	{3, -16, 77, 77, -16, 3},
	{0, -6, 50, 93, -9, 0},
	{1, -8, 36, 108, -11, 2},
	{0, -1, 12, 123, -6, 0},
}
