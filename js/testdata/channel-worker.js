let channel;
onmessage = ({data}) => {
  if (data.channel) {
    channel = data.channel;
    postMessage(['got', channel instanceof RTCDataChannel, channel.label, channel.readyState]);
    for (const type of ['open', 'closing', 'close'])
      channel['on' + type] = () => postMessage([type, channel.readyState]);
    channel.onmessage = e => postMessage(['message', typeof e.data === 'string' ? e.data : e.data.byteLength]);
  } else if (data.send) {
    channel.send(data.send);
  } else if (data.close) {
    channel.close();
    postMessage(['closed', channel.readyState]);
  }
};
