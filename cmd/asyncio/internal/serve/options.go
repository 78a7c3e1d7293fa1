package serve

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
	"github.com/go-asyncio/asyncio/loopgroup"
)

// Options say what is served, and how.
type Options struct {
	Listen   string        // HOST:PORT, udp:HOST:PORT, or unix:PATH
	Loop     string        // one of Loops
	Selector string        // "" is the best one
	Pinned   bool          // each loop keeps to a thread of its own
	API      string        // one of APIs
	Count    int           // of loops
	Share    string        // one of Shares
	Grace    time.Duration // for clients to finish
	Quiet    bool          // no line per second

	// TLS is spoken with the certificate in the file TLSCert, whose key is in TLSKey, or
	// with one that is made for this run.
	TLSCert, TLSKey string
	TLSSelfSigned   bool

	at     endpoint // Listen, taken apart
	secure secure
}

// The kinds of loops.
const (
	loopAuto     = "auto" // that of a program that says nothing
	loopSelector = "selector"
	loopProactor = "proactor"
)

// The ways in which loops share a port.
const (
	shareAuto      = "auto"
	shareReusePort = "reuseport"
	shareHandOver  = "handover"
)

// Loops, APIs and Shares are the words that Options knows.
var (
	Loops  = []string{loopAuto, loopSelector, loopProactor}
	APIs   = slices.Sorted(maps.Keys(apis))
	Shares = []string{shareAuto, shareReusePort, shareHandOver}
)

// maxCount is what is surely a mistake above.
const maxCount = 1024

// Defaults are the options of who says nothing.
func Defaults() Options {
	return Options{Listen: "127.0.0.1:7777", Loop: loopAuto, API: apiDefault, Count: 1, Share: shareAuto, Grace: 5 * time.Second}
}

// chooseLoop finds out which kind auto is, unless a selector is asked for.
func (o *Options) chooseLoop() error {
	if o.Loop != loopAuto {
		return nil
	}
	o.Loop = loopSelector
	if o.Selector != "" {
		return nil
	}
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	b, err := asyncio.LoopBackend(loop)
	if err == nil {
		o.Loop = b.Kind
	}
	return errors.Join(err, loop.Close())
}

// check finds what is wrong with the options before anything is opened, and takes Listen
// apart.
func (o *Options) check() error {
	switch {
	case o.Loop == loopProactor && o.Selector != "":
		return fault.Usage("--selector %s with --loop proactor: a proactor has no selector; leave one of the two out", o.Selector)
	case o.Count < 1 || o.Count > maxCount:
		return fault.Usage("--loops %d: it takes 1 to %d", o.Count, maxCount)
	case o.Grace < 0:
		return fault.Usage("--grace %v is negative; 0s is no time at all", o.Grace)
	}
	at, err := endpointOf(o.Listen)
	if err != nil {
		return err
	}
	if at.network == networkUnix && o.Share == shareReusePort {
		return fault.Usage("--share reuseport with --listen %v: a unix socket has no port; leave --share out", at)
	}
	o.at = at
	if err := o.checkDatagrams(); err != nil {
		return err
	}
	return o.chooseTLS()
}

// checkDatagrams finds what does not go together with datagrams, which udp: asks for as
// well as the API.
func (o *Options) checkDatagrams() error {
	switch {
	case o.at.network != networkUDP && o.API != apiDatagram:
		return nil
	case o.at.network == networkUnix:
		return fault.Usage("--api %s with --listen %v: datagrams are UDP's here; say --listen udp:HOST:PORT", apiDatagram, o.at)
	case o.API != apiDatagram && o.API != apiDefault:
		return fault.Usage("--api %s with --listen %v: UDP has no connections; say --api %s, or leave it out", o.API, o.at, apiDatagram)
	case o.Count > 1 && o.Share == shareHandOver:
		return fault.Usage("--share handover with --listen %v: UDP has no connections to hand over; leave --share out", o.at)
	case o.Count > 1 && !loopgroup.PortIsSpread:
		return fault.Usage("--loops %d with --listen %v: this system does not spread datagrams over several loops; leave --loops out", o.Count, o.at)
	}
	o.API, o.at.network = apiDatagram, networkUDP
	return nil
}
