package main

import (
	"syscall"
	"time"
)

// cpu is the user and system time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // RUSAGE_SELF cannot fail with a valid pointer
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
