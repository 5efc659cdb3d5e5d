package webrtc

import (
	"context"

	"trackway/internal/domerr"
)

// dataSlots are the connection's slots for data.
type dataSlots struct {
	sctp     *SCTPTransport
	channels []*DataChannel
}

type channelPipe struct{}

func (d *DataChannel) send([]byte, bool) error {
	return domerr.New(domerr.InvalidState, "Send: the channel is %s", d.ReadyState())
}

func (d *DataChannel) close() {}

func (d *DataChannel) waitOpen(ctx context.Context) error { return ctx.Err() }

func (pc *PeerConnection) applyDataLocked() {}

func (pc *PeerConnection) closeDataLocked() func() { return func() {} }
