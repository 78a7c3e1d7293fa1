package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
)

const serveDetails = `
Echoes back whatever its clients send. Prints one line "listening on HOST:PORT" when it
is ready; then, on a terminal, a line once per second:

  clients  how many are connected
  msg/s    how often something was received, in one piece or several
  busy     the share of time in which the loop did not sleep; with several loops the
           average, and the busiest
  lag      the longest that a callback posted to the loop waited for its turn

Ctrl-C drains: it accepts no more clients, and those that there are have the time of
--grace to finish. Then it prints a summary and ends with status 0. A second Ctrl-C
ends it at once.

--share says how several loops share the port. With reuseport each listens, and the
system spreads the clients; with handover connections are accepted in one place and
handed to the loops by turns. auto is reuseport where the system spreads.`

// serveOptions are the flags of serve.
type serveOptions struct {
	listen   string
	loop     string
	selector string
	pinned   bool
	api      string
	loops    int
	share    string
	grace    time.Duration
	quiet    bool
}

// maxLoops is what is surely a mistake above.
const maxLoops = 1024

func prepareServe(f *flags) func(*os.File) error {
	var o serveOptions
	f.StringVar(&o.listen, "listen", "127.0.0.1:7777", "`HOST:PORT` to listen on; port 0 is one that the system picks")
	f.choice(&o.loop, "loop", loopAuto, "kind of event loop; auto is what the event loop policy makes by default", loopAuto, "selector", "proactor").hint = mechanismHint
	f.StringVar(&o.selector, "selector", "", "`NAME` of what waits for readiness: epoll, poll, select, ...; by default the best of this machine")
	f.BoolVar(&o.pinned, "pinned", false, "each loop keeps to a thread of its own")
	f.choice(&o.api, "api", "protocol", "what the echo is written with", "protocol", "streams")
	f.number(&o.loops, "loops", 1, "`N` event loops on one port, each on a goroutine of its own")
	f.choice(&o.share, "share", shareAuto, "how several loops share the port", shareAuto, shareReusePort, shareHandOver)
	f.span(&o.grace, "grace", 5*time.Second, "`TIME` for clients to finish after Ctrl-C, such as 500ms or 10s")
	f.BoolVar(&o.quiet, "quiet", false, "no line per second, on a terminal either")
	return func(out *os.File) error {
		if err := o.chooseLoop(); err != nil {
			return err
		}
		if err := o.check(); err != nil {
			return err
		}
		return serve(&o, out)
	}
}

// loopAuto is the loop that a program gets that says nothing.
const loopAuto = "auto"

// chooseLoop finds out which kind that is, unless a selector is asked for.
func (o *serveOptions) chooseLoop() error {
	if o.loop != loopAuto {
		return nil
	}
	o.loop = "selector"
	if o.selector != "" {
		return nil
	}
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	b, err := asyncio.LoopBackend(loop)
	if err == nil {
		o.loop = b.Kind
	}
	return errors.Join(err, loop.Close())
}

// check finds what is wrong with the flags before anything is opened.
func (o *serveOptions) check() error {
	switch {
	case o.loop == "proactor" && o.selector != "":
		return usage("--selector %s with --loop proactor: a proactor has no selector; leave one of the two out", o.selector)
	case o.loops < 1 || o.loops > maxLoops:
		return usage("--loops %d: it takes 1 to %d", o.loops, maxLoops)
	case o.grace < 0:
		return usage("--grace %v is negative; 0s is no time at all", o.grace)
	}
	if _, port, err := net.SplitHostPort(o.listen); err != nil {
		return usage("--listen %s is not HOST:PORT: %s%s", unquoted(strconv.Quote(o.listen)), reason(err), completed(o.listen))
	} else if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return usage("--listen %s: %q is no port; it takes 0 to 65535, or a service's name", o.listen, port)
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

// serve runs the server until a signal ends it.
func serve(o *serveOptions, out *os.File) (err error) {
	live := !o.quiet && isTerminal(out)
	workers, err := startWorkers(o, live)
	if err != nil {
		return err
	}
	defer func() {
		// What fails in closing after a failure is the same once more.
		if closeErr := closeWorkers(workers); err == nil {
			err = closeErr
		}
	}()
	in, err := open(context.Background(), o, workers)
	if err != nil {
		if failed := endRuns(workers); failed != nil {
			return failed // and nobody could listen
		}
		return fmt.Errorf("cannot listen on %s: %s%s", o.listen, reason(err), remedy(err))
	}
	defer in.stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, stopSignals...)
	defer signal.Stop(signals)
	began := time.Now()
	if _, err := fmt.Fprintf(out, "listening on %s\n", readyAddress(o.listen, in.addrs())); err != nil {
		return err
	}
	show := startMonitor(out, workers, live)
	defer show.stop()

	select {
	case <-signals:
	case err := <-anyFailed(workers):
		return err
	}
	// From here on the system's default holds: another Ctrl-C ends the program
	// even if all of it hangs.
	signal.Stop(signals)
	if len(signals) > 0 {
		return &statusError{status: 128 + int(syscall.SIGINT)}
	}
	show.say(fmt.Sprintf("stopping: %v for clients to finish, Ctrl-C ends at once", o.grace))
	cut := drain(in, workers, o.grace)
	show.stop()
	if err := stopWorkers(workers); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, summary(workers, time.Since(began), cut))
	return err
}

// drain stops accepting and waits until the last client has gone; those that are
// there after the grace time are cut off, and counted.
func drain(in intake, workers []*worker, grace time.Duration) (cut int) {
	in.stop()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if in.wait(ctx) == nil {
		return 0
	}
	// One that is just being set up is found only the next time.
	for range abortTries {
		for _, w := range workers {
			cut += w.abortClients()
		}
		ctx, cancel := context.WithTimeout(context.Background(), abortPause)
		err := in.wait(ctx)
		cancel()
		if err == nil {
			break
		}
	}
	return cut // closing the loops ends what is left
}

const (
	abortTries = 20
	abortPause = 50 * time.Millisecond
)

func summary(workers []*worker, took time.Duration, cut int) string {
	var c counters
	for _, w := range workers {
		c.add(w.counters)
	}
	text := fmt.Sprintf("served %s, %s, %s in %.1f s", count(c.accepted, "client"), count(c.messages, "message"),
		count(c.bytes, "byte"), took.Seconds())
	if cut > 0 {
		text += fmt.Sprintf(", %s cut off", count(uint64(cut), "client"))
	}
	return text
}

func count(n uint64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// readyAddress is the one address to print: what was asked for, with the port that
// it became. A name may have several addresses; it stands for all of them.
func readyAddress(asked string, addrs []net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	if err != nil || host == "" || len(addrs) == 1 {
		return addrs[0].String()
	}
	_, port, err := net.SplitHostPort(addrs[0].String())
	if err != nil {
		return addrs[0].String()
	}
	return net.JoinHostPort(host, port)
}

// remedy is what can be done if the address could not be had.
func remedy(err error) string {
	switch {
	case errors.Is(err, errAddressInUse):
		return "; choose another port with --listen, or 0 for one that the system picks"
	case errors.Is(err, fs.ErrPermission):
		return "; ports below 1024 may need privileges: choose another one with --listen"
	}
	return ""
}

// reason is what the system said, if it said something, without what was done.
func reason(err error) string {
	var (
		errno   syscall.Errno
		dns     *net.DNSError
		address *net.AddrError
	)
	switch {
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &dns):
		return fmt.Sprintf("%s: %s", dns.Name, dns.Err)
	case errors.As(err, &address):
		return address.Err
	}
	return err.Error()
}
