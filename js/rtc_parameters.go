package js

import (
	"trackway/js/binding"
	"trackway/webrtc"
)

func codec(d *binding.Dict) webrtc.RTPCodec {
	return webrtc.RTPCodec{MimeType: d.String("mimeType"), ClockRate: uint32(d.Int("clockRate")), Channels: uint16(d.Int("channels")), SDPFmtpLine: d.String("sdpFmtpLine")}
}

func codecMap(c webrtc.RTPCodec) map[string]any {
	m := map[string]any{"mimeType": c.MimeType, "clockRate": c.ClockRate}
	if c.Channels != 0 {
		m["channels"] = c.Channels
	}
	if c.SDPFmtpLine != "" {
		m["sdpFmtpLine"] = c.SDPFmtpLine
	}
	return m
}

func extensionDicts(list []webrtc.RTPHeaderExtensionCapability) []any {
	out := []any{}
	for _, e := range list {
		m := map[string]any{"uri": e.URI}
		if e.Direction != "" {
			m["direction"] = e.Direction
		}
		out = append(out, binding.NewDict(m))
	}
	return out
}

func capabilities(c *webrtc.RTPCapabilities) any {
	if c == nil {
		return nil
	}
	codecs := []any{}
	for _, k := range c.Codecs {
		codecs = append(codecs, binding.NewDict(codecMap(k)))
	}
	return binding.NewDict(map[string]any{"codecs": codecs, "headerExtensions": extensionDicts(c.HeaderExtensions)})
}

// encoding reads an RTCRtpEncodingParameters.
func encoding(d *binding.Dict) webrtc.RTPEncodingParameters {
	e := webrtc.RTPEncodingParameters{
		RID: d.String("rid"), Active: d.Bool("active"), Priority: webrtc.PriorityType(d.String("priority")),
		NetworkPriority: webrtc.PriorityType(d.String("networkPriority")), ScalabilityMode: d.String("scalabilityMode"),
		AdaptivePtime: d.Bool("adaptivePtime"),
	}
	if c := d.Dict("codec"); c != nil {
		k := codec(c)
		e.Codec = &k
	}
	if d.Has("maxBitrate") {
		v := uint32(d.Int("maxBitrate"))
		e.MaxBitrate = &v
	}
	if d.Has("maxFramerate") {
		v := d.Float("maxFramerate")
		e.MaxFramerate = &v
	}
	if d.Has("scaleResolutionDownBy") {
		v := d.Float("scaleResolutionDownBy")
		e.ScaleResolutionDownBy = &v
	}
	return e
}

func encodingDict(e webrtc.RTPEncodingParameters) *binding.Dict {
	m := map[string]any{
		"active": e.Active, "priority": orDefault(string(e.Priority), "low"), "networkPriority": orDefault(string(e.NetworkPriority), "low"),
		"adaptivePtime": e.AdaptivePtime,
	}
	if e.RID != "" {
		m["rid"] = e.RID
	}
	if e.Codec != nil {
		m["codec"] = binding.NewDict(codecMap(*e.Codec))
	}
	if e.MaxBitrate != nil {
		m["maxBitrate"] = *e.MaxBitrate
	}
	if e.MaxFramerate != nil {
		m["maxFramerate"] = *e.MaxFramerate
	}
	if e.ScaleResolutionDownBy != nil {
		m["scaleResolutionDownBy"] = *e.ScaleResolutionDownBy
	}
	if e.ScalabilityMode != "" {
		m["scalabilityMode"] = e.ScalabilityMode
	}
	return binding.NewDict(m)
}

func parametersMap(p webrtc.RTPParameters) map[string]any {
	codecs, extensions := []any{}, []any{}
	for _, c := range p.Codecs {
		m := codecMap(c.RTPCodec)
		m["payloadType"] = c.PayloadType
		codecs = append(codecs, binding.NewDict(m))
	}
	for _, e := range p.HeaderExtensions {
		extensions = append(extensions, binding.NewDict(map[string]any{"uri": e.URI, "id": e.ID, "encrypted": e.Encrypted}))
	}
	rtcp := map[string]any{"reducedSize": p.RTCP.ReducedSize}
	if p.RTCP.CNAME != "" {
		rtcp["cname"] = p.RTCP.CNAME
	}
	return map[string]any{"headerExtensions": extensions, "rtcp": binding.NewDict(rtcp), "codecs": codecs}
}

func sendParametersDict(p webrtc.RTPSendParameters) *binding.Dict {
	m := parametersMap(p.RTPParameters)
	encodings := []any{}
	for _, e := range p.Encodings {
		encodings = append(encodings, encodingDict(e))
	}
	m["transactionId"], m["encodings"] = p.TransactionID, encodings
	if p.DegradationPreference != "" {
		m["degradationPreference"] = string(p.DegradationPreference)
	}
	return binding.NewDict(m)
}

func sendParameters(d *binding.Dict) webrtc.RTPSendParameters {
	out := webrtc.RTPSendParameters{
		TransactionID: d.String("transactionId"), DegradationPreference: webrtc.DegradationPreference(d.String("degradationPreference")),
	}
	for _, e := range d.Seq("encodings") {
		out.Encodings = append(out.Encodings, encoding(e.(*binding.Dict)))
	}
	for _, v := range d.Seq("codecs") {
		c := v.(*binding.Dict)
		out.Codecs = append(out.Codecs, webrtc.RTPCodecParameters{RTPCodec: codec(c), PayloadType: uint8(c.Int("payloadType"))})
	}
	for _, v := range d.Seq("headerExtensions") {
		e := v.(*binding.Dict)
		out.HeaderExtensions = append(out.HeaderExtensions, webrtc.RTPHeaderExtensionParameters{URI: e.String("uri"), ID: uint16(e.Int("id")), Encrypted: e.Bool("encrypted")})
	}
	if r := d.Dict("rtcp"); r != nil {
		out.RTCP = webrtc.RTCPParameters{CNAME: r.String("cname"), ReducedSize: r.Bool("reducedSize")}
	}
	return out
}
