package js

import (
	"runtime/metrics"
	"time"
)

// watchMemory interrupts the script when the heap has grown beyond the limit.
// goja has no accounting of its own, so the whole process is measured.
func (rt *Runtime) watchMemory() (stop func()) {
	if rt.opts.MemoryLimit == 0 {
		return func() {}
	}
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	limit := sample[0].Value.Uint64() + rt.opts.MemoryLimit
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if metrics.Read(sample); sample[0].Value.Uint64() > limit {
					rt.interrupt(ErrInterrupted)
					return
				}
			}
		}
	}()
	return func() { close(done) }
}
