package vp8

import "math/bits"

// DCT tokens (RFC 6386 §13.2).
const (
	tokenZero = iota
	tokenOne
	tokenTwo
	tokenThree
	tokenFour
	tokenCat1
	tokenCat2
	tokenCat3
	tokenCat4
	tokenCat5
	tokenCat6
	tokenEOB
)

// token is one coded token with what it takes to write it once the frame's
// probabilities are known: bits 0–6 select the probabilities (plane, band,
// context), 7–10 are the token, 11 says that it cannot be an end of block, 12
// is the sign and the extra bits begin at 13.
type token uint32

const (
	tokenShift   = 7
	noEOBBit     = 1 << 11
	signBit      = 1 << 12
	extraShift   = 13
	probSetCount = 4 * 8 * 3
)

// extraBits holds the base value and the extra bits' probabilities of the
// categories, from tokenCat1 on.
var extraBits = [6]struct {
	base  int
	probs []uint8
}{
	{5, []uint8{159}}, {7, []uint8{165, 145}},
	{11, pCat3[:]}, {19, pCat4[:]}, {35, pCat5[:]}, {67, pCat6[:]},
}

// category returns the token of a magnitude of 5 or more.
func category(a int) (tok int) {
	switch {
	case a < 7:
		return tokenCat1
	case a >= 67:
		return tokenCat6
	}
	// Categories 2…5 begin at 2^n + 3.
	return tokenCat2 + bits.Len(uint(a-3)) - 3
}

// tokenStats counts the outcomes at every node of the token tree.
type tokenStats [probSetCount][11]branches

// tokenizer turns a frame's coefficients into tokens.
type tokenizer struct {
	tokens []token
	stats  tokenStats
	raw    int // signs and extra bits
}

// block appends the tokens of one block from place first on, up to end.
func (t *tokenizer) block(levels *[16]int16, plane, first int, end, ctx uint8) {
	set := plane*24 + int(coeffBands[first])*3 + int(ctx)
	noEOB := false
	for n := first; n < int(end); n++ {
		v := int(levels[zigzag[n&15]])
		tok := token(set)
		s := &t.stats[set]
		if noEOB {
			tok |= noEOBBit
		} else {
			s[0][1]++
		}
		next := plane*24 + int(coeffBands[n+1])*3
		if v == 0 {
			s[1][0]++
			t.tokens = append(t.tokens, tok)
			noEOB = true
			set = next
			continue
		}
		s[1][1]++
		if v < 0 {
			tok |= signBit
			v = -v
		}
		noEOB = false
		t.raw++
		if v == 1 {
			s[2][0]++
			t.tokens = append(t.tokens, tok|tokenOne<<tokenShift)
			set = next + 1
			continue
		}
		s[2][1]++
		set = next + 2
		t.tokens = append(t.tokens, tok|t.large(v, s))
	}
	if end < 16 {
		t.stats[set][0][0]++
		t.tokens = append(t.tokens, token(set)|tokenEOB<<tokenShift)
	}
}

// large returns the token bits of a magnitude of 2 or more and counts its way
// through the tree from node 3 on.
func (t *tokenizer) large(v int, s *[11]branches) token {
	if v < 5 {
		s[3][0]++
		if v == 2 {
			s[4][0]++
		} else {
			s[4][1]++
			s[5].add(v == 4)
		}
		return token(v) << tokenShift
	}
	s[3][1]++
	cat := category(v)
	switch {
	case cat <= tokenCat2:
		s[6][0]++
		s[7].add(cat == tokenCat2)
	case cat <= tokenCat4:
		s[6][1]++
		s[8][0]++
		s[9].add(cat == tokenCat4)
	default:
		s[6][1]++
		s[8][1]++
		s[10].add(cat == tokenCat6)
	}
	t.raw += len(extraBits[cat-tokenCat1].probs)
	return token(cat)<<tokenShift | token(v-extraBits[cat-tokenCat1].base)<<extraShift
}

// writeTokens codes tokens with the frame's probabilities.
func writeTokens(w *boolWriter, tokens []token, probs *coeffProbs) {
	for _, t := range tokens {
		set := int(t & (1<<tokenShift - 1))
		p := &probs[set/24&3][set/3&7][set%3]
		kind := int(t >> tokenShift & 15)
		if kind == tokenEOB {
			w.bit(false, p[0])
			continue
		}
		if t&noEOBBit == 0 {
			w.bit(true, p[0])
		}
		if kind == tokenZero {
			w.bit(false, p[1])
			continue
		}
		w.bit(true, p[1])
		if kind == tokenOne {
			w.bit(false, p[2])
		} else {
			w.bit(true, p[2])
			writeLarge(w, t, kind, p)
		}
		w.flag(t&signBit != 0)
	}
}

func writeLarge(w *boolWriter, t token, kind int, p *[11]uint8) {
	if kind <= tokenFour {
		w.bit(false, p[3])
		w.bit(kind > tokenTwo, p[4])
		if kind > tokenTwo {
			w.bit(kind == tokenFour, p[5])
		}
		return
	}
	w.bit(true, p[3])
	switch {
	case kind <= tokenCat2:
		w.bit(false, p[6])
		w.bit(kind == tokenCat2, p[7])
	case kind <= tokenCat4:
		w.bit(true, p[6])
		w.bit(false, p[8])
		w.bit(kind == tokenCat4, p[9])
	default:
		w.bit(true, p[6])
		w.bit(true, p[8])
		w.bit(kind == tokenCat6, p[10])
	}
	extra := uint32(t >> extraShift)
	probs := extraBits[kind-tokenCat1].probs
	for i, q := range probs {
		w.bit(extra>>(len(probs)-1-i)&1 == 1, q)
	}
}

// updates decides which token probabilities are worth sending: those that save
// more than they cost (§13.4). It changes probs and returns the set sent.
func (s *tokenStats) updates(probs *coeffProbs) (sent [probSetCount][11]bool) {
	for set := range s {
		for n := range s[set] {
			b := &s[set][n]
			if b[0]+b[1] == 0 {
				continue
			}
			i, j, k := set/24, set/3%8, set%3
			old := probs[i][j][k][n]
			p := b.prob(old)
			up := coeffUpdateProbs[i][j][k][n]
			price := 8*costBit + boolCost(true, up) - boolCost(false, up)
			if p != old && b.cost(old)-b.cost(p) > price {
				probs[i][j][k][n] = p
				sent[set][n] = true
			}
		}
	}
	return sent
}

// cost is what all tokens counted cost with probs, without signs and extra bits.
func (s *tokenStats) cost(probs *coeffProbs) int {
	sum := 0
	for set := range s {
		p := &probs[set/24][set/3%8][set%3]
		for n := range s[set] {
			sum += s[set][n].cost(p[n])
		}
	}
	return sum
}
