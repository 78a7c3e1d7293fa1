package platform

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/go-asyncio/asyncio"
)

// examineFeatures tries what the system can do, and what the default loop can.
func examineFeatures() []featureReport {
	return []featureReport{
		tried("TCP over IPv4", onLoop("tcp4", "127.0.0.1:0"), onSystem("tcp4", "127.0.0.1:0")),
		tried("TCP over IPv6", onLoop("tcp6", "[::1]:0"), onSystem("tcp6", "[::1]:0")),
		tried("several servers on a port", onDefaultLoop(tryReusePort), systemReusePort()),
		tried("UDP", onDefaultLoop(tryUDP), systemUDP()),
		tried("unix sockets", unixSockets(onLoop), unixSockets(onSystem)),
		tried("pipes", onDefaultLoop(tryPipes), systemPipes()),
		tried("subprocesses", onDefaultLoop(trySubprocess), systemSubprocesses()),
		tried("signals", onDefaultLoop(trySignal), systemSignals()),
		tried("raw sockets", onDefaultLoop(trySock), onSystem("tcp4", "127.0.0.1:0")),
		tried("sendfile", onDefaultLoop(trySendfile), onSystem("tcp4", "127.0.0.1:0")),
		tried("TLS", onDefaultLoop(tryTLS), systemTLS()),
	}
}

func tried(name string, loops, system error) featureReport {
	return featureReport{name, verdictOf(loops), verdictOf(system)}
}

// onDefaultLoop runs a trial on what NewEventLoop makes.
func onDefaultLoop(trial func(context.Context, asyncio.EventLoop) error) error {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, trial)
}

// onLoop has an echo go there and back at an address.
func onLoop(network, address string) error {
	return onDefaultLoop(func(ctx context.Context, loop asyncio.EventLoop) error { return echoAt(ctx, loop, network, address) })
}

func onSystem(network, address string) error {
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	return l.Close()
}

// tryReusePort has two servers listen on one port.
func tryReusePort(ctx context.Context, loop asyncio.EventLoop) error {
	factory := func() asyncio.Protocol { return &reflector{} }
	opts := &asyncio.ServerOptions{ReusePort: true}
	one, err := loop.CreateServer(ctx, factory, "tcp", "127.0.0.1:0", opts)
	if err != nil {
		return err
	}
	defer one.Close()
	two, err := loop.CreateServer(ctx, factory, "tcp", one.Addrs()[0].String(), opts)
	if err != nil {
		return err
	}
	two.Close()
	return nil
}

// systemUDP makes a socket: package net asks for more, which Wine has not.
func systemUDP() error {
	s, err := asyncio.NewSocket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return s.Close()
}

// unixSockets tries a path.
func unixSockets(try func(network, address string) error) error {
	dir, err := os.MkdirTemp("", "asyncio")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return try("unix", filepath.Join(dir, "s"))
}

func systemPipes() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	return errors.Join(r.Close(), w.Close())
}

// systemSubprocesses runs this program.
func systemSubprocesses() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), trialTime)
	defer cancel()
	return exec.CommandContext(ctx, self, "version").Run()
}
