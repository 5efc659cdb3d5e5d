package transport

import (
	"slices"
	"testing"
	"time"

	"trackway/internal/udp"
)

// A peer that cannot be reached for a while is in the call soon after it can:
// what RFC 6347 doubles up to a minute is bounded.
func TestHandshakeAfterOutage(t *testing.T) {
	const rtt = 40 * time.Millisecond
	link := udp.Link{Latency: rtt / 2}
	for _, outage := range []time.Duration{100 * time.Millisecond, time.Second, 14 * time.Second, 19 * time.Second} {
		for _, from := range []string{"both", "client", "server"} {
			t.Run(outage.String()+" from "+from, func(t *testing.T) {
				inBubble(t, link, func(t *testing.T, sim *udp.Sim, a, b *peer) {
					gather(t, a, b)
					a.waitICE(ICECompleted)
					b.waitICE(ICECompleted)
					if from != "client" {
						sim.SetLink(addrA, addrB, udp.Link{Down: true})
					}
					if from != "server" {
						sim.SetLink(addrB, addrA, udp.Link{Down: true})
					}
					must(t, a.tr.StartDTLS(DTLSParams{Client: false, Fingerprints: []Fingerprint{sha256Of(b.cert)}}))
					must(t, b.tr.StartDTLS(DTLSParams{Client: true, Fingerprints: []Fingerprint{sha256Of(a.cert)}}))
					time.Sleep(outage) // virtual
					sim.SetLink(addrA, addrB, link)
					sim.SetLink(addrB, addrA, link)
					start := time.Now()
					a.waitDTLS(DTLSConnected)
					b.waitDTLS(DTLSConnected)
					// A retransmission that was lost a moment ago, and two round trips.
					if d := time.Since(start); d > min(outage, flightsApart)+3*rtt+time.Second/10 {
						t.Errorf("connected %v after an outage of %v", d, outage)
					}
				})
			})
		}
	}
}

// What passes of flights of three datagrams that are retransmitted every 100 ms.
func TestFlightTimer(t *testing.T) {
	start := time.Unix(1, 0)
	passed := func(f *flightTimer, heard func(i int) bool) (at []int) {
		for i := range 100 {
			f.heard = f.heard || heard(i)
			for part := range 3 {
				// each flight takes the association some milliseconds
				now := start.Add(time.Duration(i)*110*time.Millisecond + time.Duration(part)*5*time.Millisecond)
				if f.due(now) {
					at = append(at, 10*i+part)
				}
			}
		}
		return at
	}
	parts := func(flights ...int) (at []int) {
		for _, i := range flights {
			at = append(at, 10*i, 10*i+1, 10*i+2)
		}
		return at
	}
	f := &flightTimer{first: 100 * time.Millisecond}
	if got, want := passed(f, func(int) bool { return false }), parts(0, 1, 3, 7, 15, 30, 58, 86); !slices.Equal(got, want) {
		t.Errorf("without an answer %v passed, want %v", got, want)
	}
	// What answers the peer passes at once, and begins anew.
	f = &flightTimer{first: 100 * time.Millisecond}
	if got, want := passed(f, func(i int) bool { return i == 20 || i == 21 }), parts(0, 1, 3, 7, 15, 20, 21, 22, 24, 28, 36, 51, 79); !slices.Equal(got, want) {
		t.Errorf("with answers %v passed, want %v", got, want)
	}
}
