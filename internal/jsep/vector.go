package jsep

import (
	"iter"
	"slices"
)

// vector is a persistent vector: set and push return a new vector that shares
// all but a path of the tree, so a state costs O(log n) and not O(n) per
// operation. The tree has 32 children per node.
//
// A push to the newest vector writes behind what the others see and copies
// nothing, as append does. Only one goroutine may use the vectors of one line
// of descent.
type vector[T any] struct {
	n int
	// depth is the number of inner levels above the leaves.
	depth int
	root  *vectorNode[T]
}

// vectorNode may have more kids or values than a vector that shares it.
type vectorNode[T any] struct {
	kids   []*vectorNode[T]
	values []T
}

const (
	vectorBits = 5
	vectorFan  = 1 << vectorBits
)

func (v vector[T]) len() int { return v.n }

func (v vector[T]) at(i int) T {
	n := v.root
	for d := v.depth; d > 0; d-- {
		n = n.kids[i>>(d*vectorBits)&(vectorFan-1)]
	}
	return n.values[i&(vectorFan-1)]
}

// set replaces element i, or appends where i is the length.
func (v vector[T]) set(i int, value T) vector[T] {
	push := i == v.n
	if push {
		if v.root != nil && i == vectorFan<<(v.depth*vectorBits) {
			v.root = &vectorNode[T]{kids: []*vectorNode[T]{v.root}}
			v.depth++
		}
		v.n++
	}
	v.root = v.root.set(v.depth, i, value, push)
	return v
}

func (v vector[T]) push(value T) vector[T] { return v.set(v.n, value) }

// set returns n itself where a push found its place free, or else a copy.
func (n *vectorNode[T]) set(depth, i int, value T, push bool) *vectorNode[T] {
	if n == nil {
		n = &vectorNode[T]{}
	}
	at := i >> (depth * vectorBits) & (vectorFan - 1)
	if depth == 0 {
		if push && at == len(n.values) {
			n.values = append(n.values, value)
			return n
		}
		return &vectorNode[T]{values: replaced(n.values, at, value, push)}
	}
	var kid *vectorNode[T]
	if at < len(n.kids) && (!push || i&(1<<(depth*vectorBits)-1) != 0) {
		kid = n.kids[at]
	}
	next := kid.set(depth-1, i, value, push)
	switch {
	case next == kid:
		return n
	case kid == nil && at == len(n.kids):
		n.kids = append(n.kids, next)
		return n
	}
	return &vectorNode[T]{kids: replaced(n.kids, at, next, kid == nil)}
}

// replaced is a copy with another element at index at; where it is the last one,
// without what others have pushed there.
func replaced[E any](old []E, at int, e E, last bool) []E {
	if last {
		return append(old[:at:at], e)
	}
	out := slices.Clone(old)
	out[at] = e
	return out
}

// all yields index and value in order.
func (v vector[T]) all() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		if v.root != nil {
			v.root.walk(v.depth, 0, v.n, yield)
		}
	}
}

func (n *vectorNode[T]) walk(depth, base, end int, yield func(int, T) bool) bool {
	if depth == 0 {
		for i := range min(len(n.values), end-base) {
			if !yield(base+i, n.values[i]) {
				return false
			}
		}
		return true
	}
	for i, kid := range n.kids {
		first := base + i<<(depth*vectorBits)
		if first >= end {
			break
		}
		if !kid.walk(depth-1, first, end, yield) {
			return false
		}
	}
	return true
}

// keep gives the vector of the elements that satisfy the predicate.
func (v vector[T]) keep(want func(T) bool) vector[T] {
	var out vector[T]
	for _, value := range v.all() {
		if want(value) {
			out = out.push(value)
		}
	}
	return out
}
