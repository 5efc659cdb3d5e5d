package scenario

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestScenarios prints a table with -v; docs/congestion.md has it.
func TestScenarios(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-36s %8s %8s %6s %8s\n", "scenario", "used", "queue95", "loss", "85 % at")
	for _, s := range All() {
		o := Play(s, time.Unix(1_000_000, 0), NewOurs(s))
		fmt.Fprintf(&table, "%-36s %7.0f%% %8v %5.1f%% %8v\n", s.Name, 100*o.Usage, o.Queue95.Round(time.Millisecond), 100*o.Loss, o.Reach)
		if o.Usage < s.Usage {
			t.Errorf("%s: %.0f %% of the capacity used, at least %.0f %% wanted", s.Name, 100*o.Usage, 100*s.Usage)
		}
		if s.Loss > 0 && o.Loss > s.Loss {
			t.Errorf("%s: %.1f %% lost, at most %.1f %% wanted", s.Name, 100*o.Loss, 100*s.Loss)
		}
		if s.Queue > 0 && o.Queue95 > s.Queue {
			t.Errorf("%s: queue delay %v at the 95th percentile, at most %v wanted", s.Name, o.Queue95, s.Queue)
		}
	}
	t.Log(table.String())
}
