package vp8

import "math"

// Costs are in 1/256 of a bit.
const costBit = 256

// probCost is the cost of a false bool by its probability; a true one costs
// probCost[256-p].
var probCost = func() (t [257]uint16) {
	for p := 1; p < 256; p++ {
		t[p] = uint16(math.Round(-math.Log2(float64(p)/256) * costBit))
	}
	t[0] = 8 * costBit // the coder splits at least 1/256 off
	return t
}()

func boolCost(v bool, p uint8) int {
	if v {
		return int(probCost[256-int(p)])
	}
	return int(probCost[p])
}

func (c *code) cost(probs []uint8) int {
	sum := 0
	for i := range c.n {
		sum += boolCost(c.path>>i&1 == 1, probs[c.nodes[i]])
	}
	return sum
}

// mvCosts holds the cost of every motion vector component difference, offset
// by maxMVLength; rows first.
type mvCosts [2][2*maxMVLength + 1]uint16

func (t *mvCosts) init(probs *[2][numMVProbs]uint8) {
	for c := range t {
		p := &probs[c]
		sign := [2]int{boolCost(false, p[mvpSign]), boolCost(true, p[mvpSign])}
		for a := range maxMVLength + 1 {
			cost := mvMagnitudeCost(a, p)
			if a == 0 {
				t[c][maxMVLength] = uint16(cost)
				continue
			}
			t[c][maxMVLength+a] = uint16(cost + sign[0])
			t[c][maxMVLength-a] = uint16(cost + sign[1])
		}
	}
}

func mvMagnitudeCost(a int, p *[numMVProbs]uint8) int {
	if a < 8 {
		return boolCost(false, p[mvpIsShort]) + smallMVCodes[a].cost(p[mvpShort:mvpLong])
	}
	cost := boolCost(true, p[mvpIsShort])
	for i := range mvLongBits {
		if i == 3 && a < 16 {
			continue // implied
		}
		cost += boolCost(a>>i&1 == 1, p[mvpLong+i])
	}
	return cost
}

// cost returns the cost of coding v as a difference from base.
func (t *mvCosts) cost(v, base mv) int {
	dx, dy := int(v.x)-int(base.x), int(v.y)-int(base.y)
	if max(dx, -dx, dy, -dy) > maxMVLength {
		return 1 << 20
	}
	return int(t[0][dy+maxMVLength]) + int(t[1][dx+maxMVLength])
}

// branches counts the outcomes of one bool.
type branches [2]uint32

func (b *branches) add(v bool) {
	if v {
		b[1]++
	} else {
		b[0]++
	}
}

// prob is the probability that codes the counted outcomes best.
func (b *branches) prob(fallback uint8) uint8 {
	n := b[0] + b[1]
	if n == 0 {
		return fallback
	}
	return uint8(min(max((uint64(b[0])*256+uint64(n)/2)/uint64(n), 1), 255))
}

// cost is what the counted outcomes cost at probability p.
func (b *branches) cost(p uint8) int {
	return int(b[0])*int(probCost[p]) + int(b[1])*int(probCost[256-int(p)])
}

// count adds a value's way through a tree to the counters of its nodes.
func (c *code) count(nodes []branches) {
	for i := range c.n {
		nodes[c.nodes[i]].add(c.path>>i&1 == 1)
	}
}
