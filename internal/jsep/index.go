package jsep

import (
	"hash/maphash"
	"math/bits"
)

// index is a persistent hash map from a track's identity to the transceiver
// whose sender has it: addTrack must find a track among a thousand senders
// without looking at each. It is a hash array mapped trie with 16 children per
// node.
type index struct {
	root *indexNode
}

// indexNode holds its entries without gaps; bitmap says which hash digits they
// are for. In a node below the last digit, entries are a plain list of leaves
// whose hashes collide.
type indexNode struct {
	bitmap uint16
	// entries are *indexLeaf or *indexNode.
	entries []any
}

type indexLeaf struct {
	key   any
	value TransceiverID
}

const (
	indexBits  = 4
	indexMask  = 1<<indexBits - 1
	indexDepth = 64 / indexBits
)

var indexSeed = maphash.MakeSeed()

func hashOf(key any) uint64 { return maphash.Comparable(indexSeed, key) }

func (x index) get(key any) TransceiverID {
	h := hashOf(key)
	n := x.root
	for depth := 0; n != nil; depth++ {
		if depth == indexDepth {
			for _, e := range n.entries {
				if l := e.(*indexLeaf); l.key == key {
					return l.value
				}
			}
			return 0
		}
		bit := uint16(1) << (h & indexMask)
		if n.bitmap&bit == 0 {
			return 0
		}
		switch e := n.entries[bits.OnesCount16(n.bitmap&(bit-1))].(type) {
		case *indexNode:
			n, h = e, h>>indexBits
		case *indexLeaf:
			if e.key == key {
				return e.value
			}
			return 0
		}
	}
	return 0
}

// with maps key to value; a value of 0 stands for no entry.
func (x index) with(key any, value TransceiverID) index {
	return index{x.root.with(0, hashOf(key), &indexLeaf{key, value})}
}

func (n *indexNode) with(depth int, h uint64, leaf *indexLeaf) *indexNode {
	if n == nil {
		n = &indexNode{}
	}
	if depth == indexDepth {
		out := &indexNode{}
		for _, e := range n.entries {
			if e.(*indexLeaf).key != leaf.key {
				out.entries = append(out.entries, e)
			}
		}
		out.entries = append(out.entries, leaf)
		return out
	}
	bit := uint16(1) << (h & indexMask)
	at := bits.OnesCount16(n.bitmap & (bit - 1))
	if n.bitmap&bit == 0 {
		out := &indexNode{bitmap: n.bitmap | bit, entries: make([]any, len(n.entries)+1)}
		copy(out.entries, n.entries[:at])
		out.entries[at] = leaf
		copy(out.entries[at+1:], n.entries[at:])
		return out
	}
	out := &indexNode{bitmap: n.bitmap, entries: make([]any, len(n.entries))}
	copy(out.entries, n.entries)
	switch e := n.entries[at].(type) {
	case *indexNode:
		out.entries[at] = e.with(depth+1, h>>indexBits, leaf)
	case *indexLeaf:
		if e.key == leaf.key || e.value == 0 {
			// The place of a key that has no entry any more is free.
			out.entries[at] = leaf
			break
		}
		var child *indexNode
		child = child.with(depth+1, hashOf(e.key)>>(indexBits*(depth+1)), e)
		out.entries[at] = child.with(depth+1, h>>indexBits, leaf)
	}
	return out
}
