// A bot that makes a call: sound and a data channel, from one connection to
// another. It leaves once it has heard the tone and had its message answered.
const a = new RTCPeerConnection(), b = new RTCPeerConnection();
a.onicecandidate = e => b.addIceCandidate(e.candidate);
b.onicecandidate = e => a.addIceCandidate(e.candidate);
const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
a.addTrack(stream.getTracks()[0], stream);
// G.711 costs next to nothing; a thousand Opus encoders would want dozens of processors.
a.getTransceivers()[0].setCodecPreferences(RTCRtpReceiver.getCapabilities('audio').codecs.filter(c => c.mimeType === 'audio/PCMU'));
const answered = new Promise((resolve, reject) => {
  const channel = a.createDataChannel('chat');
  channel.onopen = () => channel.send(`hello from ${bot}`);
  channel.onmessage = e => (e.data === `HELLO FROM ${bot}` ? resolve : reject)(e.data);
});
b.ondatachannel = ({ channel }) => { channel.onmessage = e => channel.send(e.data.toUpperCase()); };
const heard = new Promise(resolve => {
  b.ontrack = ({ track, streams }) => { track.onunmute = () => resolve(streams[0].id); };
});
await a.setLocalDescription();
await b.setRemoteDescription(a.localDescription);
await b.setLocalDescription();
await a.setRemoteDescription(b.localDescription);
await answered;
if (await heard !== stream.id) throw new Error('the stream has another id');
stream.getTracks().forEach(track => track.stop());
a.close();
b.close();
console.log(`bot ${bot} is done`);
