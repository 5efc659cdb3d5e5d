// The signalling that the examples take for granted: two connections in one
// page, trickling to each other.
const caller = new RTCPeerConnection();
const callee = new RTCPeerConnection();
caller.onicecandidate = e => callee.addIceCandidate(e.candidate);
callee.onicecandidate = e => caller.addIceCandidate(e.candidate);
const videoElem = document.createElement('video');

async function negotiate(from = caller, to = callee) {
  await from.setLocalDescription();
  await to.setRemoteDescription(from.localDescription);
  await to.setLocalDescription();
  await from.setRemoteDescription(to.localDescription);
}

const kinds = stream => stream.getTracks().map(t => t.kind).sort().join();
const hangUp = () => { caller.close(); callee.close(); };
// unmuted resolves when media of the track has arrived.
const unmuted = track => track.muted ? new Promise(r => track.addEventListener('unmute', r, { once: true })) : undefined;
