package load

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-asyncio/asyncio/bench/internal/hist"
	"github.com/go-asyncio/asyncio/bench/internal/pattern"
	"github.com/go-asyncio/asyncio/bench/internal/proc"
)

// conn is one connection. Its stream is the pattern's; queued is how much of it has been handed
// over, sent how much the kernel took, received how much came back.
type conn struct {
	fd                     int
	queued, sent, received uint64
	messages               uint64 // that came back whole
	writing                bool   // waits to become writable
	closing                bool   // its end was sent, the server's is awaited
	connecting             bool   // it is being made
}

type phase int

const (
	warming phase = iota
	measuring
	draining
	ending
)

type generator struct {
	Config
	epoll   int
	conns   []conn
	stamps  []int64 // when each message under way was queued, Pipeline per connection
	buffer  []byte
	pattern *pattern.Pattern
	events  [256]unix.EpollEvent
	origin  time.Time

	phase     phase
	open      int   // connections that have not ended
	underWay  int   // messages
	count     int64 // messages in the window; signed so that comparing is one instruction
	latencies hist.Histogram
	datagrams bool   // each message is one, and there is no end of a connection
	idle      []int  // descriptors of the connections on which nothing is said
	over      uint64 // bytes that were checked on connections that have ended
	made      uint64 // connections that were made anew
	server    unix.SockaddrInet4

	phaseStart, phaseEnd   int64
	progress               int64 // when something last came back
	loadBefore, loadAfter  proc.Usage
	serverBefore, srvAfter proc.Usage
	elapsed                int64
}

// Run opens the connections, warms up, measures, waits until everything that was sent has come
// back, and ends every connection in good order. Any byte that is wrong, missing or too many is
// an error (*CorruptionError for a wrong one). The calling goroutine is locked to its thread meanwhile.
func Run(config Config) (*Result, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(config.Address, tlsPrefix):
		return runTLS(config)
	case config.Idle > 0 && config.Size > pattern.MaxChunk:
		return nil, fmt.Errorf("with idle connections a message has at most %d bytes", pattern.MaxChunk)
	}
	if config.Stall == 0 {
		config.Stall = 10 * time.Second
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	g := &generator{
		Config:  config,
		conns:   make([]conn, 0, config.Conns),
		stamps:  make([]int64, config.Conns*config.Pipeline),
		buffer:  make([]byte, pattern.MaxChunk),
		pattern: pattern.New(),
		origin:  time.Now(),
	}
	defer g.close()
	if err := g.connect(); err != nil {
		return nil, err
	}
	if err := g.drive(); err != nil {
		return nil, err
	}
	return g.result(), nil
}

func (g *generator) now() int64 { return int64(time.Since(g.origin)) }

func (g *generator) close() {
	for i := range g.conns {
		if g.conns[i].fd >= 0 {
			_ = unix.Close(g.conns[i].fd)
		}
	}
	for _, fd := range g.idle {
		_ = unix.Close(fd)
	}
	if g.epoll > 0 {
		_ = unix.Close(g.epoll)
	}
}

func (g *generator) connect() error {
	family, typ, address, err := parse(g.Address)
	if err != nil {
		return fmt.Errorf("address of the server: %w", err)
	}
	if g.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	g.datagrams = typ == unix.SOCK_DGRAM
	if g.datagrams && (g.Broadcast || g.Idle > 0) {
		return errors.New("datagrams have no connections that could be idle, or all be sent to")
	}
	if g.Reconnect {
		return g.slots(typ, address)
	}
	for i := range g.Idle {
		fd, err := dial(family, typ, address, func(fd int) error { return g.exchange(fd, i) })
		if err != nil {
			return fmt.Errorf("idle connection %d of %d to %s: %w", i+1, g.Idle, g.Address, err)
		}
		g.idle = append(g.idle, fd)
	}
	for i := range g.Conns {
		fd, err := dial(family, typ, address, g.welcome)
		if err != nil {
			return fmt.Errorf("connection %d of %d to %s: %w", i+1, g.Conns, g.Address, err)
		}
		g.conns = append(g.conns, conn{fd: fd})
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(i)}
		if err := unix.EpollCtl(g.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
	g.open = g.Conns
	return nil
}

// parse reads an address: an IP and a port, udp: before them, or unix:PATH.
func parse(text string) (family, typ int, to unix.Sockaddr, err error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		return unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: path}, nil
	}
	typ = unix.SOCK_STREAM
	text, ok := strings.CutPrefix(text, "udp:")
	if ok {
		typ = unix.SOCK_DGRAM
	}
	address, err := netip.ParseAddrPort(text)
	if err != nil {
		return 0, 0, nil, err
	}
	if ip := address.Addr(); ip.Is6() && !ip.Is4In6() {
		return unix.AF_INET6, typ, &unix.SockaddrInet6{Port: int(address.Port()), Addr: ip.As16()}, nil
	}
	return unix.AF_INET, typ, &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().Unmap().As4()}, nil
}

