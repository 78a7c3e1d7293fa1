package asyncio

import (
	"crypto/tls"
)

// TLSCipher is what GetExtraInfo("cipher") returns. (SSLSocket.cipher)
type TLSCipher struct {
	Name    string // of the suite, as IANA has it
	Version string // of TLS: "TLS 1.3"
}

// GetExtraInfo implements Transport.
func (t *tlsTransport) GetExtraInfo(name string) any {
	switch name {
	case "ssl_object", "peercert", "cipher", "compression":
	case "sslcontext":
		return t.setup.config.TLS
	default:
		if t.below == nil || t.released.Load() {
			return nil
		}
		return t.below.Info(name)
	}
	state := t.layer.State()
	switch {
	case !state.HandshakeComplete:
	case name == "ssl_object":
		return state
	case name == "peercert" && len(state.PeerCertificates) > 0:
		return state.PeerCertificates[0]
	case name == "cipher":
		return TLSCipher{tls.CipherSuiteName(state.CipherSuite), tls.VersionName(state.Version)}
	}
	return nil
}
