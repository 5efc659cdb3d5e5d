package jsep

import "iter"

// index finds a transceiver by a key without looking at each. All states of one
// line of descent share its table, which is as the newest of them wants it; a
// state that others have left behind looks through its transceivers instead, and
// begins a table of its own where it changes something. The zero value is an
// empty index.
//
// Only one goroutine may use the indices of one line of descent.
type index[K comparable] struct {
	table   *indexTable[K]
	version uint64
}

// indexTable is what an index of the same version contains.
type indexTable[K comparable] struct {
	version uint64
	entries map[K]TransceiverID
}

// newest reports whether the table is this index's.
func (x index[K]) newest() bool { return x.table != nil && x.table.version == x.version }

// get gives 0 where the key has no entry; entries are what the index was built
// from, key by key.
func (x index[K]) get(key K, entries iter.Seq2[K, TransceiverID]) TransceiverID {
	if x.newest() {
		return x.table.entries[key]
	}
	for k, id := range entries {
		if k == key {
			return id
		}
	}
	return 0
}

// with maps key to value, where 0 stands for no entry; for entries see get.
func (x index[K]) with(key K, value TransceiverID, entries iter.Seq2[K, TransceiverID]) index[K] {
	if !x.newest() {
		x = index[K]{table: &indexTable[K]{entries: map[K]TransceiverID{}}}
		for k, id := range entries {
			x.table.entries[k] = id
		}
	}
	if value == 0 {
		delete(x.table.entries, key)
	} else {
		x.table.entries[key] = value
	}
	x.table.version++
	x.version = x.table.version
	return x
}

// bySenderTrack yields the track of each sender, by its key: what State.tracks
// contains.
func (s *State) bySenderTrack(yield func(any, TransceiverID) bool) {
	for _, t := range s.transceivers.all() {
		if t.track != nil && !t.stopped && !yield(t.track.key(), t.id) {
			return
		}
	}
}

// byName yields the track part of each sender's msid: what State.names contains.
func (s *State) byName(yield func(string, TransceiverID) bool) {
	for _, t := range s.transceivers.all() {
		if t.msidTrack != "" && !t.stopped && !yield(t.msidTrack, t.id) {
			return
		}
	}
}
