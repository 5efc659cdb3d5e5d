package webrtc

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"trackway/internal/domerr"
)

func TestGenerateCertificate(t *testing.T) {
	for _, a := range []KeygenAlgorithm{
		ECDSAP256,
		{Name: "RSASSA-PKCS1-v1_5", ModulusLength: 2048, Hash: "SHA-256"},
	} {
		c, err := GenerateCertificate(a)
		if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		if life := time.Until(c.Expires()); life < 29*24*time.Hour || life > 30*24*time.Hour {
			t.Errorf("%s: a certificate is valid for 30 days unless told otherwise, this one for %v", a.Name, life)
		}
		sum := sha256.Sum256(c.TLS().Certificate[0])
		f := c.GetFingerprints()
		if len(f) != 1 || f[0].Algorithm != "sha-256" || strings.ReplaceAll(f[0].Value, ":", "") != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: the fingerprint is the SHA-256 of the certificate in lower-case hexadecimal, got %v", a.Name, f)
		}
		again, err := NewCertificate(c.TLS())
		if err != nil || again.GetFingerprints()[0] != f[0] {
			t.Errorf("%s: a key pair that was kept must make the same certificate: %v %v", a.Name, again, err)
		}
	}
}

func TestGenerateCertificateRefuses(t *testing.T) {
	for _, a := range []KeygenAlgorithm{
		{}, {Name: "ECDSA"}, {Name: "ECDSA", NamedCurve: "P-384"}, {Name: "Ed25519"},
		{Name: "RSASSA-PKCS1-v1_5", ModulusLength: 512, Hash: "SHA-256"},
		{Name: "RSASSA-PKCS1-v1_5", ModulusLength: 2048, Hash: "SHA-1"},
	} {
		_, err := GenerateCertificate(a)
		wantError(t, err, domerr.NotSupported, "algorithm "+a.Name)
	}
	_, err := GenerateCertificate(KeygenAlgorithm{Name: "ECDSA", NamedCurve: "P-256", Expires: new(-time.Second)})
	wantError(t, err, domerr.Type, "an expiry in the past")
}

func TestExpiryIsLimited(t *testing.T) {
	c, err := GenerateCertificate(KeygenAlgorithm{Name: "ECDSA", NamedCurve: "P-256", Expires: new(10000 * time.Hour * 24)})
	if err != nil {
		t.Fatal(err)
	}
	if life := time.Until(c.Expires()); life > 365*24*time.Hour {
		t.Errorf("a certificate is valid for a year at most, this one for %v", life)
	}
}

func TestAnEngineSharesItsCertificateUnlessToldOtherwise(t *testing.T) {
	shared, err := NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	own, err := NewEngine(WithOwnCertificates())
	if err != nil {
		t.Fatal(err)
	}
	value := func(e *Engine) string {
		return newPC(t, Configuration{}, WithEngine(e)).certificates[0].GetFingerprints()[0].Value
	}
	if one, two := value(shared), value(shared); one != two {
		t.Error("connections of one engine share its certificate")
	}
	if one, two := value(own), value(own); one == two {
		t.Error("WithOwnCertificates gives each connection its own")
	}
}
