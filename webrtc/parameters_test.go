package webrtc

import (
	"testing"
	"testing/synctest"

	"trackway/internal/domerr"
)

func TestSetParametersChangesWhatItMay(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s := a.addTrack(videoTrack())
		negotiate(a, b)
		a.take()
		p := s.GetParameters()
		if p.RTCP.CNAME == "" || !p.RTCP.ReducedSize || len(p.Codecs) == 0 || len(p.HeaderExtensions) == 0 {
			t.Errorf("negotiated parameters: %+v", p)
		}
		rate := uint32(300000)
		p.Encodings[0].Active, p.Encodings[0].MaxBitrate = false, &rate
		a.must(s.SetParameters(t.Context(), p), "SetParameters")
		after := s.GetParameters()
		if e := after.Encodings[0]; e.Active || e.MaxBitrate == nil || *e.MaxBitrate != rate {
			t.Errorf("getParameters tells what setParameters set: %+v", e)
		}
		if after.TransactionID == p.TransactionID {
			t.Error("a new transaction has a new id")
		}
		wantLog(t, a.only("negotiationneeded"), nil, "setParameters needs no negotiation")
	})
}

func TestSetParametersRefuses(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s := a.addTrack(videoTrack())
		negotiate(a, b)
		half, negative := 0.5, -1.0
		for _, c := range []struct {
			rule   string
			change func(*RTPSendParameters)
			want   domerr.Name
		}{
			{"another transactionId", func(p *RTPSendParameters) { p.TransactionID += "x" }, domerr.InvalidModification},
			{"no transactionId", func(p *RTPSendParameters) { p.TransactionID = "" }, domerr.InvalidModification},
			{"one more encoding", func(p *RTPSendParameters) { p.Encodings = append(p.Encodings, p.Encodings[0]) }, domerr.InvalidModification},
			{"no encoding", func(p *RTPSendParameters) { p.Encodings = nil }, domerr.InvalidModification},
			{"a rid", func(p *RTPSendParameters) { p.Encodings[0].RID = "x" }, domerr.InvalidModification},
			{"another cname", func(p *RTPSendParameters) { p.RTCP.CNAME = "x" }, domerr.InvalidModification},
			{"one codec less", func(p *RTPSendParameters) { p.Codecs = p.Codecs[1:] }, domerr.InvalidModification},
			{"another payload type", func(p *RTPSendParameters) { p.Codecs[0].PayloadType++ }, domerr.InvalidModification},
			{"no header extension", func(p *RTPSendParameters) { p.HeaderExtensions = nil }, domerr.InvalidModification},
			{"scaling up", func(p *RTPSendParameters) { p.Encodings[0].ScaleResolutionDownBy = &half }, domerr.Range},
			{"a negative frame rate", func(p *RTPSendParameters) { p.Encodings[0].MaxFramerate = &negative }, domerr.Range},
			{"a codec that was not negotiated", func(p *RTPSendParameters) {
				p.Encodings[0].Codec = &RTPCodec{MimeType: "video/none", ClockRate: 90000}
			}, domerr.InvalidModification},
			{"a codec that was", func(p *RTPSendParameters) { p.Encodings[0].Codec = &p.Codecs[0].RTPCodec }, ""},
		} {
			p := s.GetParameters()
			c.change(&p)
			err := s.SetParameters(t.Context(), p)
			if c.want == "" {
				if err != nil {
					t.Errorf("%s: %v", c.rule, err)
				}
				continue
			}
			wantError(t, err, c.want, c.rule)
		}
	})
}

func TestParametersAreGoodForOneTransaction(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s := a.addTrack(videoTrack())
		p := s.GetParameters()
		negotiate(a, b)
		wantError(t, s.SetParameters(t.Context(), p), domerr.InvalidState, "parameters from before a negotiation")
		p = s.GetParameters()
		a.must(s.SetParameters(t.Context(), p), "SetParameters")
		wantError(t, s.SetParameters(t.Context(), p), domerr.InvalidState, "parameters that were used already")
	})
}

// TestParametersInATask: "queue a task that sets [[LastReturnedParameters]] to
// null", and until then getParameters returns the same.
func TestParametersInATask(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		s := a.addTrack(videoTrack())
		var first, second RTPSendParameters
		var inTask, later error
		a.must(a.Do(t.Context(), func() {
			first, second = s.GetParameters(), s.GetParameters()
			s.SetParametersAsync(first, func(err error) {
				inTask = err
				s.SetParametersAsync(first, func(err error) { later = err })
			})
		}), "Do")
		synctest.Wait()
		if first.TransactionID != second.TransactionID {
			t.Error("within a task getParameters returns the same transaction")
		}
		if inTask != nil {
			t.Errorf("setParameters in the same task: %v", inTask)
		}
		wantError(t, later, domerr.InvalidState, "parameters of an earlier task")
	})
}

func TestReplaceTrack(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		s := a.addTrack(videoTrack())
		negotiate(a, b)
		a.take()
		other := videoTrack()
		wantError(t, s.ReplaceTrack(t.Context(), audioTrack()), domerr.Type, "another kind")
		a.must(s.ReplaceTrack(t.Context(), other), "ReplaceTrack")
		if s.Track() != other {
			t.Error("the sender has the new track")
		}
		a.must(s.ReplaceTrack(t.Context(), nil), "ReplaceTrack nil")
		if s.Track() != nil || s.transceiver.Direction() != RTPTransceiverDirectionSendrecv {
			t.Error("replaceTrack(null) leaves the direction")
		}
		wantLog(t, a.only("negotiationneeded"), nil, "replaceTrack needs no negotiation")
		if _, err := a.AddTrack(other); err != nil {
			t.Errorf("a track that was replaced is free again: %v", err)
		}
	})
}
