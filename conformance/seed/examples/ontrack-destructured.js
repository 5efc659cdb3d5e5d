pc.ontrack = ({streams: [stream]}) => videoElem.srcObject = stream;
