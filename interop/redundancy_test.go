package interop

import (
	"testing"
	"time"

	"trackway/internal/netsim"
	"trackway/interop/browser"
	"trackway/media"
	"trackway/webrtc"
)

// inbound is the statistics of the one incoming stream of a kind.
func (x *rig) inbound(kind media.Kind) *webrtc.InboundRTPStreamStats {
	report, err := x.pc.GetStats(x.ctx, nil)
	if err != nil {
		x.Fatal(err)
	}
	for _, s := range report.All() {
		if in, ok := s.(*webrtc.InboundRTPStreamStats); ok && in.Kind == string(kind) {
			return in
		}
	}
	return nil
}

// RED is first in this program's offer, so both ends repeat in each packet the
// sound of the one before. Chromium does not count it; it plays it.
func TestREDWithChromium(t *testing.T) {
	x := start(t, enter(t, browser.Chromium, "", browser.Options{}), browser.Chromium, true)
	x.eval(nil, `peer.onTrack = ({transceiver}) => {
		if (transceiver.direction === "recvonly") {
			transceiver.direction = "sendrecv";
			T.tone().then((t) => transceiver.sender.replaceTrack(t));
		}
	}`, nil)
	tr, err := x.pc.AddTransceiver(x.clipTrack(media.Audio), &webrtc.RTPTransceiverInit{Streams: []*media.Stream{media.NewStream()}})
	if err != nil {
		t.Fatal(err)
	}
	list := webrtc.SenderCapabilities(media.Audio).Codecs
	list[0], list[1] = list[1], list[0]
	if list[0].MimeType != "audio/red" {
		t.Fatalf("RED stands behind Opus in the capabilities, not %v", list)
	}
	if err := tr.SetCodecPreferences(list...); err != nil {
		t.Fatal(err)
	}
	var got struct{ Peak float64 }
	x.eval(&got, `return await T.level(peer.pc, (await arrived("audio")).track);`, nil)
	if got.Peak < 0.01 {
		t.Errorf("our sound must be heard: peak %v", got.Peak)
	}
	e := x.arrived(media.Audio, 0)
	x.until("the browser's redundancy", func() bool {
		in := x.inbound(media.Audio)
		return in != nil && *in.FECPacketsReceived > 20 && in.PacketsReceived > 20
	})
	if e.Track.Muted() {
		t.Error("the browser's sound has not unmuted its track")
	}
	x.wantNoErrors()
}

// Chromium repairs what it lost of our pictures with our repair packets, over a
// path that loses packets and is too long to ask for them in time.
func TestFlexFECToChromium(t *testing.T) {
	engine := newEngine(t, webrtc.WithCodecs(append(webrtc.DefaultCodecs(), webrtc.FlexFEC())...))
	x := start(t, enter(t, browser.Chromium, "", browser.Options{}), browser.Chromium, true, webrtc.WithEngine(engine))
	r := x.relayed(netsim.Conditions{Delay: 120 * time.Millisecond})
	x.add(noise(t).NewTrack(), media.NewStream())
	x.eval(nil, `
		const v = await arrived("video");
		T.play(v.track);
		await T.until("frames decode", async () => await T.frames(peer.pc, v.track) > 5);`, nil)
	r.setConditions(netsim.Conditions{Delay: 120 * time.Millisecond, Loss: 0.08})
	var got struct{ Received, Discarded, Lost, SSRC, FEC, Frames float64 }
	x.eval(&got, `
		const read = async () => [...(await peer.pc.getStats()).values()].find((s) => s.type === "inbound-rtp" && s.kind === "video") ?? {};
		await T.until("repair packets come", async () => (await read()).fecPacketsReceived > 20);
		const from = await read();
		await T.until("frames decode", async () => (await read()).framesDecoded > from.framesDecoded + 24);
		const s = await read();
		return {received: s.fecPacketsReceived, discarded: s.fecPacketsDiscarded, lost: s.packetsLost, ssrc: s.ssrc, fec: s.fecSsrc, frames: s.framesDecoded};`, nil)
	t.Logf("Chromium: %+v", got)
	if got.Discarded >= got.Received {
		t.Errorf("of %v repair packets Chromium has discarded %v: none was of use", got.Received, got.Discarded)
	}
	x.wantNoErrors()
}
