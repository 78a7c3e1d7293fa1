package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/hist"
	"github.com/go-asyncio/asyncio/bench/internal/pattern"
	"github.com/go-asyncio/asyncio/bench/internal/proc"
)

// encrypted drives a server over TLS, by crypto/tls and a goroutine for each connection: what
// it costs the load is of no matter, for what counts is the CPU time of the server.
type encrypted struct {
	Config
	address   string
	client    *tls.Config
	pattern   *pattern.Pattern
	measuring atomic.Bool
	over      atomic.Bool
	counted   atomic.Uint64
	verified  atomic.Uint64

	mu        sync.Mutex
	latencies hist.Histogram
	failed    error
}

// runTLS is Run for an address of TLS.
func runTLS(config Config) (*Result, error) {
	if config.Messages > 0 || config.Together || config.Busy || config.Idle > 0 || config.Broadcast {
		return nil, errors.New("over TLS a load is measured by time alone: leave --messages, --together, --busy, --idle and --broadcast out")
	}
	e := &encrypted{
		Config: config, pattern: pattern.New(),
		address: strings.TrimPrefix(config.Address, tlsPrefix),
		client:  &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13},
	}
	conns, err := e.open()
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	for i := range e.Conns {
		all.Go(func() {
			work := e.exchange
			if e.Reconnect {
				work = e.reconnect
			}
			if err := work(i, conns); err != nil && !e.over.Load() {
				e.fail(fmt.Errorf("connection %d: %w", i, err))
			}
		})
	}
	result, err := e.window()
	e.over.Store(true)
	if e.Reconnect {
		all.Wait()
	} else {
		for _, c := range conns {
			_ = c.NetConn().SetDeadline(time.Now())
		}
		all.Wait()
	}
	return result, errors.Join(e.failed, err)
}

// open makes the connections, unless each message makes its own.
func (e *encrypted) open() (conns []*tls.Conn, err error) {
	if e.Reconnect {
		return nil, nil
	}
	for i := range e.Conns {
		c, err := e.dial()
		if err != nil {
			return conns, fmt.Errorf("connection %d of %d to %s: %w", i+1, e.Conns, e.Address, err)
		}
		conns = append(conns, c)
	}
	return conns, nil
}

func (e *encrypted) dial() (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", e.address)
	if err != nil {
		return nil, err
	}
	t := tls.Client(c, e.client)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return t, nil
}

func (e *encrypted) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed == nil {
		e.failed = err
	}
}

// exchange keeps the messages of a connection under way until the end.
func (e *encrypted) exchange(i int, conns []*tls.Conn) error {
	c, got := conns[i], make([]byte, e.Size)
	var sent, received uint64
	began := make([]time.Time, e.Pipeline)
	send := func(k int) error {
		began[k] = time.Now()
		_, err := c.Write(e.pattern.At(i, sent, e.Size))
		sent += uint64(e.Size)
		return err
	}
	for k := range e.Pipeline {
		if err := send(k); err != nil {
			return err
		}
	}
	for k := 0; !e.over.Load(); k = (k + 1) % e.Pipeline {
		if _, err := io.ReadFull(c, got); err != nil {
			return err
		}
		if at := e.pattern.Mismatch(i, received, got); at >= 0 {
			return &CorruptionError{i, received + uint64(at), got[at], e.pattern.At(i, received+uint64(at), 1)[0]}
		}
		received += uint64(e.Size)
		e.count(time.Since(began[k]))
		if err := send(k); err != nil {
			return err
		}
	}
	return nil
}

// reconnect makes a connection for each message.
func (e *encrypted) reconnect(i int, _ []*tls.Conn) error {
	message, got := e.pattern.At(i, 0, e.Size), make([]byte, e.Size)
	for !e.over.Load() {
		began := time.Now()
		c, err := e.dial()
		if err != nil {
			return err
		}
		_, err = c.Write(message)
		if err == nil {
			_, err = io.ReadFull(c, got)
		}
		c.Close()
		if err != nil {
			return err
		}
		e.count(time.Since(began))
	}
	return nil
}

// count counts a message that came back whole.
func (e *encrypted) count(took time.Duration) {
	e.verified.Add(uint64(e.Size))
	if !e.measuring.Load() {
		return
	}
	e.counted.Add(1)
	e.mu.Lock()
	e.latencies.Record(int64(took))
	e.mu.Unlock()
}

// window is what is measured.
func (e *encrypted) window() (*Result, error) {
	time.Sleep(e.Warmup)
	server, err := e.usage()
	own, err2 := proc.CPU(os.Getpid())
	began := time.Now()
	e.measuring.Store(true)
	time.Sleep(e.Duration)
	e.measuring.Store(false)
	elapsed := time.Since(began)
	serverAfter, err3 := e.usage()
	ownAfter, err4 := proc.CPU(os.Getpid())
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return nil, err
	}
	n := e.counted.Load()
	if n == 0 {
		return nil, fmt.Errorf("nothing came back in %v", e.Duration)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &Result{
		Conns: e.Conns, Size: e.Size, Pipeline: e.Pipeline, Elapsed: elapsed,
		Messages: n, Bytes: n * uint64(e.Size), PerSecond: float64(n) / elapsed.Seconds(),
		Verified: e.verified.Load(), Latency: quantiles(&e.latencies),
		Load: cpu(own, ownAfter, int64(elapsed), n),
	}
	if e.PID > 0 {
		c := cpu(server, serverAfter, int64(elapsed), n)
		r.Server = &c
	}
	return r, nil
}

// usage is the server's.
func (e *encrypted) usage() (proc.Usage, error) {
	if e.PID == 0 {
		return proc.Usage{}, nil
	}
	return proc.CPU(e.PID)
}
