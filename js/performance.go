package js

import (
	"crypto/rand"
	"fmt"
	"strings"

	"trackway/internal/domerr"
	"trackway/js/binding"
)

// performance is Performance (High Resolution Time §7).
type performance struct{ eventTarget }

// InterfaceName implements binding.Platform.
func (*performance) InterfaceName() string { return "Performance" }

func newPerformance() *performance {
	p := &performance{}
	p.init(p)
	return p
}

// crypto is Crypto, the part without SubtleCrypto.
type crypto struct{ binding.Object }

// InterfaceName implements binding.Platform.
func (*crypto) InterfaceName() string { return "Crypto" }

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func init() {
	origin := func(rt *Runtime) float64 { return float64(rt.start.UnixMicro()) / 1000 }
	registry.Implement("Performance", binding.Members{
		"now":        func(c *binding.Call) (any, error) { return host(c).now(), nil },
		"timeOrigin": func(c *binding.Call) (any, error) { return origin(host(c)), nil },
		"toJSON": func(c *binding.Call) (any, error) {
			o := c.VM.NewObject()
			return o, o.Set("timeOrigin", origin(host(c)))
		},
	})
	registry.Implement("Crypto", binding.Members{
		"randomUUID": func(*binding.Call) (any, error) { return newUUID(), nil },
		"getRandomValues": func(c *binding.Call) (any, error) {
			b := c.Arg(0).(*binding.Buffer)
			switch {
			case strings.HasPrefix(b.Kind, "Float"), b.Kind == "DataView":
				return nil, domerr.New("TypeMismatchError", "crypto.getRandomValues takes an integer typed array, not a %s", b.Kind)
			case len(b.Bytes()) > 65536:
				return nil, domerr.New("QuotaExceededError", "crypto.getRandomValues fills 65536 bytes at most")
			}
			_, _ = rand.Read(b.Bytes())
			return b, nil
		},
	})
}
