package jsep

import (
	"slices"
	"strings"

	"trackway/internal/sdp"
)

// mediaKey holds what a MediaConfig is derived from.
type mediaKey struct {
	pendingLocal, currentLocal, remote *media
	send, receive, receptive           bool
	encodings, streams                 slice // streams are the remote ones
	sources                            *senderSources
	transport                          TransportID
	index                              int
}

// localSection is our newest section, or nil.
func (k *mediaKey) localSection() *media {
	if k.pendingLocal != nil {
		return k.pendingLocal
	}
	return k.currentLocal
}

// Media has an entry for every transceiver that has an m-section and is not
// stopped, in order of the m-sections.
func (s *State) Media() []*MediaConfig { return slices.Clone(s.media) }

// refreshMedia derives the media configs. A transceiver whose inputs are as they
// were keeps its config's pointer.
func (s *State) refreshMedia() {
	list := make([]*MediaConfig, 0, len(s.lines))
	for i := range s.lines {
		t := s.Transceiver(s.lines[i].transceiver)
		if t == nil || t.stopped || t.mid == "" {
			continue
		}
		key := mediaKey{
			pendingLocal: s.pendingLocal.mediaAt(i), currentLocal: s.currentLocal.mediaAt(i),
			send:      !t.stopping && (t.current == SendRecv || t.current == SendOnly),
			receptive: t.receptive,
			encodings: identify(t.encodings), streams: identify(t.streams), sources: t.sources,
			transport: t.transport, index: i,
		}
		// What is received follows the local descriptions: from the moment an offer
		// is set, and until the final answer also what was agreed before.
		for _, d := range []*description{s.pendingLocal, s.currentLocal} {
			if m := d.mediaAt(i); describes(m, t) {
				direction := Direction(d.session.DirectionOf(m.Media))
				key.receive = key.receive || !t.stopping && (direction == SendRecv || direction == RecvOnly)
			}
		}
		key.remote = s.answeredRemote(i)
		if next := s.mediaOf(t, key); next != t.media {
			c := *t
			c.media = next
			s.put(&c)
			t = &c
		}
		list = append(list, t.media)
	}
	s.media = list
}

// mediaOf gives the config for a key: a remembered one, the present one where it
// is equal, or a new one.
func (s *State) mediaOf(t *Transceiver, key mediaKey) *MediaConfig {
	slot := &t.memo.media[0]
	if key.pendingLocal != nil {
		slot = &t.memo.media[1]
	}
	if slot.config == nil || slot.key != key {
		next := s.deriveMedia(t, key)
		for _, o := range []*MediaConfig{t.media, t.memo.media[0].config, t.memo.media[1].config} {
			if o != nil && o.equal(next) {
				next = o
				break
			}
		}
		slot.key, slot.config = key, next
	}
	return slot.config
}

// answeredRemote is the remote section that media is sent by: that of the
// exchange that was answered last, provisionally or finally.
func (s *State) answeredRemote(i int) *media {
	if s.signaling == HaveLocalPranswer || s.signaling == HaveRemotePranswer {
		return s.pendingRemote.mediaAt(i)
	}
	return s.currentRemote.mediaAt(i)
}

func (s *State) deriveMedia(t *Transceiver, key mediaKey) *MediaConfig {
	c := &MediaConfig{
		Transceiver: t.id, MID: t.mid, MLineIndex: key.index, Kind: t.kind, Transport: key.transport,
		Send: key.send, Receive: key.receive, Receptive: key.receptive,
		CNAME: s.cname, TrackID: t.msidTrack,
	}
	for _, e := range t.encodings {
		se := SendEncoding{Encoding: e}
		se.SSRC, se.RTXSSRC = t.sources.of(e)
		if len(t.encodings) == 1 {
			se.FECSSRC = t.sources.fecOf(e)
		}
		if len(t.encodings) == 1 && (key.localSection() == nil || key.localSection().Simulcast == nil || key.localSection().Simulcast.Send == nil) {
			// The rid of the layer that an answer without simulcast has left is not
			// negotiated.
			se.RID = ""
		}
		c.Encodings = append(c.Encodings, se)
	}
	if key.send {
		c.SendCodecs = t.sendCodecs
	}
	local := key.pendingLocal
	if !describes(local, t) {
		local = key.currentLocal
	}
	if !describes(local, t) {
		local = nil
	}
	if local != nil {
		for _, id := range local.MSIDs {
			if id.Stream != "-" {
				c.StreamIDs = append(c.StreamIDs, id.Stream)
			}
		}
	}
	if key.receive {
		for _, m := range []*media{key.pendingLocal, key.currentLocal} {
			if !describes(m, t) {
				continue
			}
			list := s.codecs(t.kind, m, nil, false)
			if c.RecvCodecs == nil {
				c.RecvCodecs = list
				continue
			}
			for _, codec := range list {
				if !slices.ContainsFunc(c.RecvCodecs, func(o MediaCodec) bool { return o.PayloadType == codec.PayloadType }) {
					c.RecvCodecs = append(c.RecvCodecs, codec)
				}
			}
		}
	}
	remote := key.remote
	if local == nil || !describes(remote, t) {
		// Nothing is answered yet; what our offer announces may already arrive.
		if local != nil && key.receive {
			c.RecvExtensions = offeredExtensions(local)
			c.ReceiveRIDs = simulcastRIDs(local)
		}
		return c
	}
	x := s.exchanged(local, remote)
	c.SendExtensions, c.RecvExtensions = x.send, x.recv
	c.ReceiveRIDs = receiveRIDs(local, remote)
	c.RemoteSources = remoteSources(remote)
	c.RemoteMSIDs = t.streams
	c.CongestionFeedback = local.CongestionFeedback && remote.CongestionFeedback
	c.ReducedSizeRTCP = local.RTCPReducedSize && remote.RTCPReducedSize
	c.MaxBitrate = maxBitrate(remote)
	return c
}

