package web

import (
	"slices"
	"strings"

	"trackway/webrtc"
)

// state gathers what the program knows of the call.
func (c *call) state() state {
	st := state{Op: "state", Signaling: string(c.pc.SignalingState()), Senders: []senderState{}, Receivers: []receiverState{}, Echoes: []echoInfo{}}
	named := remoteStreams(c.pc.CurrentRemoteDescription())
	transceivers := c.pc.GetTransceivers()
	c.mu.Lock()
	defer c.mu.Unlock()
	st.Echo = c.echo
	for id, s := range c.echoes {
		st.Echoes = append(st.Echoes, echoInfo{ID: s.ID(), Of: id})
	}
	slices.SortFunc(st.Echoes, func(a, b echoInfo) int { return strings.Compare(a.Of, b.Of) })
	for _, s := range c.senders {
		st.Senders = append(st.Senders, s.state())
	}
	for _, t := range transceivers {
		if !strings.Contains(string(t.CurrentDirection()), "recv") {
			continue
		}
		track := t.Receiver().Track()
		r := receiverState{Mid: t.Mid(), Kind: t.Kind(), StreamIDs: orEmpty(named[t.Mid()]), Muted: track.Muted()}
		if rec := c.recordings[track]; rec != nil {
			r.Recording = rec.name
		}
		st.Receivers = append(st.Receivers, r)
	}
	return st
}

func (s *sender) state() senderState {
	t := s.transceiver
	direction, current := string(t.Direction()), string(t.CurrentDirection())
	st := senderState{
		Key: s.key, Name: s.name, Kind: s.track.Kind(),
		Streams: orEmpty(s.streams), StreamIDs: orEmpty(s.sender.StreamIDs()),
		Direction: direction, Echo: s.echoOf != nil,
		Idle: s.sender.Track() == nil, Stopped: direction == "stopped" || current == "stopped",
	}
	if mid := t.Mid(); mid != "" {
		st.Mid = &mid
	}
	if current != "" {
		st.Current = &current
	}
	st.Held = !st.Idle && !strings.Contains(direction, "send")
	st.Sending = !st.Idle && !st.Stopped && strings.Contains(current, "send")
	return st
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// remoteStreams reads which streams each m-section of a description names: the
// identifiers by mid. The events tell of a stream when its first track comes;
// a track that moves to a new stream later makes no event (webrtc-pc 4.4.1.6),
// and only the description tells.
func remoteStreams(d *webrtc.SessionDescription) map[string][]string {
	found := map[string][]string{}
	if d == nil {
		return found
	}
	var mid string
	var list []string
	flush := func() {
		if mid != "" {
			found[mid] = list
		}
		mid, list = "", nil
	}
	for line := range strings.Lines(d.SDP) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "m=") {
			flush()
		} else if v, ok := strings.CutPrefix(line, "a=mid:"); ok {
			mid = v
		} else if v, ok := strings.CutPrefix(line, "a=msid:"); ok {
			if id, _, _ := strings.Cut(v, " "); id != "-" && id != "" && !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	flush()
	return found
}
