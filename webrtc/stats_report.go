package webrtc

import (
	"bytes"
	"encoding/json"
	"iter"
)

// StatsReport is RTCStatsReport (webrtc-pc 8.3): statistics by id, in a fixed
// order. It does not change.
type StatsReport struct {
	list []Stats
	byID map[string]Stats
}

func newStatsReport() *StatsReport { return &StatsReport{byID: map[string]Stats{}} }

// add adds s unless the report has its id.
func (r *StatsReport) add(s Stats) {
	id := s.Base().ID
	if _, ok := r.byID[id]; !ok {
		r.byID[id] = s
		r.list = append(r.list, s)
	}
}

// Len is the number of entries.
func (r *StatsReport) Len() int { return len(r.list) }

// Get returns the entry of an id, or nil.
func (r *StatsReport) Get(id string) Stats { return r.byID[id] }

// All yields the entries with their ids.
func (r *StatsReport) All() iter.Seq2[string, Stats] {
	return func(yield func(string, Stats) bool) {
		for _, s := range r.list {
			if !yield(s.Base().ID, s) {
				return
			}
		}
	}
}

// StatsOf returns the entries of one type:
//
//	for _, s := range webrtc.StatsOf[*webrtc.InboundRTPStreamStats](report) { … }
func StatsOf[T Stats](r *StatsReport) []T {
	var out []T
	for _, s := range r.list {
		if t, ok := s.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

// MarshalJSON gives an object of the entries by id, in order.
func (r *StatsReport) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, s := range r.list {
		if i > 0 {
			b.WriteByte(',')
		}
		id, err := json.Marshal(s.Base().ID)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		b.Write(id)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// references are the ids that an entry names.
func references(s Stats) []string {
	switch s := s.(type) {
	case *InboundRTPStreamStats:
		return []string{s.TransportID, s.CodecID, s.RemoteID, s.PlayoutID}
	case *OutboundRTPStreamStats:
		return []string{s.TransportID, s.CodecID, s.RemoteID, s.MediaSourceID}
	case *RemoteInboundRTPStreamStats:
		return []string{s.TransportID, s.CodecID, s.LocalID}
	case *RemoteOutboundRTPStreamStats:
		return []string{s.TransportID, s.CodecID, s.LocalID}
	case *CodecStats:
		return []string{s.TransportID}
	case *TransportStats:
		return []string{s.SelectedCandidatePairID, s.LocalCertificateID, s.RemoteCertificateID}
	case *ICECandidatePairStats:
		return []string{s.TransportID, s.LocalCandidateID, s.RemoteCandidateID}
	case *ICECandidateStats:
		return []string{s.TransportID}
	case *CertificateStats:
		return []string{s.IssuerCertificateID}
	}
	return nil
}

// selected is the stats selection algorithm (webrtc-pc 8.4): the entries that
// keep wants, and everything that these refer to, directly or not.
func (r *StatsReport) selected(keep func(Stats) bool) *StatsReport {
	wanted := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		s := r.byID[id]
		if s == nil || wanted[id] {
			return
		}
		wanted[id] = true
		for _, ref := range references(s) {
			visit(ref)
		}
	}
	for _, s := range r.list {
		if keep(s) {
			visit(s.Base().ID)
		}
	}
	out := newStatsReport()
	for _, s := range r.list {
		if wanted[s.Base().ID] {
			out.add(s)
		}
	}
	return out
}
