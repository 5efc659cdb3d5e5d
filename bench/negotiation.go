package main

import (
	"fmt"
	"time"
)

// withTracks returns two connections, the first with n tracks added, and the
// time that addTrack took in all.
func withTracks(s stack, n int) (a, b conn, took time.Duration, err error) {
	if a, err = s.newConn(); err != nil {
		return
	}
	if b, err = s.newConn(); err != nil {
		return
	}
	tracks := make([]track, n)
	for i := range tracks {
		if tracks[i], err = s.newTrack(fmt.Sprint("t", i)); err != nil {
			return
		}
	}
	start := time.Now()
	for _, t := range tracks {
		if err = a.addTrack(t); err != nil {
			return
		}
	}
	return a, b, time.Since(start), nil
}

// negotiateAll returns the time per m-line in milliseconds of a first
// negotiation of n tracks, both ends together.
func negotiateAll(s stack, n int) (float64, error) {
	a, b, _, err := withTracks(s, n)
	if err != nil {
		return 0, err
	}
	defer a.close()
	defer b.close()
	start, end := time.Now(), measure()
	if err := negotiate(a, b); err != nil {
		return 0, err
	}
	end()
	return time.Since(start).Seconds() * 1e3 / float64(n), nil
}

// negotiateOneMore returns the time in milliseconds of the negotiation that
// adds one track when n exist.
func negotiateOneMore(s stack, n int) (float64, error) {
	a, b, _, err := withTracks(s, n)
	if err != nil {
		return 0, err
	}
	defer a.close()
	defer b.close()
	if err := join(a, b); err != nil {
		return 0, err
	}
	t, err := s.newTrack("more")
	if err != nil {
		return 0, err
	}
	if err := a.addTrack(t); err != nil {
		return 0, err
	}
	start, end := time.Now(), measure()
	if err := negotiate(a, b); err != nil {
		return 0, err
	}
	end()
	return time.Since(start).Seconds() * 1e3, nil
}

// addTrack returns the time of one call in microseconds, of n in a row.
func addTrack(s stack, n int) (float64, error) {
	a, b, took, err := withTracks(s, n)
	if err != nil {
		return 0, err
	}
	defer a.close()
	defer b.close()
	return float64(took.Nanoseconds()) / 1e3 / float64(n), nil
}
