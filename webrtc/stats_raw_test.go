package webrtc

import (
	"testing"
	"time"
)

// TestStatsOfRawMedia looks at what is gathered where pictures and sound are
// coded here: every counter has to agree with the others.
func TestStatsOfRawMedia(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		stream := w.capture()
		for _, track := range stream.GetTracks() {
			a.addTrack(track, stream)
		}
		connect(a, b)
		for _, r := range b.GetReceivers() {
			watchScreen(r.Track())
		}
		time.Sleep(6 * time.Second)

		report, err := a.GetStats(t.Context(), nil)
		a.must(err, "GetStats")
		for _, out := range StatsOf[*OutboundRTPStreamStats](report) {
			if out.TotalPacketSendDelay == nil || *out.TotalPacketSendDelay < 0 {
				t.Errorf("%s: packets wait for %v s", out.Kind, out.TotalPacketSendDelay)
			}
			if out.Kind != "video" {
				if out.EncoderImplementation == "" || out.FramesEncoded != nil || out.QPSum != nil || out.QualityLimitationReason != "" {
					t.Errorf("sound has an encoder, and no pictures: %+v", out)
				}
				continue
			}
			if out.FramesEncoded == nil || *out.FramesEncoded < 150 || *out.FramesSent > *out.FramesEncoded ||
				*out.FramesEncoded-*out.FramesSent > 30 || *out.KeyFramesEncoded == 0 || *out.KeyFramesEncoded > 5 {
				t.Fatalf("frames are encoded and sent: %d, %d, of them %d key frames", *out.FramesEncoded, *out.FramesSent, *out.KeyFramesEncoded)
			}
			if out.EncoderImplementation == "" || out.ScalabilityMode != "L1T1" || *out.FrameWidth != 320 || *out.FrameHeight != 180 ||
				*out.FramesPerSecond < 28 || *out.FramesPerSecond > 31 || *out.PowerEfficientEncoder {
				t.Errorf("320×180 at 30 frames a second by a software encoder: %+v", out)
			}
			if mean := *out.QPSum / *out.FramesEncoded; mean < 1 || mean > 127 {
				t.Errorf("the mean quantiser is %d", mean)
			}
			if out.TargetBitrate == nil || *out.TargetBitrate < 30_000 || *out.TotalEncodedBytesTarget == 0 ||
				*out.TotalEncodedBytesTarget > 6*uint64(2*1_500_000)/8 {
				t.Errorf("the target is %v bit/s, %v bytes in all", *out.TargetBitrate, *out.TotalEncodedBytesTarget)
			}
			sum := 0.0
			for _, d := range out.QualityLimitationDurations {
				sum += d
			}
			if out.QualityLimitationReason == "" || len(out.QualityLimitationDurations) != 4 || sum < 5 || sum > 6.5 || *out.QualityLimitationResolutionChanges > 3 {
				t.Errorf("limited by %q, durations %v of 6 s in all, %d changes", out.QualityLimitationReason, out.QualityLimitationDurations, *out.QualityLimitationResolutionChanges)
			}
		}
		pairs := StatsOf[*ICECandidatePairStats](report)
		transport := StatsOf[*TransportStats](report)[0]
		for _, p := range pairs {
			if p.ID != transport.SelectedCandidatePairID {
				continue
			}
			if p.AvailableOutgoingBitrate == nil || *p.AvailableOutgoingBitrate < 30_000 || p.PacketsDiscardedOnSend != 0 ||
				p.LastPacketSentTimestamp == nil || p.LastPacketReceivedTimestamp == nil ||
				*p.LastPacketSentTimestamp > p.Timestamp || *p.LastPacketSentTimestamp < p.Timestamp-1000 {
				t.Errorf("the selected pair: %+v", p)
			}
		}

		report, err = b.GetStats(t.Context(), nil)
		b.must(err, "GetStats")
		for _, in := range StatsOf[*InboundRTPStreamStats](report) {
			remote, ok := report.Get(in.RemoteID).(*RemoteOutboundRTPStreamStats)
			if !ok || remote.RoundTripTimeMeasurements == 0 || remote.RoundTripTime == nil || *remote.RoundTripTime < 0.019 || *remote.RoundTripTime > 0.05 {
				t.Errorf("%s: one who only receives measures the round trip of 20 ms: %+v", in.Kind, remote)
			}
			if in.EstimatedPlayoutTimestamp == nil || *in.EstimatedPlayoutTimestamp > in.Timestamp || *in.EstimatedPlayoutTimestamp < in.Timestamp-500 {
				t.Errorf("%s: what is played was captured %v ms ago", in.Kind, in.Timestamp-*in.EstimatedPlayoutTimestamp)
			}
			if *in.JitterBufferTargetDelay < *in.JitterBufferMinimumDelay-1e-9 || in.JitterBufferDelay <= 0 || *in.TotalProcessingDelay < in.JitterBufferDelay/48000 {
				t.Errorf("%s: target %v, minimum %v, held %v, processed %v s", in.Kind, *in.JitterBufferTargetDelay, *in.JitterBufferMinimumDelay, in.JitterBufferDelay, *in.TotalProcessingDelay)
			}
			if in.DecoderImplementation == "" {
				t.Errorf("%s: the decoder has no name", in.Kind)
			}
			if in.Kind == "video" {
				if *in.FramesDecoded < 120 || *in.FramesDecoded != *in.FramesRendered || uint64(*in.FramesDecoded) > *in.FramesReceived ||
					*in.KeyFramesDecoded == 0 || *in.FrameWidth != 320 || *in.FramesPerSecond < 25 || *in.PowerEfficientDecoder || in.PlayoutID != "" {
					t.Errorf("video: %d received, %d decoded, %d rendered, %d key frames", *in.FramesReceived, *in.FramesDecoded, *in.FramesRendered, *in.KeyFramesDecoded)
				}
				if mean := *in.TotalInterFrameDelay / float64(*in.FramesRendered-1); mean < 0.03 || mean > 0.037 || *in.FreezeCount > 1 || *in.PauseCount != 0 {
					t.Errorf("video: %v s between pictures, %d freezes, %d pauses", mean, *in.FreezeCount, *in.PauseCount)
				}
				if *in.QPSum < uint64(*in.FramesDecoded) {
					t.Errorf("video: the quantisers sum up to %d", *in.QPSum)
				}
				continue
			}
			playout, ok := report.Get(in.PlayoutID).(*AudioPlayoutStats)
			if !ok || playout.TotalSamplesCount != *in.TotalSamplesReceived || playout.TotalSamplesDuration != *in.TotalSamplesDuration ||
				playout.SynthesizedSamplesEvents != 0 || playout.TotalPlayoutDelay < 0 {
				t.Errorf("playoutId refers to the playing of all sound: %+v", playout)
			}
			if *in.TotalSamplesReceived < 4*48000 || *in.ConcealedSamples > *in.TotalSamplesReceived || *in.SilentConcealedSamples > *in.ConcealedSamples ||
				*in.FECPacketsDiscarded > *in.FECPacketsReceived || *in.TotalAudioEnergy <= 0 {
				t.Errorf("audio: %+v", in)
			}
		}
		own, err := b.GetReceivers()[0].GetStats(t.Context())
		b.must(err, "GetStats")
		if len(StatsOf[*InboundRTPStreamStats](own)) != 1 || len(StatsOf[*RemoteOutboundRTPStreamStats](own)) != 1 {
			t.Error("a receiver's report has its stream and the sender's side of it")
		}

		a.must(a.GetTransceivers()[0].Stop(), "Stop")
		report, err = a.GetStats(t.Context(), nil)
		a.must(err, "GetStats")
		if out := StatsOf[*OutboundRTPStreamStats](report); len(out) != 1 {
			t.Errorf("%d outbound streams when one of two transceivers is stopped", len(out))
		}
	})
}
