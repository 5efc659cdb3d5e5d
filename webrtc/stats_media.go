package webrtc

import (
	"time"

	"trackway/internal/rtpengine"
	"trackway/media"
)

// encoded adds what the encoder of a raw track counts.
func (s *OutboundRTPStreamStats) encoded(kind media.Kind, target *sendTarget) {
	coded := target.coded.Load()
	if coded == nil {
		return
	}
	e := target.encoding()
	s.EncoderImplementation = media.EncoderName(coded)
	if e.TargetBitrate > 0 {
		s.TargetBitrate = &e.TargetBitrate
	}
	if kind != media.Video {
		return
	}
	s.FramesEncoded, s.KeyFramesEncoded, s.HugeFramesSent = &e.Frames, &e.KeyFrames, &e.Huge
	s.TotalEncodeTime, s.TotalEncodedBytesTarget = new(e.EncodeTime.Seconds()), new(uint64(e.BytesTarget))
	s.PowerEfficientEncoder = new(false)
	s.FramesPerSecond, s.ScalabilityMode = &e.FrameRate, e.ScalabilityMode
	if e.HasQP {
		s.QPSum = &e.QPSum
	}
	if e.Frames == 0 || e.Width == 0 {
		return // "Before the first frame is encoded this member MUST NOT exist."
	}
	s.FrameWidth, s.FrameHeight = &e.Width, &e.Height
	s.QualityLimitationReason, s.QualityLimitationResolutionChanges = string(e.Limitation), &e.Resolutions
	s.QualityLimitationDurations = map[string]float64{"none": 0, "cpu": 0, "bandwidth": 0, "other": 0}
	for why, d := range e.Limited {
		s.QualityLimitationDurations[string(why)] = d.Seconds()
	}
}

// encoding is what encoders have done for a target so far.
func (t *sendTarget) encoding() media.EncodingStats {
	coded := t.coded.Load()
	if coded == nil {
		return t.past
	}
	s, _ := media.EncoderStats(coded)
	return s.Since(t.before).After(t.past)
}

// played adds what the decoder and the playout of a receiver count.
func (g *statsGathering) played(s *InboundRTPStreamStats, t *RTPTransceiver, p media.PlayoutStats,
	in rtpengine.InboundStats, r rtpengine.RemoteOutboundStats) {
	s.DecoderImplementation = p.Decoder
	s.JitterBufferDelay, s.JitterBufferEmittedCount = p.Held, uint64(p.Emitted)
	s.JitterBufferTargetDelay, s.JitterBufferMinimumDelay = &p.TargetHeld, &p.MinimumHeld
	// The playout counts from a frame's last packet on.
	s.TotalProcessingDelay = new((p.Processing + in.AssemblyTime).Seconds())
	if r.HasClock && !p.LastCapture.IsZero() {
		// "the NTP timestamp of the last playable audio sample or video frame …
		// extrapolated with the time elapsed since it was ready to be played out"
		at := p.LastCapture.Add(-r.ClockOffset)
		if since := time.Since(p.LastDue); since > 0 {
			at = at.Add(since)
		}
		s.EstimatedPlayoutTimestamp = millisecondsOrNil(at)
	}
	if t.kind == media.Audio {
		g.heardSound(s, p)
		return
	}
	s.FramesDecoded, s.KeyFramesDecoded, s.FramesRendered = &p.Decoded, &p.KeyFrames, &p.Rendered
	s.TotalDecodeTime = new(p.DecodeTime.Seconds())
	if s.FramesDropped != nil {
		s.FramesDropped = new(*s.FramesDropped + uint64(p.Late+p.Failed))
	}
	if p.HasQP {
		s.QPSum = &p.QPSum
	}
	s.TotalInterFrameDelay, s.TotalSquaredInterFrame = &p.InterFrame, &p.InterFrameSquared
	s.FreezeCount, s.TotalFreezesDuration = &p.Freezes, new(p.FreezeTime.Seconds())
	s.PauseCount, s.TotalPausesDuration = &p.Pauses, new(p.PausedTime.Seconds())
	s.FrameWidth, s.FrameHeight = nil, nil
	if p.Width > 0 { // "Before the first frame is decoded this member MUST NOT exist."
		s.FrameWidth, s.FrameHeight, s.FramesPerSecond = &p.Width, &p.Height, &p.FrameRate
		s.PowerEfficientDecoder = new(false)
	}
}

// soundRate is the sampling rate in which the statistics of sound count.
const soundRate = 48000

func samplesOf(d time.Duration) *uint64 {
	return new(uint64((d*soundRate + time.Second/2) / time.Second)) // a sample is no whole number of nanoseconds
}

func (g *statsGathering) heardSound(s *InboundRTPStreamStats, p media.PlayoutStats) {
	s.AudioLevel, s.TotalAudioEnergy, s.TotalSamplesDuration = &p.Level, &p.Energy, new(p.Played.Seconds())
	s.TotalSamplesReceived, s.ConcealedSamples = samplesOf(p.Played), samplesOf(p.Concealed)
	s.SilentConcealedSamples, s.ConcealmentEvents = samplesOf(p.SilentConcealed), new(uint64(p.ConcealmentEvents))
	s.InsertedSamplesForDeceleration, s.RemovedSamplesForAcceleration = samplesOf(p.Stretched), samplesOf(p.Skipped)
	// What a frame of Opus repeats of the one before it counts like a packet.
	s.FECPacketsReceived = new(*s.FECPacketsReceived + uint64(p.FECReceived))
	s.FECPacketsDiscarded = new(*s.FECPacketsDiscarded + uint64(p.FECDiscarded))
	if p.Samples == 0 {
		return
	}
	s.PlayoutID = "AP"
	if g.heard == nil {
		g.heard = &AudioPlayoutStats{StatsBase: g.base(StatsTypeMediaPlayout, s.PlayoutID), Kind: string(media.Audio)}
	}
	g.heard.TotalSamplesDuration += p.Played.Seconds()
	g.heard.TotalSamplesCount += p.Samples
	g.heard.TotalPlayoutDelay += p.PlayoutDelay
}

// playout adds what all tracks that sound have in common.
func (g *statsGathering) playout() {
	if g.heard != nil {
		g.report.add(g.heard)
	}
}
