// Package serve is what every echo server of the comparison has in common: its flag, the line
// that says it is ready, and its end.
package serve

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Address parses the command line: --listen HOST:PORT, the address to listen on.
func Address() string {
	listen := flag.String("listen", "127.0.0.1:7777", "`address` to listen on, port 0 for any")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	return *listen
}

// Listen listens where Address says, unix:PATH included, and says so.
func Listen() (net.Listener, error) {
	address := Address()
	path, isUnix := strings.CutPrefix(address, "unix:")
	if !isUnix {
		l, err := net.Listen("tcp", address)
		if err == nil {
			Ready(l.Addr())
		}
		return l, err
	}
	_ = os.Remove(path) // which the one before it has left
	l, err := net.Listen("unix", path)
	if err == nil {
		fmt.Printf("listening on %s\n", address)
	}
	return l, err
}

// Ready says on standard output where the server listens.
func Ready(address net.Addr) { fmt.Printf("listening on %s\n", address) }

// EndOnSignal ends the process with status 0 on SIGTERM or SIGINT. It starts a goroutine that
// waits for them.
func EndOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		os.Exit(0)
	}()
}

// Check ends the process with status 1 and the error, if there is one.
func Check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// FreePort turns port 0 into one that is free now, for a server that cannot say which port it
// got.
func FreePort(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
