//go:build unix

package vp8

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that this process has used, which says more
// than the clock where others use the machine too.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
