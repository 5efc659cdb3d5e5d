package webrtc

import (
	"fmt"
	"math"
	"time"

	"trackway/internal/rtpengine"
	"trackway/media"
)

// streams adds the RTP streams with their codecs and sources.
func (g *statsGathering) streams() {
	for _, slots := range g.pc.state.Transceivers() {
		t := g.pc.transceivers[slots.ID()]
		if t.sender.transport == nil || slots.Stopping() {
			continue
		}
		transportID := t.sender.transport.bundle.statsID()
		if len(t.sender.media.targets) > 0 {
			// Browsers have these from negotiation on, though the lifetime "starts when
			// the RTP stream is first used": scripts look them up at once.
			source := g.source(t.sender.track)
			for _, target := range t.sender.media.targets {
				out, remote := target.stream.Stats()
				g.outbound(t, target, transportID, source, out, remote)
			}
		}
		if r := t.receiver.media.receiver; r != nil {
			r.Stats(func(in rtpengine.InboundStats, remote rtpengine.RemoteOutboundStats) {
				g.inbound(t, transportID, in, remote)
			})
		}
	}
}

func (g *statsGathering) source(track *media.Track) string {
	if track == nil {
		return ""
	}
	id := "S" + track.ID()
	s := &MediaSourceStats{
		StatsBase: g.base(StatsTypeMediaSource, id), TrackIdentifier: track.ID(), Kind: string(track.Kind()),
	}
	if track.Format().Form == media.Raw {
		m := meterOf(track).stats()
		if track.Kind() == media.Audio {
			duration := m.Samples.Seconds()
			s.AudioLevel, s.TotalAudioEnergy, s.TotalSamplesDuration = &m.Level, &m.Energy, &duration
		} else {
			s.Width, s.Height, s.Frames, s.FramesPerSecond = &m.Width, &m.Height, &m.Frames, &m.FrameRate
		}
	}
	g.report.add(s)
	return id
}

// codec adds the codec of a payload type and returns its id, or "".
func (g *statsGathering) codec(transportID, direction string, list []RTPCodecParameters, pt uint8) string {
	for _, c := range list {
		if c.PayloadType != pt {
			continue
		}
		id := fmt.Sprintf("C%s%s%d", direction, transportID, pt)
		g.report.add(&CodecStats{
			StatsBase: g.base(StatsTypeCodec, id), PayloadType: pt, TransportID: transportID, MimeType: c.MimeType,
			ClockRate: c.ClockRate, Channels: c.Channels, SDPFmtpLine: c.SDPFmtpLine,
		})
		return id
	}
	return ""
}

func (g *statsGathering) outbound(t *RTPTransceiver, target *sendTarget, transportID, source string,
	o rtpengine.OutboundStats, r rtpengine.RemoteInboundStats) {
	kind := string(t.kind)
	codec := g.codec(transportID, "O", codecParameters(t.slots().SendCodecs()), o.PayloadType)
	s := &OutboundRTPStreamStats{
		RTPStreamStats: RTPStreamStats{
			StatsBase: g.base(StatsTypeOutboundRTP, fmt.Sprintf("O%s%d", transportID, o.SSRC)),
			SSRC:      o.SSRC, Kind: kind, TransportID: transportID, CodecID: codec,
		},
		Mid: o.MID, RID: o.RID, MediaSourceID: source, PacketsSent: o.PacketsSent, BytesSent: o.BytesSent,
		HeaderBytesSent: o.HeaderBytesSent, RetransmittedPacketsSent: o.RetransmittedPacketsSent,
		RetransmittedBytesSent: o.RetransmittedBytesSent, RTXSSRC: nonZero(o.RTXSSRC), Active: o.Active, NACKCount: o.NACKCount,
	}
	if t.kind == media.Video {
		s.PLICount, s.FIRCount, s.FramesSent = &o.PLICount, &o.FIRCount, &o.FramesSent
		s.FramesEncoded, s.KeyFramesEncoded = &o.FramesSent, &o.KeyFramesSent
	}
	delay := time.Duration(target.sendDelay.Load()).Seconds()
	s.TotalPacketSendDelay = &delay
	s.encoded(t.kind, target)
	g.report.add(s)
	if r.Timestamp.IsZero() {
		return
	}
	remote := &RemoteInboundRTPStreamStats{
		RTPStreamStats: RTPStreamStats{
			StatsBase: StatsBase{
				ID: "R" + s.ID, Type: StatsTypeRemoteInbound, Timestamp: milliseconds(r.Timestamp),
			},
			SSRC: o.SSRC, Kind: kind, TransportID: transportID, CodecID: codec,
		},
		LocalID: s.ID, PacketsReceived: r.PacketsReceived, PacketsLost: r.PacketsLost, Jitter: r.Jitter.Seconds(),
		FractionLost: r.FractionLost, TotalRoundTripTime: r.TotalRoundTripTime.Seconds(),
		RoundTripTimeMeasurements: r.RoundTripTimeMeasurements,
	}
	if r.RoundTripTimeMeasurements > 0 {
		remote.RoundTripTime = new(r.RoundTripTime.Seconds())
	}
	s.RemoteID = remote.ID
	g.report.add(remote)
}

