// Package rtpengine is the media plane: it turns encoded frames into RTP
// packets and back, repairs loss, and keeps the RTCP reports and the counters
// of webrtc-stats.
//
// The package is pure. It opens no socket, starts no goroutine and reads no
// clock: the caller passes the time and the packets in, and packets go out
// through an Output. Randomness comes from SessionConfig.Rand.
//
// # Sending
//
// A Ring holds the packets of one encoding of one track, once, however many
// peers receive it. Ring.WriteFrame packetises a frame, or Ring.WriteRTP takes
// a packet as it is; both return the Span of packets just stored. A SendStream
// is the per-peer part: SendStream.Send copies a Span into an Output and
// writes the peer's SSRC, payload type, sequence number, timestamp and header
// extensions. The ring is also the history from which NACKs are answered, so
// memory for retransmission does not grow with the number of peers.
//
// # Receiving
//
// Session.HandleRTP finds the Receiver that a packet belongs to (RFC 8843
// section 9.2, RFC 8852), undoes RTX, and hands it to a ReceiveStream, which
// orders packets, asks for missing ones and assembles frames.
//
// # Concurrency
//
// Session.HandleRTP, HandleRTCP, Poll and SendStream.Send may run at the same
// time in different goroutines: receiving and sending have separate locks, and
// each SendStream and Ring its own. Callbacks for packets and frames run after
// the receive lock was released, so they may call anything but HandleRTP and
// Poll of their own Session, and other goroutines may change receivers while a
// callback runs.
//
// Lock order: Poll, delivery, receive side, then SendStream, then Ring, then the
// Session's sending side.
package rtpengine
