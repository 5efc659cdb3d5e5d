package webrtc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"trackway/internal/domerr"
)

// Certificate is RTCCertificate (webrtc-pc 4.9.2): a key with a self-signed
// X.509 certificate.
type Certificate struct {
	expires      time.Time
	fingerprints []DTLSFingerprint
	tls          tls.Certificate
}

// DTLSFingerprint is RTCDtlsFingerprint.
type DTLSFingerprint struct {
	// Algorithm is a hash function's name, "sha-256".
	Algorithm string `json:"algorithm"`
	// Value is lower-case hexadecimal bytes separated by colons.
	Value string `json:"value"`
}

// KeygenAlgorithm is the AlgorithmIdentifier of generateCertificate.
type KeygenAlgorithm struct {
	// Name is "ECDSA" or "RSASSA-PKCS1-v1_5".
	Name string
	// NamedCurve is "P-256", for ECDSA.
	NamedCurve string
	// ModulusLength is 1024 to 8192 bits, for RSA, and Hash "SHA-256". The
	// public exponent is 65537.
	ModulusLength int
	Hash          string
	// Expires is how long the certificate is valid, 30 days when it is nil and
	// 365 days at most.
	Expires *time.Duration
}

// ECDSAP256 is the algorithm that connections use when they are given no
// certificate.
var ECDSAP256 = KeygenAlgorithm{Name: "ECDSA", NamedCurve: "P-256"}

const (
	defaultCertificateLife = 30 * 24 * time.Hour
	maxCertificateLife     = 365 * 24 * time.Hour
)

// GenerateCertificate is RTCPeerConnection.generateCertificate. NotSupportedError
// for an algorithm or size that is not supported, TypeError for an expiry that is
// negative.
func GenerateCertificate(algorithm KeygenAlgorithm) (*Certificate, error) {
	return generateCertificate(algorithm, rand.Reader, time.Now())
}

func generateCertificate(algorithm KeygenAlgorithm, random io.Reader, now time.Time) (*Certificate, error) {
	key, err := generateKey(algorithm, random)
	if err != nil {
		return nil, err
	}
	life := defaultCertificateLife
	if algorithm.Expires != nil {
		// "the user agent MAY limit the period for which an RTCCertificate is
		// valid"
		life = min(*algorithm.Expires, maxCertificateLife)
	}
	if life < 0 {
		return nil, domerr.New(domerr.Type, "a certificate cannot expire %v ago", -life)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, domerr.Wrap(err, domerr.Operation, "generating a certificate")
	}
	// Neither subject nor serial number tell anything about the machine.
	serial[0] &= 0x7f
	name := pkix.Name{CommonName: "WebRTC"}
	template := x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: name, Issuer: name,
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(random, &template, &template, key.Public(), key)
	if err != nil {
		return nil, domerr.Wrap(err, domerr.Operation, "generating a certificate")
	}
	return newCertificate(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, now.Add(life)), nil
}

func generateKey(a KeygenAlgorithm, random io.Reader) (crypto.Signer, error) {
	switch {
	case a.Name == "ECDSA" && a.NamedCurve == "P-256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), random)
		if err != nil {
			return nil, domerr.Wrap(err, domerr.Operation, "generating an ECDSA key")
		}
		return key, nil
	case a.Name == "RSASSA-PKCS1-v1_5" && a.Hash == "SHA-256" && a.ModulusLength >= 1024 && a.ModulusLength <= 8192:
		key, err := rsa.GenerateKey(random, a.ModulusLength)
		if err != nil {
			return nil, domerr.Wrap(err, domerr.Operation, "generating an RSA key of %d bits", a.ModulusLength)
		}
		return key, nil
	}
	return nil, domerr.New(domerr.NotSupported,
		"certificates of algorithm %q (curve %q, hash %q, %d bits) are not supported: use ECDSA with P-256, "+
			"or RSASSA-PKCS1-v1_5 with SHA-256 and 1024 to 8192 bits", a.Name, a.NamedCurve, a.Hash, a.ModulusLength)
}

// NewCertificate makes a Certificate of a key pair that exists already, for
// programs whose identity is to outlive them. The leaf must be an ECDSA P-256 or
// RSA certificate; TypeError otherwise.
func NewCertificate(pair tls.Certificate) (*Certificate, error) {
	if len(pair.Certificate) == 0 || pair.PrivateKey == nil {
		return nil, domerr.New(domerr.Type, "a certificate needs its DER bytes and its private key")
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, domerr.Wrap(err, domerr.Type, "not a certificate")
	}
	switch leaf.PublicKeyAlgorithm {
	case x509.ECDSA, x509.RSA:
	default:
		return nil, domerr.New(domerr.Type, "a certificate of algorithm %v cannot be used", leaf.PublicKeyAlgorithm)
	}
	return newCertificate(pair, leaf.NotAfter), nil
}

func newCertificate(pair tls.Certificate, expires time.Time) *Certificate {
	sum := sha256.Sum256(pair.Certificate[0])
	var b strings.Builder
	for i, x := range sum {
		if i > 0 {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%02x", x)
	}
	return &Certificate{
		expires:      expires.Truncate(time.Millisecond),
		fingerprints: []DTLSFingerprint{{Algorithm: "sha-256", Value: b.String()}},
		tls:          pair,
	}
}

// Expires is the expires attribute: a connection refuses the certificate
// afterwards.
func (c *Certificate) Expires() time.Time { return c.expires }

// GetFingerprints is getFingerprints.
func (c *Certificate) GetFingerprints() []DTLSFingerprint {
	return append([]DTLSFingerprint(nil), c.fingerprints...)
}

// TLS is the key pair.
func (c *Certificate) TLS() tls.Certificate { return c.tls }