// dial connects a blocking socket, so that a full backlog is waited for, has it say what comes
// first, and returns it non-blocking and without Nagle's delay.
func dial(family, typ int, to unix.Sockaddr, first func(fd int) error) (int, error) {
	fd, err := unix.Socket(family, typ|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	fail := func(call string, err error) (int, error) {
		_ = unix.Close(fd)
		return -1, os.NewSyscallError(call, err)
	}
	// The send timeout is also the one of connect(2).
	for _, option := range []int{unix.SO_SNDTIMEO, unix.SO_RCVTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, option, &unix.Timeval{Sec: 5}); err != nil {
			return fail("setsockopt", err)
		}
	}
	for {
		err = unix.Connect(fd, to)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil && !errors.Is(err, unix.EISCONN) {
		return fail("connect", err)
	}
	if family != unix.AF_UNIX && typ == unix.SOCK_STREAM {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return fail("setsockopt", err)
		}
	}
	if err := first(fd); err != nil {
		return fail("the first bytes", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return fail("fcntl", err)
	}
	return fd, nil
}

// drive sends the first messages and then answers what comes back, phase by phase, until every
// connection has ended.
func (g *generator) drive() error {
	now := g.now()
	g.progress, g.phaseEnd = now, now+int64(g.Warmup)
	if g.Warmup == 0 {
		if err := g.measure(now); err != nil {
			return err
		}
	}
	if err := g.queueAll(); err != nil {
		return err
	}
	for g.open > 0 {
		n, err := g.wait()
		if err != nil {
			return err
		}
		for i := range g.events[:n] {
			if err := g.ready(&g.events[i]); err != nil {
				return err
			}
		}
		now := g.now()
		if now-g.progress > int64(g.Stall) {
			return fmt.Errorf("nothing came back for %v: %d messages under way, %d connections open", g.Stall, g.underWay, g.open)
		}
		if err := g.turn(now); err != nil {
			return err
		}
	}
	return nil
}

// turn goes on to the next phase when its time has come.
func (g *generator) turn(now int64) error {
	switch g.phase {
	case warming:
		if now >= g.phaseEnd {
			return g.measure(now)
		}
	case measuring:
		if g.Messages > 0 && g.count >= int64(g.Messages) || g.Messages == 0 && now >= g.phaseEnd {
			return g.drain(now)
		}
	case draining:
		if g.underWay == 0 {
			return g.end()
		}
	}
	return nil
}

func (g *generator) usage(load, server *proc.Usage) (err error) {
	if g.PID > 0 {
		if *server, err = proc.CPU(g.PID); err != nil {
			return err
		}
	}
	*load, err = proc.CPU(os.Getpid())
	return err
}

func (g *generator) measure(int64) error {
	g.phase = measuring
	if err := g.usage(&g.loadBefore, &g.serverBefore); err != nil {
		return err
	}
	g.latencies.Reset()
	g.count = 0
	g.phaseStart = g.now()
	g.phaseEnd = g.phaseStart + int64(g.Duration)
	return nil
}

func (g *generator) drain(now int64) error {
	g.phase = draining
	g.elapsed = now - g.phaseStart
	if err := g.usage(&g.loadAfter, &g.srvAfter); err != nil {
		return err
	}
	return g.turn(now)
}

// end half-closes every connection: the server answers with its own end, and with no byte more.
// Datagrams have no such end, and connections that are made anew have had it.
func (g *generator) end() error {
	g.phase = ending
	if g.datagrams || g.Reconnect {
		g.open = 0
		return nil
	}
	for i := range g.conns {
		g.conns[i].closing = true
		if err := unix.Shutdown(g.conns[i].fd, unix.SHUT_WR); err != nil {
			return fmt.Errorf("connection %d: %w", i, os.NewSyscallError("shutdown", err))
		}
	}
	return nil
}

func cpu(before, after proc.Usage, elapsed int64, messages uint64) CPU {
	used := int64(after.Total - before.Total)
	c := CPU{Nanoseconds: used, PerMessage: float64(used) / float64(max(messages, 1)), Busy: float64(used) / float64(max(elapsed, 1))}
	user, system := after.User-before.User, after.System-before.System
	if user+system > 0 {
		c.SystemShare = float64(system) / float64(user+system)
	}
	return c
}

func (g *generator) result() *Result {
	messages := g.latencies.Count()
	r := &Result{
		Conns: g.Conns, Size: g.Size, Pipeline: g.Pipeline,
		Elapsed: time.Duration(g.elapsed), Messages: messages, Bytes: messages * uint64(g.Size),
		PerSecond: float64(messages) / time.Duration(max(g.elapsed, 1)).Seconds(),
		Latency:   quantiles(&g.latencies),
		Load:      cpu(g.loadBefore, g.loadAfter, g.elapsed, messages),
	}
	r.Verified = g.over
	for i := range g.conns {
		r.Verified += g.conns[i].received
	}
	if g.PID > 0 {
		c := cpu(g.serverBefore, g.srvAfter, g.elapsed, messages)
		r.Server = &c
	}
	return r
}
