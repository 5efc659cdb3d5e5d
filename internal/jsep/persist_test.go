package jsep

import (
	"testing"

	"pgregory.net/rapid"
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
			x    index
			want map[any]TransceiverID
		}
		versions := []version{{want: map[any]TransceiverID{}}}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			from := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "from")]
			next := version{want: map[any]TransceiverID{}}
			for k, v := range from.want {
				next.want[k] = v
			}
			key := rapid.IntRange(0, 60).Draw(t, "key")
			value := TransceiverID(rapid.IntRange(0, 3).Draw(t, "value"))
			next.x, next.want[key] = from.x.with(key, value), value
			versions = append(versions, next)
		}
		for _, v := range versions {
			for key := range 61 {
				if got := v.x.get(key); got != v.want[key] {
					t.Fatalf("key %d is %d, want %d", key, got, v.want[key])
				}
			}
		}
	})
}
