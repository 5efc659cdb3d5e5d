package webrtc

import (
	"testing"
	"time"

	"trackway/media"
)

func TestSourcesOfTheLastTenSeconds(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.pair()
		source := media.NewEncodedSource(opus)
		a.addTrack(source.NewTrack())
		connect(a, b)
		r := b.GetReceivers()[0]
		if n := len(r.GetContributingSources()) + len(r.GetSynchronizationSources()); n != 0 {
			t.Errorf("%d sources before any packet", n)
		}
		for i, csrcs := range [][]uint32{{7, 8}, {8}} {
			err := source.WriteFrame(&media.EncodedFrame{MimeType: "audio/opus", Data: []byte{1, 2, 3}, KeyFrame: true, Timestamp: uint32(960 * i),
				CSRCs: csrcs, AudioLevel: media.AudioLevel{Known: true, Level: 20}})
			a.must(err, "WriteFrame")
			time.Sleep(time.Second)
		}
		got := r.GetContributingSources()
		if len(got) != 2 || got[0].Source != 8 || got[1].Source != 7 {
			t.Errorf("contributing sources are %+v, want 8, then 7", got)
		}
		sync := r.GetSynchronizationSources()
		if len(sync) != 1 || sync[0].AudioLevel == nil || *sync[0].AudioLevel < 0.099 || *sync[0].AudioLevel > 0.101 {
			t.Errorf("synchronisation sources are %+v, want one at -20 dBov, which is 0.1", sync)
		}
		time.Sleep(8500 * time.Millisecond)
		if got := r.GetContributingSources(); len(got) != 1 || got[0].Source != 8 {
			t.Errorf("after ten seconds the sources are %+v, want 8 only", got)
		}
	})
}
