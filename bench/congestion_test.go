package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/gcc"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtp"
	"trackway/internal/bwe"
	"trackway/internal/bwe/scenario"
)

// TestCongestion prints docs/congestion.md's comparison: our estimator and
// pion's GCC on the same paths, with the same encoder and the same feedback
// interval. pion's estimator reads the clock, so it runs in virtual time. Its
// own pacer's rate, one and a half times the target, is what ours is set to for
// it; it does not probe.
func TestCongestion(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-34s %27s   %27s\n", "", "Trackway", "pion GCC")
	fmt.Fprintf(&table, "%-34s %6s %8s %5s %6s  %6s %8s %5s %6s\n", "scenario", "used", "queue95", "loss", "85 %", "used", "queue95", "loss", "85 %")
	for _, s := range scenario.All() {
		ours := scenario.Play(s, time.Unix(1_000_000, 0), scenario.NewOurs(s))
		var theirs scenario.Outcome
		synctest.Test(t, func(t *testing.T) {
			p, err := newPionControl()
			if err != nil {
				t.Fatal(err)
			}
			theirs = scenario.Play(s, time.Now(), p)
			if err := p.est.Close(); err != nil {
				t.Error(err)
			}
		})
		fmt.Fprintf(&table, "%-34s", s.Name)
		for _, o := range []scenario.Outcome{ours, theirs} {
			reach := "never"
			if o.Reach >= 0 {
				reach = fmt.Sprintf("%.1fs", o.Reach.Seconds())
			}
			fmt.Fprintf(&table, " %5.0f%% %8v %4.1f%% %6s ", 100*o.Usage, o.Queue95.Round(time.Millisecond), 100*o.Loss, reach)
		}
		table.WriteByte('\n')
	}
	t.Log(table.String())
}

// pionControl is pion's send-side estimator as a scenario's controller.
type pionControl struct {
	est    *gcc.SendSideBWE
	writer interceptor.RTPWriter
	record *twcc.Recorder
	epoch  time.Time
}

const (
	pionSSRC  = 1
	pionExtID = 1
	pionURI   = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

func newPionControl() (*pionControl, error) {
	est, err := gcc.NewSendSideBWE(gcc.SendSideBWEInitialBitrate(scenario.Start), gcc.SendSideBWEPacer(gcc.NewNoOpPacer()))
	if err != nil {
		return nil, err
	}
	p := &pionControl{est: est, record: twcc.NewRecorder(2), epoch: time.Now()}
	p.writer = est.AddStream(&interceptor.StreamInfo{
		SSRC: pionSSRC, RTPHeaderExtensions: []interceptor.RTPHeaderExtension{{URI: pionURI, ID: pionExtID}},
	}, interceptor.RTPWriterFunc(func(_ *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
		return len(payload), nil
	}))
	return p, nil
}

// Begin lets the bubble's clock go on to the step's time.
func (p *pionControl) Begin(now time.Time) {
	if d := time.Until(now); d > 0 {
		time.Sleep(d)
	}
	synctest.Wait()
}

func (p *pionControl) Target() int { return p.est.GetTargetBitrate() }

var pionPayload [2000]byte

func (p *pionControl) Sent(_ time.Time, index, size int) {
	h := &rtp.Header{Version: 2, SSRC: pionSSRC, SequenceNumber: uint16(index)}
	ext, err := (&rtp.TransportCCExtension{TransportSequence: uint16(index)}).Marshal()
	if err == nil {
		err = h.SetExtension(pionExtID, ext)
	}
	if err == nil {
		_, err = p.writer.Write(h, pionPayload[:max(size-h.MarshalSize(), 0)], nil)
	}
	if err != nil {
		panic(err)
	}
}

func (p *pionControl) Feedback(_ time.Time, first int, results []bwe.Result) {
	type arrival struct {
		index int
		at    time.Time
	}
	var list []arrival
	for i, r := range results {
		if !r.Arrived.IsZero() {
			list = append(list, arrival{first + i, r.Arrived})
		}
	}
	slices.SortStableFunc(list, func(a, b arrival) int { return a.at.Compare(b.at) })
	for _, a := range list {
		p.record.Record(pionSSRC, uint16(a.index), a.at.Sub(p.epoch.Add(-2*time.Hour)).Microseconds())
	}
	if err := p.est.WriteRTCP(p.record.BuildFeedbackPacket(), nil); err != nil {
		panic(err)
	}
	synctest.Wait()
}

func (p *pionControl) Probe(time.Time) (bwe.Probe, bool) { return bwe.Probe{}, false }

func (p *pionControl) Pace(pacer *bwe.Pacer) { pacer.SetRate(p.Target() * 3 / 2) }
