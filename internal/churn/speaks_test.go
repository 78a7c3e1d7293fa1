package churn_test

import (
	"crypto/tls"
	"math/rand/v2"
	"sync"

	"github.com/go-asyncio/asyncio/internal/testkit/certs"
)

// speaks is whether and how a connection speaks TLS.
type speaks struct {
	version uint16 // 0: not
	over    bool   // it begins in clear, and goes over
	clear   int    // how many bytes the client sends before that
	strict  bool   // an end without close_notify is an error
	resumes bool   // the client may resume an earlier session
}

// tls reports whether all of the connection is TLS.
func (s speaks) tls() bool { return s.version != 0 && !s.over }

// halfCloses reports whether one direction can end alone.
func (s speaks) halfCloses() bool { return s.version != tls.VersionTLS12 }

// ofTLS: so many connections of a hundred speak TLS.
const ofTLS = 25

// choose has some connections speak TLS, after up to so many bytes in clear.
func (s *speaks) choose(r *rand.Rand, up int) {
	if r.IntN(100) >= ofTLS {
		return
	}
	*s = speaks{version: tls.VersionTLS12 + uint16(r.IntN(2)), over: r.IntN(2) == 0, strict: r.IntN(2) == 0, resumes: r.IntN(2) == 0}
	if s.over && up > 0 {
		s.clear = r.IntN(up)
	}
}

// configurations are those of a run, one for all who speak alike. They remember keys and
// sessions.
type configurations struct {
	authority *certs.Authority
	made      sync.Map
}

// configs are those of the run that is under way.
var configs = &configurations{authority: certs.Default()}

// config is how a side speaks.
func (s speaks) config(server bool) *tls.Config { return configs.of(s, server) }

// serverConfig is that of all servers.
func serverConfig() *tls.Config { return speaks{}.config(true) }

// of is how a side speaks.
func (all *configurations) of(s speaks, server bool) *tls.Config {
	type key struct {
		server, resumes bool
		version         uint16
	}
	k := key{server: server}
	if !server {
		k.resumes, k.version = s.resumes, s.version
	}
	if known, ok := all.made.Load(k); ok {
		return known.(*tls.Config)
	}
	c := all.authority.Server()
	if !server {
		c = all.authority.Client()
		c.ServerName = "localhost"
		if s.resumes {
			c.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		}
		c.MinVersion, c.MaxVersion = s.version, s.version
	}
	made, _ := all.made.LoadOrStore(k, c)
	return made.(*tls.Config)
}
