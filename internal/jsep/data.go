package jsep

import (
	"slices"
	"strconv"

	"trackway/internal/sdp"
)

// setData notes the data section of an offer, at a line.
func (s *State) setData(i int) {
	line := s.lines[i]
	if d := s.data; d != nil && d.MID == line.mid {
		if d.Transport != line.transport || d.MLineIndex != i {
			c := *d
			c.Transport, c.MLineIndex = line.transport, i
			s.data = &c
		}
		return
	}
	s.data = &DataConfig{MID: line.mid, MLineIndex: i, Transport: line.transport, LocalPort: s.cfg.SCTPPort}
}

// dataSection is the index of the section that carries the one SCTP association
// of a connection: the one in use, or else the first offered; -1 for none.
func dataSection(d *description, used *DataConfig) int {
	live := func(i int) bool {
		m := d.mediaAt(i)
		return m != nil && m.Kind == "application" && m.SCTP() && !m.Rejected()
	}
	if used != nil && live(used.MLineIndex) && d.mediaAt(used.MLineIndex).MID == used.MID {
		return used.MLineIndex
	}
	for i := range d.sections {
		if live(i) {
			return i
		}
	}
	return -1
}

// setDataAnswered completes or ends the association by an answer (RFC 8841 §10).
// A pranswer that refuses it ends nothing, since the answer may take it.
func (s *State) setDataAnswered(i int, local, remote *media, typ SDPType) {
	if local.Rejected() || remote.Rejected() {
		if typ == Answer && s.data != nil && s.data.MLineIndex == i {
			s.data = nil
		}
		return
	}
	port, _ := sctpPort(remote)
	// RFC 8841 §6.1: "If the SDP 'max-message-size' attribute is not present, the
	// default value is 64K."
	size := int64(65536)
	if remote.MaxMessageSize >= 0 {
		size = remote.MaxMessageSize
	}
	next := &DataConfig{
		MID: s.lines[i].mid, MLineIndex: i, Transport: s.lines[i].transport,
		LocalPort: s.cfg.SCTPPort, RemotePort: port, RemoteMaxMessageSize: size, Negotiated: true,
	}
	if s.data == nil || *s.data != *next {
		s.data = next
	}
}

// sctpPort is the port of a data section: a=sctp-port, or the fmt of the older
// form "DTLS/SCTP 5000".
func sctpPort(m *media) (int, bool) {
	if m.SCTPPort >= 0 {
		return m.SCTPPort, true
	}
	if slices.ContainsFunc(m.Attributes, func(a sdp.Attribute) bool { return a.Key == "sctpmap" }) {
		if n, err := strconv.ParseUint(m.Formats[0], 10, 16); err == nil {
			return int(n), true
		}
	}
	return 0, false
}

// Data is the data section's association, or nil.
func (s *State) Data() *DataConfig { return s.data }
