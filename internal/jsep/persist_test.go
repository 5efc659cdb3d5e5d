package jsep

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"trackway/internal/domerr"
)

func TestVectorIsPersistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			v    vector[int]
			want []int
		}
		versions := []version{{}}
		serial := 0 // so that two versions never push the same
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			from := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "from")]
			next := version{from.v, append([]int(nil), from.want...)}
			if n := len(next.want); n > 0 && rapid.Bool().Draw(t, "set") {
				i := rapid.IntRange(0, n-1).Draw(t, "i")
				serial++
				next.v, next.want[i] = next.v.set(i, -serial), -serial
			} else {
				for range rapid.SampledFrom([]int{1, 31, 40, 1100}).Draw(t, "grow") {
					serial++
					next.v, next.want = next.v.push(serial), append(next.want, serial)
				}
			}
			versions = append(versions, next)
		}
		for _, x := range versions {
			if x.v.len() != len(x.want) {
				t.Fatalf("a later change moved the length of an earlier version: %d, want %d", x.v.len(), len(x.want))
			}
			for i, got := range x.v.all() {
				if got != x.want[i] || x.v.at(i) != got {
					t.Fatalf("a later change reached element %d of an earlier version", i)
				}
			}
		}
	})
}

func TestIndexIsAPersistentMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			x    index[int]
			want map[int]TransceiverID
		}
		versions := []version{{want: map[int]TransceiverID{}}}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			// The newest one most often, as a connection has it.
			last := len(versions) - 1
			from := versions[rapid.OneOf(rapid.Just(last), rapid.IntRange(0, last)).Draw(t, "from")]
			next := version{want: maps.Clone(from.want)}
			key := rapid.IntRange(0, 60).Draw(t, "key")
			value := TransceiverID(rapid.IntRange(0, 3).Draw(t, "value"))
			next.want[key] = value
			if value == 0 {
				delete(next.want, key)
			}
			next.x = from.x.with(key, value, maps.All(from.want))
			versions = append(versions, next)
		}
		for _, v := range versions {
			for key := range 61 {
				if got := v.x.get(key, maps.All(v.want)); got != v.want[key] {
					t.Fatalf("key %d is %d, want %d", key, got, v.want[key])
				}
			}
		}
	})
}

// A state that others have left behind answers as it did, and so do those.
func TestAddTrackFromAnOlderState(t *testing.T) {
	p := newPeer(t, "p")
	first := p.s
	second, id, err := first.AddTrack(videoTrack("v1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	third, err := second.RemoveTrack(id)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = second.AddTrack(videoTrack("v1"), nil)
	p.refuses("AddTrack of a track that has a sender in this state", err, domerr.InvalidAccess)
	for name, s := range map[string]*State{"before": first, "after": third} {
		if _, _, err := s.AddTrack(videoTrack("v1"), nil); err != nil {
			t.Errorf("the state %s does not have the track, but AddTrack says %v", name, err)
		}
	}
}

// Two senders may have the same track, by replaceTrack; when both leave, nothing
// of it stays.
func TestTracksLeaveWithTheirTransceivers(t *testing.T) {
	a, b := pair(t)
	a.addTrack(videoTrack("v1"), "s1")
	a.addTrack(videoTrack("v2"), "s1")
	b.setRemote(Offer, a.setLocal(Offer))
	track := videoTrack("w1")
	for _, id := range []TransceiverID{1, 2} {
		s, err := b.s.ReplaceTrack(id, &track)
		b.do("replaceTrack", s, nil, err)
	}
	b.setRemote(Rollback, "")
	if len(b.s.Transceivers()) != 0 {
		t.Fatalf("rollback removes what the offer made:%s", b.dump())
	}
	b.addTrack(track)
}
