package web

import (
	"slices"
	"strings"

	"trackway/media"
	"trackway/webrtc"
)

// echoTrack sends what a transceiver receives back to the page. Within the
// track event, before the answer, the transceiver that receives it is there to
// be used for sending too: then the echo needs no m-section of its own and no
// negotiation.
func (c *call) echoTrack(t *webrtc.RTPTransceiver, streams []*media.Stream) {
	c.mu.Lock()
	on := c.echo && !slices.ContainsFunc(c.senders, func(s *sender) bool { return s.echoOf == t })
	var echoes []*media.Stream
	if on {
		for _, s := range streams {
			echoes = append(echoes, c.echoStreamLocked(s.ID()))
		}
	}
	c.mu.Unlock()
	if on {
		c.addEcho(t, echoes)
	}
}

func (c *call) echoStreamLocked(id string) *media.Stream {
	if c.echoes[id] == nil {
		c.echoes[id] = media.NewStream()
	}
	return c.echoes[id]
}

func (c *call) addEcho(t *webrtc.RTPTransceiver, streams []*media.Stream) {
	track := t.Receiver().Track()
	added, err := c.pc.AddTrack(track, streams...)
	if err != nil {
		if c.pc.SignalingState() != webrtc.SignalingStateClosed {
			c.fail(err)
		}
		return
	}
	c.act("AddTrack()", "echo of mid "+t.Mid())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.senders = append(c.senders, &sender{
		key: "echo " + track.ID(), name: "Echo", track: track, echoOf: t,
		sender: added, transceiver: c.transceiverOf(added),
	})
}

// reconcileEchoes makes the echoes fit what is received: after a negotiation,
// and when the page turns echoes on or off.
func (c *call) reconcileEchoes() {
	named := remoteStreams(c.pc.CurrentRemoteDescription())
	for _, t := range c.pc.GetTransceivers() {
		receives := strings.Contains(string(t.CurrentDirection()), "recv")
		c.mu.Lock()
		var streams []*media.Stream
		for _, id := range named[t.Mid()] {
			streams = append(streams, c.echoStreamLocked(id))
		}
		i := slices.IndexFunc(c.senders, func(s *sender) bool { return s.echoOf == t })
		var echo *sender
		if i >= 0 {
			echo = c.senders[i]
		}
		on := c.echo
		if echo != nil && (!on || !receives) {
			c.senders = slices.Delete(c.senders, i, i+1)
		}
		c.mu.Unlock()
		switch {
		case echo == nil && on && receives:
			c.addEcho(t, streams)
		case echo != nil && (!on || !receives):
			c.act("RemoveTrack()", "echo of mid "+t.Mid())
			// An error means that the connection was closed meanwhile, or the
			// echo's own transceiver stopped: either way nothing is sent.
			_ = c.pc.RemoveTrack(echo.sender)
		case echo != nil && !slices.Equal(ids(streams), echo.sender.StreamIDs()):
			if err := echo.sender.SetStreams(streams...); err != nil {
				c.fail(err)
			}
		}
	}
	c.dropOrphans()
}

// dropOrphans forgets the echoes of transceivers that are gone.
func (c *call) dropOrphans() {
	all := c.pc.GetTransceivers()
	c.mu.Lock()
	var orphans []*sender
	c.senders = slices.DeleteFunc(c.senders, func(s *sender) bool {
		orphan := s.echoOf != nil && !slices.Contains(all, s.echoOf)
		if orphan {
			orphans = append(orphans, s)
		}
		return orphan
	})
	c.mu.Unlock()
	for _, s := range orphans {
		_ = c.pc.RemoveTrack(s.sender)
	}
}

func ids(streams []*media.Stream) []string {
	var list []string
	for _, s := range streams {
		list = append(list, s.ID())
	}
	return list
}
