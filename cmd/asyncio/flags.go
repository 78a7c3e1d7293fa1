package main

import (
	"os"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/platform"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/serve"
)

// serveFlags are the flags of serve.
func serveFlags(f *flags) func(*os.File) error {
	o := serve.Defaults()
	f.StringVar(&o.Listen, "listen", o.Listen, "`ADDRESS` to listen on: HOST:PORT, port 0 is one that the system picks; udp:HOST:PORT; or unix:PATH")
	f.choice(&o.Loop, "loop", o.Loop, "kind of event loop; auto is what the event loop policy makes by default", serve.Loops...).hint = serve.MechanismHint
	f.StringVar(&o.Selector, "selector", o.Selector, "`NAME` of what waits for readiness: epoll, poll, select, ...; by default the best of this machine")
	f.BoolVar(&o.Pinned, "pinned", o.Pinned, "each loop keeps to a thread of its own")
	f.choice(&o.API, "api", o.API, "what the echo is written with", serve.APIs...)
	f.number(&o.Count, "loops", o.Count, "`N` event loops on one port, each on a goroutine of its own")
	f.choice(&o.Share, "share", o.Share, "how several loops share the port", serve.Shares...)
	f.span(&o.Grace, "grace", o.Grace, "`TIME` for clients to finish after Ctrl-C, such as 500ms or 10s")
	f.StringVar(&o.TLSCert, "tls-cert", "", "`FILE` with the certificate to speak TLS with, and those that lead to its authority")
	f.StringVar(&o.TLSKey, "tls-key", "", "`FILE` with the private key of --tls-cert")
	f.BoolVar(&o.TLSSelfSigned, "tls-self-signed", false, "speak TLS with a certificate that is made for this run")
	f.BoolVar(&o.Quiet, "quiet", o.Quiet, "no line per second, on a terminal either")
	return func(out *os.File) error { return serve.Run(&o, out) }
}

// platformFlags are the flags of platform.
func platformFlags(f *flags) func(*os.File) error {
	asJSON := f.Bool("json", false, "print JSON; times are in nanoseconds, limits are left out where there are none")
	return func(out *os.File) error { return platform.Run(out, version(), *asJSON) }
}

// versionFlags are the flags of version: none.
func versionFlags(*flags) func(*os.File) error { return printVersion }
