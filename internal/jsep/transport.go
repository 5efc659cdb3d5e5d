package jsep

import (
	"reflect"
	"slices"

	"trackway/internal/sdp"
)

// transport is the negotiated state of one ICE and DTLS association. It is
// immutable.
type transport struct {
	id TransportID
	// tlsID is our a=tls-id.
	tlsID string
	// current is the generation in use, next the one an offer proposes. Before
	// the first answer there is only next.
	current, next *generation

	controlling, roleKnown, lite bool
	// associated says that a DTLS role and remote fingerprints are agreed.
	associated, client bool
	fingerprints       []sdp.Fingerprint
	remoteTLSID        string
	dtlsGeneration     int
	// offered holds the remote offer's attributes until they are answered.
	offered *sdp.Transport

	config *TransportConfig
}

// generation is an ICEGeneration with the local candidates. It is immutable.
type generation struct {
	ICEGeneration
	localCandidates []string
	localEnd        bool
}

// inUse is the generation that TransportConfig.ICE shows.
func (t *transport) inUse() *generation {
	if t.current != nil {
		return t.current
	}
	return t.next
}

// latest is the most recent generation.
func (t *transport) latest() *generation {
	if t.next != nil {
		return t.next
	}
	return t.current
}

// find is the transport with the given id, or nil.
func (s *State) findTransport(id TransportID) *transport {
	for _, t := range s.transports {
		if t.id == id {
			return t
		}
	}
	return nil
}

// putTransport replaces or adds a transport in a state that is being built.
func (s *State) putTransport(t *transport) {
	list := slices.Clone(s.transports)
	for i := range list {
		if list[i].id == t.id {
			list[i] = t
			s.transports = list
			return
		}
	}
	s.transports = append(list, t)
	slices.SortFunc(s.transports, func(a, b *transport) int { return int(a.id - b.id) })
}

// generation finds a transport's generation by its local user fragment.
func (s *State) generation(id TransportID, ufrag string) *generation {
	t := s.findTransport(id)
	if t == nil {
		return nil
	}
	for _, g := range []*generation{t.next, t.current} {
		if g != nil && g.Local.Ufrag == ufrag {
			return g
		}
	}
	return nil
}

// refreshTransports derives the published configs, drops transports that no
// line in keep uses, and keeps the pointers of configs that did not change.
func (s *State) refreshTransports(lines, keep []mline) {
	var list []*transport
	for _, old := range s.transports {
		uses := func(l mline) bool { return l.transport == old.id }
		first := slices.IndexFunc(lines, uses)
		if first < 0 && !slices.ContainsFunc(keep, uses) {
			continue
		}
		t := old
		config := t.derive()
		if first >= 0 {
			// The section that carries the attributes names the transport.
			if d := s.local(); d != nil && first < len(d.carrier) && lines[d.carrier[first]].transport == t.id {
				first = d.carrier[first]
			}
			config.MID, config.MLineIndex = lines[first].mid, first
		} else if t.config != nil {
			config.MID, config.MLineIndex = t.config.MID, t.config.MLineIndex
		}
		if t.config == nil || !reflect.DeepEqual(t.config, config) {
			if t.config != nil {
				// Generations that are equal keep their pointers too.
				if reflect.DeepEqual(t.config.ICE, config.ICE) {
					config.ICE = t.config.ICE
				}
				if reflect.DeepEqual(t.config.PendingICE, config.PendingICE) {
					config.PendingICE = t.config.PendingICE
				}
			}
			c := *t
			c.config = config
			t = &c
		}
		list = append(list, t)
	}
	s.transports = list
}

func (t *transport) derive() *TransportConfig {
	c := &TransportConfig{
		ID: t.id, Controlling: t.controlling, RoleKnown: t.roleKnown, RemoteLite: t.lite,
		DTLSClient: t.client, RemoteFingerprints: t.fingerprints, DTLSGeneration: t.dtlsGeneration,
		Negotiated: t.associated,
	}
	if g := t.inUse(); g != nil {
		c.ICE = &g.ICEGeneration
	}
	if t.current != nil && t.next != nil {
		c.PendingICE = &t.next.ICEGeneration
	}
	return c
}

// Transports are the transports in order of creation.
func (s *State) Transports() []*TransportConfig {
	out := make([]*TransportConfig, 0, len(s.transports))
	for _, t := range s.transports {
		out = append(out, t.config)
	}
	return out
}

// restarted reports whether remote credentials differ from those in use.
func restarted(old ICEParameters, remote *sdp.Transport) bool {
	return old.Ufrag != remote.ICEUfrag || old.Pwd != remote.ICEPwd
}

// sameCertificate reports whether two fingerprint sets may mean one certificate.
func sameCertificate(a, b []sdp.Fingerprint) bool {
	return slices.ContainsFunc(a, func(f sdp.Fingerprint) bool { return slices.Contains(b, f) })
}
