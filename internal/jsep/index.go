package jsep

import (
	"hash/maphash"
	"math/bits"
)

// index is a persistent hash map from a track's identity to the transceiver
// whose sender has it: addTrack must find a track among a thousand senders
// without looking at each. It is a hash array mapped trie.
type index struct {
	root *indexNode
}

type indexNode struct {
	bitmap  uint32
	entries []indexEntry
}

// indexEntry is a leaf, or a child where child is set. In a node below the last
// bit of the hash, entries are a plain list of keys that collide.
type indexEntry struct {
	key   any
	value TransceiverID
	child *indexNode
}

var indexSeed = maphash.MakeSeed()

func hashOf(key any) uint64 { return maphash.Comparable(indexSeed, key) }

const indexDepth = 12

func (x index) get(key any) TransceiverID {
	h := hashOf(key)
	n := x.root
	for depth := 0; n != nil; depth++ {
		if depth == indexDepth {
			for _, e := range n.entries {
				if e.key == key {
					return e.value
				}
			}
			return 0
		}
		bit := uint32(1) << (h & 31)
		if n.bitmap&bit == 0 {
			return 0
		}
		e := n.entries[bits.OnesCount32(n.bitmap&(bit-1))]
		if e.child == nil {
			if e.key == key {
				return e.value
			}
			return 0
		}
		n, h = e.child, h>>5
	}
	return 0
}

// with maps key to value; a value of 0 removes the key.
func (x index) with(key any, value TransceiverID) index {
	return index{x.root.with(0, hashOf(key), key, value)}
}

func (n *indexNode) with(depth int, h uint64, key any, value TransceiverID) *indexNode {
	if n == nil {
		n = &indexNode{}
	}
	if depth == indexDepth {
		out := &indexNode{}
		for _, e := range n.entries {
			if e.key != key {
				out.entries = append(out.entries, e)
			}
		}
		if value != 0 {
			out.entries = append(out.entries, indexEntry{key: key, value: value})
		}
		return out
	}
	bit := uint32(1) << (h & 31)
	at := bits.OnesCount32(n.bitmap & (bit - 1))
	if n.bitmap&bit == 0 {
		if value == 0 {
			return n
		}
		out := &indexNode{bitmap: n.bitmap | bit, entries: make([]indexEntry, len(n.entries)+1)}
		copy(out.entries, n.entries[:at])
		out.entries[at] = indexEntry{key: key, value: value}
		copy(out.entries[at+1:], n.entries[at:])
		return out
	}
	e := n.entries[at]
	switch {
	case e.child != nil:
		e.child = e.child.with(depth+1, h>>5, key, value)
	case e.key == key:
		e.value = value
	case value == 0:
		return n
	default:
		// Two keys share this slot: push both one level down.
		var child *indexNode
		child = child.with(depth+1, hashOf(e.key)>>(5*(depth+1)), e.key, e.value)
		e = indexEntry{child: child.with(depth+1, h>>5, key, value)}
	}
	out := &indexNode{bitmap: n.bitmap, entries: make([]indexEntry, len(n.entries))}
	copy(out.entries, n.entries)
	out.entries[at] = e
	return out
}
