package jsep

import (
	"maps"

	"trackway/internal/sdp"
)

// payloadKey is what a payload type may stand for: a format, or its
// retransmission.
type payloadKey struct {
	format
	rtx bool
}

// payloadTypes remembers what every payload type of the connection stands for.
// In a BUNDLE group one number must not mean two things (RFC 9143 §9.1.1), and
// "its codec payload type is not to be reused in future offers" (webrtc-pc,
// setCodecPreferences). It is immutable.
type payloadTypes struct {
	// used points to keys that the copies of a table share: a table of keys would
	// be seven kilobytes in every state.
	used  [128]*payloadKey
	byKey map[payloadKey]uint8
	// remote marks the numbers that the remote peer has used.
	remote [128]bool
}

// noPayloadTypes and noExtensionIDs are what new connections know.
var (
	noPayloadTypes = &payloadTypes{}
	noExtensionIDs = &extensionIDs{}
)

// learn remembers the payload types and extension ids of a section. Connections
// that learn the same in the same order share what they know.
func (s *State) learn(m *media, remote bool) {
	c := &s.cfg.Capabilities.common
	known := s.payloads
	s.payloads = c.numbered.get(numbering{known, m.formats, remote}, func() *payloadTypes { return known.learn(m.formats, remote) })
	ids := s.extensions
	s.extensions = c.identified.get(identification{ids, m.formats, remote}, func() *extensionIDs { return ids.learn(m.extmaps, remote) })
}

// learn notes the payload types of a section. A number's first meaning stays,
// except that what the remote peer says displaces what only we have said: it may
// never have taken it. The newest number of a format wins, so that new m-sections
// follow the numbering of the remote peer.
func (p *payloadTypes) learn(m *formats, remote bool) *payloadTypes {
	out := p
	for i, key := range m.keys {
		if key == (payloadKey{}) {
			continue
		}
		pt := m.codecs[i].PayloadType
		owner := out.owner(pt)
		if known, has := out.byKey[key]; has && known == pt && owner == key && (out.remote[pt] || !remote) {
			continue
		}
		if owner != (payloadKey{}) && owner != key && (out.remote[pt] || !remote) {
			continue
		}
		if out == p {
			out = p.clone()
		}
		if owner != key && out.byKey[owner] == pt {
			delete(out.byKey, owner)
		}
		mine := key // the loop's variable would be on the heap in every round
		out.used[pt], out.byKey[key] = &mine, pt
		out.remote[pt] = out.remote[pt] || remote
	}
	return out
}

// owner is what a number stands for, or the zero key.
func (p *payloadTypes) owner(pt uint8) payloadKey {
	if k := p.used[pt]; k != nil {
		return *k
	}
	return payloadKey{}
}

// means reports whether a number may stand for a key.
func (p *payloadTypes) means(pt uint8, key payloadKey) bool {
	return p.used[pt] == nil || *p.used[pt] == key
}

func (p *payloadTypes) clone() *payloadTypes {
	c := &payloadTypes{used: p.used, remote: p.remote, byKey: make(map[payloadKey]uint8, len(p.byKey)+8)}
	for k, v := range p.byKey {
		c.byKey[k] = v
	}
	return c
}

// choose finds the payload type for a key in a section whose taken numbers are
// given: the one the connection uses already, the wished-for one, or a free one
// of the dynamic ranges (RFC 3551 §6; 64 to 95 collide with RTCP, RFC 5761 §4).
// ok is false where none is left.
func (p *payloadTypes) choose(key payloadKey, wish uint8, taken *[128]bool) (pt uint8, ok bool) {
	if pt, ok := p.byKey[key]; ok && !taken[pt] {
		return pt, true
	}
	free := func(pt uint8) bool { return !taken[pt] && p.used[pt] == nil }
	if wish == 0 && !key.rtx {
		wish = staticPayloadType(key.name)
	}
	if (wish != 0 || key.name == "pcmu" && !key.rtx) && free(wish) {
		return wish, true
	}
	for pt := uint8(96); pt < 128; pt++ {
		if free(pt) {
			return pt, true
		}
	}
	for pt := uint8(35); pt < 64; pt++ {
		if free(pt) {
			return pt, true
		}
	}
	return 0, false
}

func staticPayloadType(name string) uint8 {
	switch name {
	case "pcma":
		return 8
	case "g722":
		return 9
	case "cn":
		return 13
	}
	return 0
}

// extensionIDs remembers the header-extension ids of the connection, which have
// to agree within a BUNDLE group and stay over renegotiation (RFC 8285 §5). It is
// immutable, and learns as payloadTypes does.
type extensionIDs struct {
	byID   map[uint16]string
	byURI  map[string]uint16
	remote map[uint16]bool
}

func (x *extensionIDs) learn(list []sdp.Extmap, remote bool) *extensionIDs {
	out := x
	for _, e := range list {
		owner, taken := out.byID[e.ID]
		known := taken && owner == e.URI && out.byURI[e.URI] == e.ID && (out.remote[e.ID] || !remote)
		if e.ID > 255 || known || taken && owner != e.URI && (out.remote[e.ID] || !remote) {
			continue
		}
		if out == x {
			out = &extensionIDs{map[uint16]string{}, map[string]uint16{}, map[uint16]bool{}}
			maps.Copy(out.byID, x.byID)
			maps.Copy(out.byURI, x.byURI)
			maps.Copy(out.remote, x.remote)
		}
		if taken && owner != e.URI && out.byURI[owner] == e.ID {
			delete(out.byURI, owner)
		}
		out.byID[e.ID], out.byURI[e.URI] = e.URI, e.ID
		out.remote[e.ID] = out.remote[e.ID] || remote
	}
	return out
}

// means reports whether an id may stand for a URI.
func (x *extensionIDs) means(id uint16, uri string) bool {
	owner, taken := x.byID[id]
	return !taken || owner == uri
}

// choose finds the id for a URI: the known one, the wished-for one, the first
// free of the one-byte range, then of the two-byte range.
func (x *extensionIDs) choose(uri string, wish uint8, taken map[uint16]bool) (uint16, bool) {
	if id, ok := x.byURI[uri]; ok && !taken[id] {
		return id, true
	}
	free := func(id uint16) bool { _, used := x.byID[id]; return !used && !taken[id] }
	if w := uint16(wish); w != 0 && w != 15 && free(w) {
		return w, true
	}
	for id := uint16(1); id < 256; id++ {
		// 15 is reserved in the one-byte form (RFC 8285 §4.2).
		if id != 15 && free(id) {
			return id, true
		}
	}
	return 0, false
}
