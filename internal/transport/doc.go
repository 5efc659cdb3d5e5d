// Package transport carries one bundle group: ICE, DTLS and SRTP.
//
// A [Network] is what a process shares: UDP sockets, the interface list, mDNS,
// the ICE-TCP port. A [Transport] belongs to it and to one bundle group; it
// lives from the first gathering to the end of the connection and survives ICE
// restarts.
//
// # Life of a Transport
//
//	t := transport.New(config)          // no goroutine, no socket yet
//	t.Gather(local)                     // local credentials: candidates arrive at the Handler
//	t.Connect(remote)                   // remote credentials and role: checks start
//	t.AddRemoteCandidate(c)             // any time; kept until its generation is known
//	t.StartDTLS(params)                 // setup role and fingerprints; starts when ICE has a pair
//	t.Close()
//
// An ICE restart is Gather with new credentials and then Connect: a second
// agent works beside the first, whose pair carries the packets until the new
// one has selected a pair.
//
// A [Pool] asks the STUN and TURN servers before there are credentials; Gather
// takes what it has ready.
//
// # Packets
//
// A datagram is read by the goroutine of its socket, which splits STUN, DTLS
// and SRTP by the first byte (RFC 7983), finds the Transport by source address
// and ufrag, opens SRTP in place and calls [Handler.RTP] or [Handler.RTCP].
// Sealing is the reverse: ask for a [Transport.Slot] in a udp.Batch, append
// the plain packet, and [Transport.SealRTP] encrypts it where it stands.
package transport
