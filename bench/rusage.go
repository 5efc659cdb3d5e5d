package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"
)

// usage is what this process has used so far.
func usage() (u syscall.Rusage) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // RUSAGE_SELF cannot fail with a valid pointer
	}
	return u
}

// cpu is the user and system time that this process has used.
func cpu() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// profile, if not nil, takes a CPU profile of what is measured, and nothing else.
var profile io.Writer

// heapTo, if not empty, is where the heap goes when what is measured is over;
// the heap before it goes beside it, for pprof's -base.
var heapTo string

func writeHeap(suffix string) {
	if heapTo == "" {
		return
	}
	runtime.GC()
	runtime.GC()
	f, err := os.Create(heapTo + suffix)
	if err == nil {
		err = errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
	}
	check(err)
}

// measure begins a measured stretch; the function that it returns ends it and
// tells the CPU time used.
func measure() (used func() time.Duration) {
	writeHeap(".base")
	var allocated, now runtime.MemStats
	runtime.ReadMemStats(&allocated)
	if profile != nil {
		if err := pprof.StartCPUProfile(profile); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	before := usage()
	return func() time.Duration {
		after := usage()
		if profile != nil {
			pprof.StopCPUProfile()
		}
		runtime.ReadMemStats(&now)
		writeHeap("")
		if os.Getenv("BENCH_SWITCHES") != "" {
			fmt.Fprintf(os.Stderr, "%d allocations of %d KiB in all\n",
				now.Mallocs-allocated.Mallocs, (now.TotalAlloc-allocated.TotalAlloc)>>10)
			fmt.Fprintf(os.Stderr, "%d voluntary and %d other context switches, %v user, %v system\n",
				after.Nvcsw-before.Nvcsw, after.Nivcsw-before.Nivcsw,
				time.Duration(after.Utime.Nano()-before.Utime.Nano()), time.Duration(after.Stime.Nano()-before.Stime.Nano()))
		}
		return time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	}
}
