package js

import (
	"strings"
	"time"

	"github.com/dop251/goja"

	"trackway/internal/domerr"
	"trackway/js/binding"
	"trackway/webrtc"
)

func strs(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = s.(string)
		}
		return out
	}
	return nil
}

// configuration reads an RTCConfiguration.
func configuration(d *binding.Dict) (webrtc.Configuration, error) {
	config := webrtc.Configuration{
		ICETransportPolicy: webrtc.ICETransportPolicy(d.String("iceTransportPolicy")), BundlePolicy: webrtc.BundlePolicy(d.String("bundlePolicy")),
		RTCPMuxPolicy: webrtc.RTCPMuxPolicy(d.String("rtcpMuxPolicy")), ICECandidatePoolSize: uint8(d.Int("iceCandidatePoolSize")),
	}
	for _, v := range d.Seq("iceServers") {
		s := v.(*binding.Dict)
		server := webrtc.ICEServer{URLs: strs(s.Get("urls"))}
		if s.Has("username") {
			u := s.String("username")
			server.Username = &u
		}
		if s.Has("credential") {
			u := s.String("credential")
			server.Credential = &u
		}
		config.ICEServers = append(config.ICEServers, server)
	}
	for _, v := range d.Seq("certificates") {
		config.Certificates = append(config.Certificates, v.(*certificate).c)
	}
	return config, nil
}

func getConfiguration(c *binding.Call) (any, error) {
	p := c.This.(*peerConnection)
	config := p.pc.GetConfiguration()
	servers, certs := []any{}, []any{}
	for _, s := range config.ICEServers {
		m := map[string]any{"urls": s.URLs}
		if s.Username != nil {
			m["username"] = *s.Username
		}
		if s.Credential != nil {
			m["credential"] = *s.Credential
		}
		servers = append(servers, binding.NewDict(m))
	}
	for _, cert := range config.Certificates {
		certs = append(certs, p.rt.certificate(cert))
	}
	return binding.NewDict(map[string]any{
		"iceServers": servers, "iceTransportPolicy": orDefault(string(config.ICETransportPolicy), "all"),
		"bundlePolicy":  orDefault(string(config.BundlePolicy), "balanced"),
		"rtcpMuxPolicy": orDefault(string(config.RTCPMuxPolicy), "require"), "certificates": certs, "iceCandidatePoolSize": config.ICECandidatePoolSize,
	}), nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// certificate is an RTCCertificate.
type certificate struct {
	binding.Object
	c *webrtc.Certificate
}

// InterfaceName implements binding.Platform.
func (*certificate) InterfaceName() string { return "RTCCertificate" }

func (rt *Runtime) certificate(c *webrtc.Certificate) *certificate {
	if o, ok := rt.objects[c].(*certificate); ok {
		return o
	}
	o := &certificate{c: c}
	rt.objects[c] = o
	return o
}

func (o *certificate) clone() (func(*Runtime) binding.Platform, error) {
	return func(*Runtime) binding.Platform { return &certificate{c: o.c} }, nil
}

// generateCertificate normalizes the algorithm as WebCrypto §18.4.4 does, as far
// as the supported algorithms need it.
func generateCertificate(c *binding.Call) (any, error) {
	var alg webrtc.KeygenAlgorithm
	switch v := c.Arg(0).(type) {
	case string:
		alg.Name = v
	case *goja.Object:
		name := v.Get("name")
		if name == nil || goja.IsUndefined(name) {
			return nil, domerr.New(domerr.Type, "the algorithm has no name")
		}
		alg.Name = name.String()
		if curve := v.Get("namedCurve"); curve != nil {
			alg.NamedCurve = curve.String()
		}
		if n := v.Get("modulusLength"); n != nil {
			alg.ModulusLength = int(n.ToInteger())
		}
		if e := c.BufferOf(v.Get("publicExponent")); e != nil && !isExponent65537(e.Bytes()) {
			return nil, domerr.New(domerr.NotSupported, "the public exponent must be 65537")
		}
		alg.Hash = hashName(v.Get("hash"))
		if expires := v.Get("expires"); expires != nil && !goja.IsUndefined(expires) {
			// [EnforceRange] unsigned long long
			ms := expires.ToNumber().ToFloat()
			if !(ms >= 0 && ms <= 1<<53-1) {
				return nil, domerr.New(domerr.Type, "expires is out of range")
			}
			d := time.Duration(min(ms, 365*24*3600*1000)) * time.Millisecond
			alg.Expires = &d
		}
	}
	for _, known := range []string{"ECDSA", "RSASSA-PKCS1-v1_5"} {
		if strings.EqualFold(known, alg.Name) {
			alg.Name = known
		}
	}
	rt, promise := host(c), c.NewPromise()
	release := rt.hold()
	go func() {
		cert, err := webrtc.GenerateCertificate(alg)
		rt.Post(func() {
			release()
			if err != nil {
				promise.Reject(err)
				return
			}
			promise.Resolve(rt.certificate(cert))
		})
	}()
	return promise, nil
}

func isExponent65537(b []byte) bool {
	n := 0
	for _, x := range b {
		n = n<<8 | int(x)
	}
	return n == 65537
}

func hashName(v goja.Value) string {
	if o, ok := v.(*goja.Object); ok {
		v = o.Get("name")
	}
	if v == nil || goja.IsUndefined(v) {
		return ""
	}
	return strings.ToUpper(v.String())
}

func init() {
	registry.Implement("RTCCertificate", binding.Members{
		"expires": getter(func(o *certificate) any { return o.c.Expires().UnixMilli() }),
		"getFingerprints": func(c *binding.Call) (any, error) {
			out := []any{}
			for _, f := range c.This.(*certificate).c.GetFingerprints() {
				out = append(out, binding.NewDict(map[string]any{"algorithm": f.Algorithm, "value": f.Value}))
			}
			return out, nil
		},
	})
}
