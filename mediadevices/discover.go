package mediadevices

import (
	"context"
	"slices"
)

// discover brings the list of the machine's devices up to date. A device that
// was known keeps its identity, and so its session.
func (m *MediaDevices) discover(ctx context.Context) {
	if m.options.Discover == nil {
		return
	}
	now := m.options.Discover(ctx)
	m.mu.Lock()
	changed := false
	for i, d := range now {
		known := slices.IndexFunc(m.found, func(x *Device) bool { return x.id() == d.id() })
		if known < 0 {
			changed = true
			continue
		}
		now[i] = m.found[known]
	}
	var gone []*session
	for _, d := range m.found {
		if slices.Contains(now, d) {
			continue
		}
		changed = true
		if s := m.sessions[d]; s != nil {
			gone = append(gone, s)
		}
	}
	m.found = now
	m.mu.Unlock()
	for _, s := range gone {
		s.source.End()
		s.close()
	}
	if changed {
		m.change(func() {})
	}
}
