package webrtc

import (
	"time"

	"trackway/internal/jsep"
	"trackway/internal/transport"
	"trackway/media"
)

// The hooks of the media plane, empty until media_*.go takes their place.

type mediaPlane struct{}

func newMediaPlane(*PeerConnection) *mediaPlane { return &mediaPlane{} }

func (*mediaPlane) attach(*transport.Transport)                                             {}
func (*mediaPlane) detach(*transport.Transport)                                             {}
func (*mediaPlane) writable(*transport.Transport)                                           {}
func (*mediaPlane) handleRTP(*transport.Transport, time.Time, []byte)                       {}
func (*mediaPlane) handleRTCP(*transport.Transport, time.Time, []byte)                      {}
func (*mediaPlane) apply([]*jsep.MediaConfig, func(*jsep.MediaConfig) *transport.Transport) {}
func (*mediaPlane) close()                                                                  {}

type senderMedia struct{}

func (*senderMedia) setTrack(*media.Track)                         {}
func (*senderMedia) setEncodings([]RTPEncodingParameters)          {}
func (*senderMedia) canSend(*media.Track, []jsep.MediaCodec) error { return nil }

type receiverMedia struct{}

func (*receiverMedia) setJitterBufferTarget(*time.Duration) {}
