package bwe

// Demand is what one encoding asks for, in bits per second.
type Demand struct {
	// Min is the least with which it is worth sending at all, Max the most
	// that it can use.
	Min, Max int
	// Priority weighs demands that compete: RTCPriorityType's very-low 0.5,
	// low 1, medium 2, high 4 (RFC 8835 §4.1). Zero counts as 1.
	Priority float64
}

// Allocate shares total among the demands. Those that fit get their Min, the
// higher priority first and earlier ones before later; the rest is shared in
// proportion to priority, nobody getting more than Max. A demand whose Min
// does not fit gets 0. share is appended to and returned, a value per demand.
func Allocate(share []int, total int, demands []Demand) []int {
	base := len(share)
	for range demands {
		share = append(share, 0)
	}
	out := share[base:]
	left := total
	for range demands {
		best := -1
		for i, d := range demands {
			if out[i] == 0 && d.Min > 0 && d.Min <= left && (best < 0 || d.weight() > demands[best].weight()) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		out[best] = demands[best].Min
		left -= demands[best].Min
	}
	// Water-filling: each round hands out what the last round's full demands
	// left over; every round but the last fills at least one.
	for range demands {
		weights := 0.0
		for i, d := range demands {
			if d.open(out[i]) {
				weights += d.weight()
			}
		}
		if weights == 0 || left <= 0 {
			break
		}
		pot := float64(left)
		filled := false
		for i, d := range demands {
			if !d.open(out[i]) {
				continue
			}
			give := int(pot * d.weight() / weights)
			if room := d.Max - out[i]; give >= room {
				give, filled = room, true
			}
			out[i] += give
			left -= give
		}
		if !filled {
			break
		}
	}
	return share
}

func (d Demand) weight() float64 {
	if d.Priority == 0 {
		return 1
	}
	return d.Priority
}

// open reports whether a demand with this much takes part in the sharing.
func (d Demand) open(has int) bool { return has < d.Max && (has > 0 || d.Min == 0) }