// describes reports whether a section is the transceiver's and alive. Peers
// without mid support have sections without one.
func describes(m *media, t *Transceiver) bool {
	return m != nil && !m.Rejected() && (m.MID == t.mid || m.MID == "")
}

func offeredExtensions(m *media) []HeaderExtension {
	var out []HeaderExtension
	for _, e := range m.Extmaps {
		if d := e.Direction; e.ID < 256 && (d == "" || d == sdp.SendRecv || d == sdp.RecvOnly) {
			out = append(out, HeaderExtension{e.URI, uint8(e.ID), orSendRecv(d)})
		}
	}
	return out
}

func orSendRecv(d sdp.Direction) Direction {
	if d == "" {
		return SendRecv
	}
	return Direction(d)
}

// simulcastRIDs lists the rids that our section asks to receive.
func simulcastRIDs(local *media) []string {
	if local.Simulcast == nil {
		return nil
	}
	var out []string
	for _, a := range firsts(local.Simulcast.Recv) {
		out = append(out, a.RID)
	}
	return out
}

// receiveRIDs are the rids that our section receives and the remote one sends.
func receiveRIDs(local, remote *media) []string {
	if remote.Simulcast == nil {
		return nil
	}
	var out []string
	for _, rid := range simulcastRIDs(local) {
		for _, alternatives := range remote.Simulcast.Send {
			if slices.ContainsFunc(alternatives, func(a sdp.SimulcastStream) bool { return a.RID == rid }) {
				out = append(out, rid)
				break
			}
		}
	}
	return out
}

// remoteSources reads what a=ssrc and a=ssrc-group announce.
func remoteSources(m *media) []RemoteSource {
	if len(m.SSRCs) == 0 {
		return nil
	}
	var out []RemoteSource
	rtx, fec, repairs := map[uint32]uint32{}, map[uint32]uint32{}, map[uint32]bool{}
	for _, g := range m.SSRCGroups {
		of := map[string]map[uint32]uint32{"FID": rtx, "FEC-FR": fec}[g.Semantics]
		if of != nil && len(g.SSRCs) == 2 {
			of[g.SSRCs[0]], repairs[g.SSRCs[1]] = g.SSRCs[1], true
		}
	}
	at := map[uint32]int{}
	for _, a := range m.SSRCs {
		if repairs[a.SSRC] {
			continue
		}
		i, known := at[a.SSRC]
		if !known {
			i, at[a.SSRC] = len(out), len(out)
			out = append(out, RemoteSource{SSRC: a.SSRC, RTXSSRC: rtx[a.SSRC], FECSSRC: fec[a.SSRC]})
		}
		if strings.EqualFold(a.Key, "cname") {
			out[i].CNAME = a.Value
		}
	}
	return out
}

// maxBitrate reads b=TIAS, or derives it from b=AS by RFC 9429 §5.10.
func maxBitrate(m *media) uint64 {
	var as uint64
	for _, b := range m.Bandwidths {
		switch b.Type {
		case "TIAS":
			return b.Value
		case "AS":
			as = min(b.Value, 1<<40)
		}
	}
	if as == 0 {
		return 0
	}
	// The formula has nothing left of a small value, and 0 is no limit.
	return max(as*950, 50*40*8+1) - 50*40*8
}
