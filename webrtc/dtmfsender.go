package webrtc

import "trackway/internal/domerr"

// DTMFSender is RTCDTMFSender (webrtc-pc 7). Telephone events are not sent yet:
// CanInsertDTMF is false, and InsertDTMF fails as the specification has it for a
// sender that cannot.
type DTMFSender struct{ sender *RTPSender }

// CanInsertDTMF is the canInsertDTMF attribute.
func (d *DTMFSender) CanInsertDTMF() bool { return false }

// ToneBuffer is the toneBuffer attribute: the tones still to be sent.
func (d *DTMFSender) ToneBuffer() string { return "" }

// InsertDTMF is insertDTMF. InvalidStateError, since CanInsertDTMF is false.
func (d *DTMFSender) InsertDTMF(string) error {
	return domerr.New(domerr.InvalidState, "InsertDTMF: canInsertDTMF is false, telephone-event is not supported")
}
