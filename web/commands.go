package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trackway/media"
	"trackway/webrtc"
)

// maxSenders bounds the senders of a call: a page could ask for ever more.
const maxSenders = 200

// command does what the page asks for. It runs on the session's goroutine.
func (c *call) command(app json.RawMessage) {
	cmd, err := decode(app)
	if err == nil {
		err = c.do(cmd)
	}
	if err != nil {
		c.fail(err)
	}
	c.changed()
}

func (c *call) do(cmd command) error {
	switch cmd.Op {
	case "ping":
		c.out.put(pong{Op: "pong", Sent: cmd.T, T: float64(time.Now().UnixMicro()) / 1000})
		return nil
	case "add":
		return c.add(cmd.Source, cmd.Streams)
	case "restart":
		c.act("RestartICE()", "")
		c.pc.RestartICE()
		return nil
	case "echo":
		c.mu.Lock()
		c.echo = cmd.On
		c.mu.Unlock()
		c.reconcileEchoes()
		return nil
	case "record":
		return c.record(cmd.Mid, cmd.On)
	}
	s := c.find(cmd.Sender)
	switch cmd.Op {
	case "again", "remove", "stop", "streams", "hold":
		if s == nil {
			return fmt.Errorf("%s: no sender %q", cmd.Op, cmd.Sender)
		}
	}
	switch cmd.Op {
	case "again":
		return c.attach(s)
	case "remove":
		c.act("RemoveTrack()", s.name)
		return c.pc.RemoveTrack(s.sender)
	case "stop":
		return c.stop(s)
	case "streams":
		return c.regroup(s, cmd.Streams)
	case "hold":
		return c.hold(s, cmd.On)
	}
	return fmt.Errorf("unknown command %q", cmd.Op)
}

func (c *call) find(key string) *sender {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.senders, func(s *sender) bool { return s.key == key && s.echoOf == nil })
	if i < 0 {
		return nil
	}
	return c.senders[i]
}

func (c *call) named(names []string) ([]*media.Stream, error) {
	streams := []*media.Stream{}
	for _, name := range names {
		s := c.streams[name]
		if s == nil {
			return nil, fmt.Errorf("no stream %q", name)
		}
		streams = append(streams, s)
	}
	return streams, nil
}

func describe(names []string) string {
	if len(names) == 0 {
		return "no stream"
	}
	return strings.Join(names, ", ")
}

// add sends a source's track.
func (c *call) add(source string, names []string) error {
	i, err := strconv.Atoi(source)
	if err != nil || i < 0 || i >= len(c.options.Sources) {
		return fmt.Errorf("add: no source %q", source)
	}
	if _, err := c.named(names); err != nil {
		return fmt.Errorf("add: %w", err)
	}
	c.mu.Lock()
	c.keys++
	s := &sender{key: fmt.Sprint("s", c.keys), name: c.options.Sources[i].Name, streams: slices.Clone(names)}
	full := len(c.senders) >= maxSenders
	c.mu.Unlock()
	if full {
		return fmt.Errorf("add: a call has at most %d senders", maxSenders)
	}
	if s.track = c.pool.lend(i, c.sends); s.track == nil {
		return fmt.Errorf("add: %s is sent %d times already", s.name, maxClones)
	}
	return c.attach(s)
}

// sends reports whether the track is one that the call sends, or sent and may
// send again.
func (c *call) sends(t *media.Track) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.senders, func(s *sender) bool { return s.track == t })
}

// attach is AddTrack, for the first time or again.
func (c *call) attach(s *sender) error {
	streams, err := c.named(s.streams)
	if err != nil {
		return err
	}
	added, err := c.pc.AddTrack(s.track, streams...)
	if err != nil {
		return err
	}
	c.act("AddTrack()", s.name+" → "+describe(s.streams))
	c.mu.Lock()
	defer c.mu.Unlock()
	s.sender, s.transceiver = added, c.transceiverOf(added)
	c.senders = append(slices.DeleteFunc(c.senders, func(o *sender) bool { return o == s }), s)
	return nil
}

func (c *call) transceiverOf(s *webrtc.RTPSender) *webrtc.RTPTransceiver {
	for _, t := range c.pc.GetTransceivers() {
		if t.Sender() == s {
			return t
		}
	}
	return nil
}

func (c *call) stop(s *sender) error {
	c.act("Stop()", s.name+": its m-section is free")
	err := s.transceiver.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.senders = slices.DeleteFunc(c.senders, func(o *sender) bool { return o == s })
	return err
}

func (c *call) regroup(s *sender, names []string) error {
	streams, err := c.named(names)
	if err != nil {
		return fmt.Errorf("streams: %w", err)
	}
	c.act("SetStreams()", s.name+" → "+describe(names))
	if err := s.sender.SetStreams(streams...); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.streams = slices.Clone(names)
	return nil
}

func (c *call) hold(s *sender, on bool) error {
	receives := strings.Contains(string(s.transceiver.Direction()), "recv")
	direction := map[[2]bool]webrtc.RTPTransceiverDirection{
		{false, false}: webrtc.RTPTransceiverDirectionSendonly,
		{false, true}:  webrtc.RTPTransceiverDirectionSendrecv,
		{true, false}:  webrtc.RTPTransceiverDirectionInactive,
		{true, true}:   webrtc.RTPTransceiverDirectionRecvonly,
	}[[2]bool{on, receives}]
	c.act("SetDirection()", string(direction)+" · "+s.name)
	return s.transceiver.SetDirection(direction)
}
