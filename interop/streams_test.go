package interop

import (
	"slices"
	"testing"

	"trackway/interop/browser"
	"trackway/media"
)

// S3, S4, S5, S9, S10, S16: tracks in one stream, in two, and in none, added at
// one end, come in the same streams at the other.
func TestStreamsMatch(t *testing.T) {
	each(t, func(x *rig) {
		if x.goOffers {
			one, two := media.NewStream(), media.NewStream() // S4: neither contains a track
			tracks := []*media.Track{x.clipTrack(media.Video), x.clipTrack(media.Video), x.clipTrack(media.Audio), x.clipTrack(media.Video)}
			x.add(tracks[0], one)
			x.add(tracks[1], one, two)
			x.add(tracks[2], two)
			x.add(tracks[3])
			if n := len(x.pc.GetTransceivers()); n != 4 {
				x.Errorf("S16: four tracks need four transceivers, there are %d", n)
			}
			want := [][]string{{one.ID()}, {one.ID(), two.ID()}, {two.ID()}, {}}
			var got struct {
				Streams [][]string
				Sets    map[string]int
				Same    bool
			}
			x.eval(&got, `
				await T.until("four tracks", () => peer.tracks.length === 4);
				const byMid = [...peer.tracks].sort((a, b) => a.transceiver.mid - b.transceiver.mid);
				return {
					streams: byMid.map((t) => t.streams.map((s) => s.id)),
					sets: Object.fromEntries([...peer.streams].map(([id, s]) => [id, s.getTracks().length])),
					same: byMid[0].streams[0] === byMid[1].streams[0] && byMid[1].streams[1] === byMid[2].streams[0],
				};`, nil)
			for i := range want {
				if !slices.Equal(got.Streams[i], want[i]) {
					x.Errorf("S9, S10: track %d must come in streams %v, came in %v", i, want[i], got.Streams[i])
				}
			}
			if got.Sets[one.ID()] != 2 || got.Sets[two.ID()] != 2 || len(got.Sets) != 2 {
				x.Errorf("S5: each of the two streams must have two tracks: %v", got.Sets)
			}
			if !got.Same {
				x.Error("S5: a stream must be the same object in each track event")
			}
			return
		}
		var want [][]string
		x.eval(&want, `
			const one = new MediaStream(), two = new MediaStream();
			const streams = [[one], [one, two], [two], []];
			for (const s of streams) peer.pc.addTrack(T.picture("#206040"), ...s);
			return streams.map((s) => s.map((s) => s.id));`, nil)
		for i := range want {
			e := x.arrived(media.Video, i)
			if got := streamIDs(e.Streams); !slices.Equal(got, want[i]) {
				x.Errorf("S9, S10: track %d must come in streams %v, came in %v", i, want[i], got)
			}
			if !e.Track.Muted() && !x.saw("unmute", e.Track) {
				x.Errorf("S6: track %d must begin muted", i)
			}
		}
		first, second, third := x.arrived(media.Video, 0), x.arrived(media.Video, 1), x.arrived(media.Video, 2)
		if first.Streams[0] != second.Streams[0] || second.Streams[1] != third.Streams[0] {
			x.Error("S5: a stream must be the same object in each track event")
		}
		if n := len(first.Streams[0].GetTracks()); n != 2 {
			x.Errorf("S5: the first stream must have two tracks, has %d", n)
		}
	})
}

// S6, S14: the association of a track with its stream follows removeTrack and
// direction: the stream loses the track, which is muted, and gains it again.
func TestStreamsLoseAndRegainTracks(t *testing.T) {
	each(t, func(x *rig) {
		if x.goOffers {
			stream := media.NewStream()
			sender := x.add(x.clipTrack(media.Video), stream)
			x.add(x.clipTrack(media.Audio), stream)
			x.eval(nil, `
				const {track, streams: [stream]} = await arrived("video");
				peer.probe = {track, stream};
				await T.until("S6: unmute", () => !track.muted);`, nil)
			if err := x.pc.RemoveTrack(sender); err != nil {
				x.Fatal(err)
			}
			x.eval(nil, `
				const {track, stream} = peer.probe;
				await T.until("S14: removetrack", () => peer.events.some((e) => e.name === "removetrack" && e.track === track.id));
				await T.until("S6: mute", () => track.muted);
				if (stream.getTracks().length !== 1) throw new Error("S14: the stream must keep the other track only: " + stream.getTracks().length);`, nil)
			x.settled()
			// Again in the same m-section: by its direction, with a new track.
			again := x.clipTrack(media.Video)
			if err := sender.ReplaceTrack(x.ctx, again); err != nil {
				x.Fatal(err)
			}
			tr := x.pc.GetTransceivers()[0]
			if err := tr.SetDirection("sendrecv"); err != nil {
				x.Fatal(err)
			}
			x.eval(nil, `
				const {track, stream} = peer.probe;
				await T.until("S14: the stream has the track again", () => stream.getTracks().includes(track));
				await T.until("S6: unmute again", () => !track.muted);
				const before = await T.frames(peer.pc, track);
				await T.until("S14: frames flow again", async () => await T.frames(peer.pc, track) > before + 5);`, nil)
			return
		}
		x.eval(nil, browserSends, browser.Args{"colour": browserPicture})
		e := x.arrived(media.Video, 0)
		x.until("S6: unmute", func() bool { return !e.Track.Muted() })
		stream := e.Streams[0]
		x.eval(nil, `
			peer.sender = peer.pc.getSenders().find((s) => s.track.kind === "video");
			peer.was = peer.sender.track;
			peer.pc.removeTrack(peer.sender);`, nil)
		x.until("S14: removetrack", func() bool { return x.saw("removetrack", e.Track) })
		x.until("S6: mute", e.Track.Muted)
		if n := len(stream.GetTracks()); n != 1 {
			x.Errorf("S14: the stream must keep the other track only: it has %d", n)
		}
		x.settled()
		x.eval(nil, `
			await peer.sender.replaceTrack(peer.was);
			peer.pc.getTransceivers().find((t) => t.sender === peer.sender).direction = "sendrecv";`, browser.Args{"colour": browserPicture})
		x.until("S14: the stream has the track again", func() bool { return slices.Contains(stream.GetTracks(), e.Track) })
		x.until("S6: unmute again", func() bool { return !e.Track.Muted() })
		x.wantPicture(e.Track, browserRGB)
	})
}
