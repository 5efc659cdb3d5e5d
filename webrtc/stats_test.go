package webrtc

import (
	"encoding/json"
	"testing"
	"time"

	"trackway/media"
)

func TestStatsOfACall(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		clip := newClip(vp8)
		sender := a.addTrack(clip.track, media.NewStream())
		d := a.channel("x", nil)
		connect(a, b)
		a.must(d.WaitOpen(t.Context()), "WaitOpen")
		a.must(d.SendText("five!"), "SendText")
		watchTrack(b.GetReceivers()[0].Track())
		clip.play(60)
		time.Sleep(3 * time.Second)

		report, err := a.GetStats(t.Context(), nil)
		a.must(err, "GetStats")
		out := StatsOf[*OutboundRTPStreamStats](report)
		if len(out) != 1 || out[0].PacketsSent == 0 || out[0].FramesSent == nil || *out[0].FramesSent != 60 || !out[0].Active {
			t.Fatalf("outbound-rtp counts what was sent: %+v", out)
		}
		if codec, ok := report.Get(out[0].CodecID).(*CodecStats); !ok || codec.MimeType != "video/VP8" {
			t.Errorf("codecId refers to the codec: %v", report.Get(out[0].CodecID))
		}
		if source, ok := report.Get(out[0].MediaSourceID).(*MediaSourceStats); !ok || source.TrackIdentifier != clip.track.ID() {
			t.Errorf("mediaSourceId refers to the track: %v", report.Get(out[0].MediaSourceID))
		}
		remote, ok := report.Get(out[0].RemoteID).(*RemoteInboundRTPStreamStats)
		if !ok || remote.LocalID != out[0].ID || remote.PacketsLost != 0 || remote.RoundTripTime == nil {
			t.Errorf("remoteId refers to what the peer reports: %+v", remote)
		} else if rtt := *remote.RoundTripTime; rtt < 0.019 || rtt > 0.05 {
			t.Errorf("the round trip is 20 ms, measured %v", rtt)
		}
		transport, ok := report.Get(out[0].TransportID).(*TransportStats)
		if !ok || transport.BytesSent < out[0].BytesSent || transport.DTLSState != "connected" || transport.SRTPCipher == "" {
			t.Fatalf("transportId refers to the transport: %+v", transport)
		}
		pair, ok := report.Get(transport.SelectedCandidatePairID).(*ICECandidatePairStats)
		if !ok || report.Get(pair.LocalCandidateID) == nil || report.Get(pair.RemoteCandidateID) == nil {
			t.Errorf("the selected pair and its candidates are in the report: %+v", pair)
		}
		for _, id := range []string{transport.LocalCertificateID, transport.RemoteCertificateID} {
			if _, ok := report.Get(id).(*CertificateStats); !ok {
				t.Errorf("certificate %q is in the report", id)
			}
		}
		if ch := StatsOf[*DataChannelStats](report); len(ch) != 1 || ch[0].MessagesSent != 1 || ch[0].BytesSent != 5 || ch[0].State != "open" {
			t.Errorf("data-channel: %+v", ch)
		}
		if p := StatsOf[*PeerConnectionStats](report); len(p) != 1 || p[0].DataChannelsOpened != 1 {
			t.Errorf("peer-connection: %+v", p)
		}

		report, err = b.GetStats(t.Context(), nil)
		b.must(err, "GetStats")
		in := StatsOf[*InboundRTPStreamStats](report)
		if len(in) != 1 || in[0].SSRC != out[0].SSRC || in[0].PacketsReceived != out[0].PacketsSent || in[0].PacketsLost != 0 ||
			in[0].BytesReceived != out[0].BytesSent || *in[0].FramesReceived != 60 {
			text, _ := json.Marshal(in)
			t.Errorf("inbound-rtp counts what the other side sent: %s, sent %+v", text, out[0])
		}

		own, err := sender.GetStats(t.Context())
		a.must(err, "GetStats")
		if len(StatsOf[*OutboundRTPStreamStats](own)) != 1 || len(StatsOf[*TransportStats](own)) != 1 ||
			len(StatsOf[*DataChannelStats](own)) != 0 || len(StatsOf[*PeerConnectionStats](own)) != 0 {
			t.Error("a sender's report has its streams and what they refer to, and nothing else")
		}
		byTrack, err := a.GetStats(t.Context(), clip.track)
		a.must(err, "GetStats of a track")
		if byTrack.Len() != own.Len() {
			t.Errorf("the selector finds the same: %d and %d entries", byTrack.Len(), own.Len())
		}
		_, err = a.GetStats(t.Context(), videoTrack())
		wantError(t, err, ErrInvalidAccess, "a track that nobody sends or receives")

		text, err := json.Marshal(own)
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]map[string]any
		if err := json.Unmarshal(text, &back); err != nil || len(back) != own.Len() {
			t.Errorf("the JSON is an object of the entries by id: %v\n%s", err, text)
		}
		for id, s := range back {
			if s["id"] != id || s["type"] == "" || s["timestamp"] == nil {
				t.Errorf("entry %s: %v", id, s)
			}
		}
	})
}
