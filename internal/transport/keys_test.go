package transport

import (
	"net/netip"
	"testing"

	"github.com/pion/srtp/v3"
)

func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

// exporter stands for a DTLS association.
type exporter struct{}

func (exporter) ExportKeyingMaterial(_ string, _ []byte, n int) ([]byte, error) {
	return make([]byte, n), nil // both directions have the same key
}

func testKeys(t testing.TB) *keys {
	t.Helper()
	k, err := newKeys(exporter{}, srtp.ProtectionProfileAeadAes128Gcm, true)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
