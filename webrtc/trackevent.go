package webrtc

import "trackway/media"

// TrackEvent is RTCTrackEvent (webrtc-pc 5.7).
type TrackEvent struct {
	Receiver    *RTPReceiver
	Track       *media.Track
	Streams     []*media.Stream
	Transceiver *RTPTransceiver
}