func (g *statsGathering) inbound(t *RTPTransceiver, transportID string,
	in rtpengine.InboundStats, r rtpengine.RemoteOutboundStats) {
	if in.PacketsReceived == 0 {
		// The stream was announced, and does not exist before its first packet.
		return
	}
	kind := string(t.kind)
	codec := g.codec(transportID, "I", codecParameters(t.slots().RecvCodecs()), in.PayloadType)
	s := &InboundRTPStreamStats{
		RTPStreamStats: RTPStreamStats{
			StatsBase: g.base(StatsTypeInboundRTP, fmt.Sprintf("I%s%d", transportID, in.SSRC)),
			SSRC:      in.SSRC, Kind: kind, TransportID: transportID, CodecID: codec,
		},
		TrackIdentifier: t.receiver.track.ID(), Mid: t.slots().MID(),
		PacketsReceived: in.PacketsReceived, PacketsLost: in.PacketsLost, Jitter: in.Jitter.Seconds(),
		BytesReceived: in.BytesReceived, HeaderBytesReceived: in.HeaderBytesReceived, PacketsDiscarded: in.PacketsDiscarded,
		RetransmittedPacketsReceived: in.RetransmittedPacketsReceived, RetransmittedBytesReceived: in.RetransmittedBytesReceived,
		RTXSSRC: nonZero(in.RTXSSRC), LastPacketReceivedTimestamp: millisecondsOrNil(in.LastPacketReceived),
		NACKCount: &in.NACKCount, JitterBufferDelay: in.BufferDelay.Seconds(), JitterBufferEmittedCount: in.BufferEmitted,
		FECPacketsReceived: &in.FECPacketsReceived, FECBytesReceived: &in.FECBytesReceived, FECPacketsDiscarded: &in.FECPacketsDiscarded,
		FECSSRC: nonZero(in.FECSSRC),
	}
	demand := t.receiver.source.Demand()
	if t.kind == media.Video {
		s.PLICount, s.FIRCount = &in.PLICount, &in.FIRCount
		// Frames are put together only while somebody takes frames; a track that
		// is passed on as RTP has none to count.
		if in.FramesReceived+in.FramesDropped > 0 || demand.Encoded || demand.Raw {
			s.FramesReceived, s.FramesDropped = &in.FramesReceived, &in.FramesDropped
			s.FramesAssembledFromMany = &in.FramesAssembledFromMultiple
			assembly := in.AssemblyTime.Seconds()
			s.TotalAssemblyTime = &assembly
		}
		if in.FrameWidth > 0 {
			s.FrameWidth, s.FrameHeight = &in.FrameWidth, &in.FrameHeight
		}
	} else if in.AudioLevel < 127 {
		// -dBov to the linear 0..1 of audioLevel.
		level := math.Pow(10, -float64(in.AudioLevel)/20)
		s.AudioLevel = &level
	}
	if p, playing := t.receiver.media.play.stats(); playing {
		g.played(s, t, p, in, r)
	}
	g.report.add(s)
	if r.ReportsSent == 0 {
		return
	}
	remote := &RemoteOutboundRTPStreamStats{
		RTPStreamStats: RTPStreamStats{
			StatsBase: StatsBase{ID: "R" + s.ID, Type: StatsTypeRemoteOutbound, Timestamp: milliseconds(r.Timestamp)},
			SSRC:      in.SSRC, Kind: kind, TransportID: transportID, CodecID: codec,
		},
		LocalID: s.ID, PacketsSent: r.PacketsSent, BytesSent: r.BytesSent, ReportsSent: r.ReportsSent,
		RemoteTimestamp: milliseconds(r.RemoteTimestamp), TotalRoundTripTime: r.TotalRoundTripTime.Seconds(),
		RoundTripTimeMeasurements: r.RoundTripTimeMeasurements,
	}
	if r.RoundTripTimeMeasurements > 0 {
		remote.RoundTripTime = new(r.RoundTripTime.Seconds())
	}
	s.RemoteID = remote.ID
	g.report.add(remote)
}

func nonZero(v uint32) *uint32 {
	if v == 0 {
		return nil
	}
	return &v
}
