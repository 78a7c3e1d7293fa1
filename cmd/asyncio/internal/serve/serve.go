// Package serve is the command serve: an echo server on event loops.
package serve

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/fault"
)

// Details are what help says of it.
const Details = `
Echoes back whatever its clients send. --listen unix:PATH listens on a unix socket, whose
file it removes in the end; --listen udp:HOST:PORT, or --api datagram, echoes datagrams, which
have no clients that could be counted. Prints one line "listening on HOST:PORT", as what
--listen says, when it is ready; then, on a terminal, a line once per second:

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
handed to the loop that has the fewest. auto is reuseport where the system spreads, and handover
for unix sockets. Datagrams are spread by the system, or there is one loop.

--tls-cert and --tls-key, files in PEM, have it speak TLS. So has --tls-self-signed, with a
certificate that it makes for this run: its fingerprint is the second line. Before TLS 1.3 the
end that a client says ends both directions at once.`

// Run serves until a signal ends it, and prints to out.
func Run(o *Options, out *os.File) error {
	if err := o.chooseLoop(); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	return serve(o, out)
}

// serve runs the server until a signal ends it.
func serve(o *Options, out *os.File) (err error) {
	live := !o.Quiet && isTerminal(out)
	c, err := startCrew(o, live)
	if err != nil {
		return err
	}
	workers := c.workers
	defer func() {
		// What fails in closing after a failure is the same once more.
		if closeErr := c.close(); err == nil {
			err = closeErr
		}
	}()
	in, err := open(context.Background(), o, c)
	if err != nil {
		if failed := c.close(); failed != nil {
			return failed // and nobody could listen
		}
		return fmt.Errorf("cannot listen on %v: %s%s", o.at, reason(err), o.at.remedy(err))
	}
	defer in.stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, stopSignals...)
	defer signal.Stop(signals)
	began := time.Now()
	if _, err := fmt.Fprint(out, o.ready(in)); err != nil {
		return err
	}
	show := startMonitor(out, workers, live)
	defer show.stop()

	select {
	case <-signals:
	case <-c.group.Done():
		return c.failure()
	}
	// From here on the system's default holds: another Ctrl-C ends the program
	// even if all of it hangs.
	signal.Stop(signals)
	if len(signals) > 0 {
		return &fault.Error{Status: 128 + int(syscall.SIGINT)}
	}
	show.say(fmt.Sprintf("stopping: %v for clients to finish, Ctrl-C ends at once", o.Grace))
	cut := drain(in, workers, o.Grace)
	show.stop()
	if err := c.stop(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, summary(workers, time.Since(began), cut))
	return err
}

// ready is what is said when clients may come.
func (o *Options) ready(in intake) string {
	text := fmt.Sprintf("listening on %s\n", o.at.ready(in.addrs()))
	if o.secure.fingerprint != "" {
		text += fmt.Sprintf("certificate SHA-256 %s\n", o.secure.fingerprint)
	}
	return text
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

// Clients are aborted this often, with a pause behind each time.
const (
	abortTries = 20
	abortPause = 50 * time.Millisecond
)
