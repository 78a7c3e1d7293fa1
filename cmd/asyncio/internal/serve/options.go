package serve

import (
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
)

// Options say what is served, and how.
type Options struct {
	Listen   string        // HOST:PORT
	Loop     string        // one of Loops
	Selector string        // "" is the best one
	Pinned   bool          // each loop keeps to a thread of its own
	API      string        // one of APIs
	Count    int           // of loops
	Share    string        // one of Shares
	Grace    time.Duration // for clients to finish
	Quiet    bool          // no line per second
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
	return Options{Listen: "127.0.0.1:7777", Loop: loopAuto, API: "protocol", Count: 1, Share: shareAuto, Grace: 5 * time.Second}
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

// check finds what is wrong with the options before anything is opened.
func (o *Options) check() error {
	switch {
	case o.Loop == loopProactor && o.Selector != "":
		return fault.Usage("--selector %s with --loop proactor: a proactor has no selector; leave one of the two out", o.Selector)
	case o.Count < 1 || o.Count > maxCount:
		return fault.Usage("--loops %d: it takes 1 to %d", o.Count, maxCount)
	case o.Grace < 0:
		return fault.Usage("--grace %v is negative; 0s is no time at all", o.Grace)
	}
	if _, port, err := net.SplitHostPort(o.Listen); err != nil {
		return fault.Usage("--listen %s is not HOST:PORT: %s%s", fault.Typed(strconv.Quote(o.Listen)), reason(err), completed(o.Listen))
	} else if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return fault.Usage("--listen %s: %q is no port; it takes 0 to 65535, or a service's name", o.Listen, port)
	}
	return nil
}

// completed is what may have been meant by an address without a host or a port.
func completed(address string) string {
	switch _, err := strconv.ParseUint(address, 10, 16); {
	case err == nil:
		return "; say 127.0.0.1:" + address + ", or :" + address + " for every interface"
	case address != "" && !strings.ContainsAny(address, ":[]"):
		return "; say " + address + ":7777"
	}
	return ""
}
