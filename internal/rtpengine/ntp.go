package rtpengine

import (
	"math/bits"
	"time"
)

// ntpEpoch is the difference between 1900 and 1970 in seconds.
const ntpEpoch = 2208988800

// ntpOf returns the 32.32 fixed point NTP timestamp of t.
func ntpOf(t time.Time) uint64 {
	sec := uint64(t.Unix()+ntpEpoch) & 0xFFFFFFFF
	frac := (uint64(t.Nanosecond())<<32 + 5e8) / 1e9
	return sec<<32 + frac
}

// ntpTime returns the time of an NTP timestamp. Seconds below 2^31 belong to
// era 1, which begins in 2036 (RFC 4330 section 3).
func ntpTime(n uint64) time.Time {
	sec := int64(n >> 32)
	if sec < 1<<31 {
		sec += 1 << 32
	}
	nanos := ((n&0xFFFFFFFF)*1e9 + 1<<31) >> 32
	return time.Unix(sec-ntpEpoch, int64(nanos)).UTC()
}

// ntpDuration converts signed 32.32 seconds, clamped to the range of Duration.
func ntpDuration(n int64) time.Duration {
	neg := n < 0
	u := uint64(n)
	if neg {
		u = -u
	}
	hi, lo := bits.Mul64(u, 1e9)
	d := time.Duration(hi<<32 | lo>>32)
	if neg {
		return -d
	}
	return d
}

// middle32 is the middle 32 bits of an NTP timestamp, as in LSR.
func middle32(n uint64) uint32 { return uint32(n >> 16) }

// compactDuration converts 16.16 seconds, as in DLSR.
func compactDuration(n uint32) time.Duration {
	return time.Duration((uint64(n)*1e9 + 1<<15) >> 16)
}

// compactOf converts a duration to 16.16 seconds.
func compactOf(d time.Duration) uint32 {
	if d < 0 {
		return 0
	}
	if d > 65535*time.Second {
		return 0xFFFFFFFF
	}
	return uint32((uint64(d) << 16) / 1e9)
}

// ticks converts a duration to units of a clock, rounded to the nearest.
func ticks(d time.Duration, clock uint32) int64 {
	sec, rest := int64(d/time.Second), int64(d%time.Second)
	half := int64(time.Second / 2)
	if rest < 0 {
		half = -half
	}
	return sec*int64(clock) + (rest*int64(clock)+half)/int64(time.Second)
}

// ticksDuration is the inverse of ticks.
func ticksDuration(n int64, clock uint32) time.Duration {
	c := int64(clock)
	return time.Duration(n/c)*time.Second + time.Duration(n%c)*time.Second/time.Duration(c)
}
