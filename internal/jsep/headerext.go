package jsep

import (
	"slices"

	"trackway/internal/domerr"
	"trackway/internal/sdp"
)

// toNegotiate is [[HeaderExtensionsToNegotiate]].
func (s *State) toNegotiate(t *Transceiver) []HeaderExtensionCapability {
	if t.extensions != nil {
		return t.extensions
	}
	return s.cfg.Capabilities.kinds[t.kind.slot()].extensions
}

// HeaderExtensionsToNegotiate is getHeaderExtensionsToNegotiate
// (webrtc-extensions).
func (s *State) HeaderExtensionsToNegotiate(id TransceiverID) []HeaderExtensionCapability {
	t := s.Transceiver(id)
	if t == nil {
		return nil
	}
	return slices.Clone(s.toNegotiate(t))
}

// SetHeaderExtensionsToNegotiate is setHeaderExtensionsToNegotiate: the same
// URIs in the same order as HeaderExtensionsToNegotiate, with new directions.
// Errors are TypeError and InvalidModificationError.
func (s *State) SetHeaderExtensionsToNegotiate(id TransceiverID, list []HeaderExtensionCapability) (*State, error) {
	old := s.Transceiver(id)
	if old == nil {
		return s, nil
	}
	known := s.toNegotiate(old)
	for _, e := range list {
		switch e.Direction {
		case SendRecv, SendOnly, RecvOnly, Inactive, Stopped:
		default:
			return nil, domerr.New(domerr.Type, "header extension %q needs a direction", e.URI)
		}
		if e.URI == "" {
			return nil, domerr.New(domerr.Type, "a header extension needs a URI")
		}
	}
	if len(list) != len(known) {
		return nil, domerr.New(domerr.InvalidModification, "the list must have the %d extensions that are known", len(known))
	}
	next := slices.Clone(known)
	for i, e := range list {
		if e.URI != known[i].URI {
			return nil, domerr.New(domerr.InvalidModification, "extension %d is %q; its URI cannot change to %q", i, known[i].URI, e.URI)
		}
		if known[i].Mandatory && e.Direction != SendRecv {
			return nil, domerr.New(domerr.InvalidModification, "%q is mandatory and stays sendrecv", e.URI)
		}
		next[i].Direction, next[i].OnDemand = e.Direction, false
	}
	t := *old
	t.extensions = next
	return s.with(&t), nil
}

// NegotiatedHeaderExtensions is getNegotiatedHeaderExtensions: every known
// extension, with Stopped where it is not negotiated.
func (s *State) NegotiatedHeaderExtensions(id TransceiverID) []HeaderExtensionCapability {
	t := s.Transceiver(id)
	if t == nil {
		return nil
	}
	out := slices.Clone(s.toNegotiate(t))
	for i := range out {
		out[i].Direction = Stopped
		for _, e := range t.negotiatedExtensions {
			if e.URI == out[i].URI {
				out[i].Direction = e.Direction
			}
		}
	}
	return out
}

// offerExtensions are the a=extmap lines of an offer, with ids that stay.
func (s *State) offerExtensions(t *Transceiver, in *sectionInput) []sdp.Extmap {
	taken := map[uint16]bool{}
	prior := map[string]uint16{}
	if in.prior != nil && in.prior.Kind == in.kind {
		for _, e := range in.prior.Extmaps {
			if s.extensions.means(e.ID, e.URI) {
				prior[e.URI], taken[e.ID] = e.ID, true
			}
		}
	}
	list := s.toNegotiate(t)
	out := make([]sdp.Extmap, 0, len(list))
	for _, e := range list {
		if e.Direction == Stopped {
			continue
		}
		id, ok := prior[e.URI]
		if !ok {
			if id, ok = s.extensions.choose(e.URI, e.ID, taken); !ok {
				continue
			}
		}
		taken[id] = true
		out = append(out, sdp.Extmap{ID: id, URI: e.URI, Direction: written(e.Direction)})
	}
	return out
}

// written is how a direction stands in a=extmap: sendrecv is left out.
func written(d Direction) sdp.Direction {
	if d == SendRecv {
		return ""
	}
	return sdp.Direction(d)
}

// answerExtensions are the a=extmap lines of an answer (RFC 8285 §6): the
// offered ones that we want, under the offered ids.
func (s *State) answerExtensions(t *Transceiver, offer *media) []sdp.Extmap {
	list := s.toNegotiate(t)
	taken := map[uint16]bool{}
	for _, e := range offer.Extmaps {
		taken[e.ID] = true
	}
	var out []sdp.Extmap
	for _, e := range offer.Extmaps {
		i := slices.IndexFunc(list, func(c HeaderExtensionCapability) bool { return c.URI == e.URI })
		if i < 0 || list[i].Direction == Stopped && !list[i].OnDemand || slices.ContainsFunc(out, func(o sdp.Extmap) bool { return o.URI == e.URI }) {
			continue
		}
		offered := Direction(e.Direction)
		if offered == "" {
			offered = SendRecv
		}
		id := e.ID
		switch {
		case id >= 4096 && id <= 4351:
			// RFC 8285 §6: the offerer had more extensions than ids; the answerer
			// gives a valid one to each that it takes.
			var ok bool
			if id, ok = s.extensions.choose(e.URI, list[i].ID, taken); !ok {
				continue
			}
			taken[id] = true
		case id > 255 || id == 15:
			continue
		}
		wanted := list[i].Direction
		if list[i].OnDemand {
			wanted = SendRecv
		}
		out = append(out, sdp.Extmap{ID: id, URI: e.URI, Direction: written(intersect(wanted, reverse(offered)))})
	}
	return out
}

// exchanged are the extensions that both sections of an exchange have.
type exchanged struct{ all, send, recv []HeaderExtension }

func (s *State) exchanged(local, remote *media) *exchanged {
	return s.cfg.Capabilities.common.extensions.get([2]*formats{local.formats, remote.formats}, func() *exchanged {
		var x exchanged
		x.all, x.send, x.recv = negotiatedExtensions(local.extmaps, remote.extmaps)
		return &x
	})
}

func negotiatedExtensions(local, remote []sdp.Extmap) (all, send, recv []HeaderExtension) {
	direction := func(e sdp.Extmap) Direction {
		if e.Direction == "" {
			return SendRecv
		}
		return Direction(e.Direction)
	}
	for _, l := range local {
		i := slices.IndexFunc(remote, func(r sdp.Extmap) bool { return r.URI == l.URI })
		if i < 0 || l.ID > 255 || remote[i].ID > 255 {
			continue
		}
		r := remote[i]
		d := intersect(direction(l), reverse(direction(r)))
		add := func(list *[]HeaderExtension, id uint16) {
			if *list == nil {
				*list = make([]HeaderExtension, 0, len(local))
			}
			*list = append(*list, HeaderExtension{l.URI, uint8(id), d})
		}
		add(&all, uint16(l.ID))
		if d == SendRecv || d == SendOnly {
			add(&send, uint16(r.ID))
		}
		if d == SendRecv || d == RecvOnly {
			add(&recv, uint16(l.ID))
		}
	}
	return all, send, recv
}

// reverse turns a direction to the other peer's point of view.
func reverse(d Direction) Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// intersect keeps what both directions have.
func intersect(a, b Direction) Direction {
	send := (a == SendRecv || a == SendOnly) && (b == SendRecv || b == SendOnly)
	recv := (a == SendRecv || a == RecvOnly) && (b == SendRecv || b == RecvOnly)
	switch {
	case send && recv:
		return SendRecv
	case send:
		return SendOnly
	case recv:
		return RecvOnly
	}
	return Inactive
}
