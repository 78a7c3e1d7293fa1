package platform

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/subprocess"
)

// examineFeatures tries what the system can do, and what the loops can: those that
// a loop has no method for yet are not in this version.
func examineFeatures() []featureReport {
	loop := reflect.TypeFor[*asyncio.SelectorEventLoop]()
	_, tls := loop.MethodByName("StartTLS")
	return []featureReport{
		tried("TCP over IPv4", onLoop("tcp4", "127.0.0.1:0"), onSystem("tcp4", "127.0.0.1:0")),
		tried("TCP over IPv6", onLoop("tcp6", "[::1]:0"), onSystem("tcp6", "[::1]:0")),
		tried("several servers on a port", tryReusePort(), systemReusePort()),
		tried("UDP", onLoopUDP(), systemUDP()),
		tried("unix sockets", unixSockets(onLoop), unixSockets(onSystem)),
		tried("pipes", onLoopPipes(), systemPipes()),
		tried("subprocesses", onLoopSubprocesses(), systemSubprocesses()),
		tried("raw sockets", onLoopSockets(), onSystem("tcp4", "127.0.0.1:0")),
		tried("signals", onLoopSignals(), systemSignals()),
		byMethod("TLS", tls, nil),
	}
}

func tried(name string, loops, system error) featureReport {
	return featureReport{name, verdictOf(loops), verdictOf(system)}
}

// byMethod reports what can be tried on the system alone: if the loops have the
// method they can do what the system can.
func byMethod(name string, has bool, system error) featureReport {
	loops := verdictOf(system)
	if !has {
		loops = verdict{Error: notInThisVersion}
	}
	return featureReport{name, loops, verdictOf(system)}
}

// onLoop has an echo go there and back at an address, on the default loop.
func onLoop(network, address string) error {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, func(ctx context.Context, loop asyncio.EventLoop) error { return echoAt(ctx, loop, network, address) })
}

// onLoopUDP has a datagram go there and back on the default loop.
func onLoopUDP() error {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, tryUDP)
}

func onSystem(network, address string) error {
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	return l.Close()
}

// tryReusePort has two servers listen on one port.
func tryReusePort() error {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, func(ctx context.Context, loop asyncio.EventLoop) error {
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
	})
}

func systemUDP() error {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return c.Close()
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

// onLoopPipes has bytes go through a pipe on the default loop, and its end be seen.
func onLoopPipes() error {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, tryPipes)
}

func systemPipes() error {
	r, w, err := openPipe()
	if err != nil {
		return err
	}
	return errors.Join(r.Close(), w.Close())
}

// onLoopSubprocesses runs this program on the default loop, and reads what it says.
func onLoopSubprocesses() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		return err
	}
	return runTrial(loop, func(ctx context.Context, loop asyncio.EventLoop) error {
		p, err := subprocess.Exec(ctx, &subprocess.Options{Stdin: subprocess.DevNull, Stdout: subprocess.Pipe, Loop: loop}, self, "version")
		if err != nil {
			return err
		}
		said, _, err := p.Communicate(ctx, nil)
		if err != nil {
			return err
		}
		if code, _ := p.Returncode(); code != 0 || len(said) == 0 {
			return fmt.Errorf("the child ended with %d and said %d bytes", code, len(said))
		}
		return nil
	})
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
