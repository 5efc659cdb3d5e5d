package jsep

import "iter"

// vector is a persistent vector: set and push return a new vector that shares
// all but a path of the tree, so a state costs O(log n) and not O(n) per
// operation. The tree has 32 children per node.
type vector[T any] struct {
	n int
	// depth is the number of inner levels above the leaves.
	depth int
	root  *vectorNode[T]
}

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
	if i == v.n {
		if v.root != nil && i == vectorFan<<(v.depth*vectorBits) {
			v.root = &vectorNode[T]{kids: []*vectorNode[T]{v.root}}
			v.depth++
		}
		v.n++
	}
	v.root = v.root.set(v.depth, i, value)
	return v
}

func (v vector[T]) push(value T) vector[T] { return v.set(v.n, value) }

func (n *vectorNode[T]) set(depth, i int, value T) *vectorNode[T] {
	out := &vectorNode[T]{}
	at := i >> (depth * vectorBits) & (vectorFan - 1)
	if depth == 0 {
		var old []T
		if n != nil {
			old = n.values
		}
		out.values = make([]T, max(len(old), at+1))
		copy(out.values, old)
		out.values[at] = value
		return out
	}
	var old []*vectorNode[T]
	if n != nil {
		old = n.kids
	}
	out.kids = make([]*vectorNode[T], max(len(old), at+1))
	copy(out.kids, old)
	out.kids[at] = out.kids[at].set(depth-1, i, value)
	return out
}

// all yields index and value in order.
func (v vector[T]) all() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		if v.root != nil {
			v.root.walk(v.depth, 0, yield)
		}
	}
}

func (n *vectorNode[T]) walk(depth, base int, yield func(int, T) bool) bool {
	if depth == 0 {
		for i, value := range n.values {
			if !yield(base+i, value) {
				return false
			}
		}
		return true
	}
	for i, kid := range n.kids {
		if !kid.walk(depth-1, base+i<<(depth*vectorBits), yield) {
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
