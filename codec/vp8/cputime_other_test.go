//go:build !unix

package vp8

import "time"

var processStart = time.Now()

// cpuTime stands in for the processor time, which only Unix tells.
func cpuTime() time.Duration { return time.Since(processStart) }
