package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// result is what was measured of one server.
type result struct {
	Name       string `json:"name"`
	Empty      sample `json:"empty"`      // with one connection, which is gone
	Untouched  sample `json:"untouched"`  // all connections are there and have said nothing
	Used       sample `json:"used"`       // each has said one message
	Peak       sample `json:"peak"`       // a burst is there, and nobody reads the answers
	AfterBurst sample `json:"afterBurst"` // all was answered, and nothing was collected by force
	Settled    sample `json:"settled"`    // the time to settle has passed, nothing by force
	Freed      sample `json:"freed"`      // after debug.FreeOSMemory
	Load       load   `json:"load"`       // some connections say something all the time
	Forced     load   `json:"forced"`     // the same while the collector is forced to run
}

// load is what the collector has cost while some connections said something.
type load struct {
	Messages      int64   `json:"messages"`
	Cycles        int64   `json:"cycles"`
	GC            float64 `json:"gcSeconds"`
	CPU           float64 `json:"cpuSeconds"`
	Share         float64 `json:"gcShare"`      // of the CPU time
	CPUEach       float64 `json:"gcEachCycle"`  // seconds
	AllocatedEach float64 `json:"bytesMessage"` // allocated for each message
	Pauses        pauses  `json:"pausesMicroseconds"`
	AnswerP50     float64 `json:"answerP50"` // seconds
	AnswerP99     float64 `json:"answerP99"`
	AnswerMax     float64 `json:"answerMax"`
}

// child is a server's process.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
	answers *os.File
	addr    string
	all     []*net.TCPConn
	o       options
}

func start(name string, o options) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, "--serve", name), o: o}
	c.cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", o.Procs))
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.cmd.ExtraFiles = []*os.File{theirs}
	err = c.cmd.Start()
	_ = theirs.Close()
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	c.answers = out
	c.out = json.NewDecoder(bufio.NewReader(out))
	return c, c.out.Decode(&c.addr)
}

// end ends the process, and the connections.
func (c *child) end() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait() // it was killed
	_ = c.answers.Close()
	for _, conn := range c.all {
		_ = conn.Close()
	}
}

// ask has the server do something and say what it has then.
func (c *child) ask(what string) (s sample, err error) {
	if _, err = fmt.Fprintln(c.in, what); err == nil {
		err = c.out.Decode(&s)
	}
	return s, err
}

// measure takes a server through all that is measured.
func measure(name string, o options) (r result, err error) {
	c, err := start(name, o)
	if c != nil {
		defer c.end()
	}
	if err != nil {
		return r, fmt.Errorf("it does not start: %w", err)
	}
	r.Name = name
	step := func(into *sample, ask string, do func() error) {
		if err == nil && do != nil {
			err = do()
		}
		if err == nil {
			*into, err = c.ask(ask)
		}
		fold := *into
		fold.Pauses = nil
		*into = fold
	}
	step(&r.Empty, "collect", c.warm)
	step(&r.Untouched, "collect", c.connect)
	step(&r.Used, "collect", func() error { return c.each(c.all, o.Size) })
	if err == nil {
		r.Load, err = c.busy(false)
	}
	if err == nil {
		r.Forced, err = c.busy(true)
	}
	var heard func() error
	step(&r.Peak, "look", func() (err error) { heard, err = c.burst(); return err })
	step(&r.AfterBurst, "look", func() error { return heard() })
	step(&r.Settled, "look", func() error { time.Sleep(o.Settle); return nil })
	step(&r.Freed, "free", nil)
	return r, err
}

func (c *child) dial() (*net.TCPConn, error) {
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// warm has one connection, so that what the first one makes is not for each.
func (c *child) warm() error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.each([]*net.TCPConn{conn}, c.o.Size)
}

// connect makes all connections. The last one says something, so that the server has all of
// them.
func (c *child) connect() error {
	for range c.o.Conns {
		conn, err := c.dial()
		if err != nil {
			return err
		}
		c.all = append(c.all, conn)
	}
	return c.each(c.all[len(c.all)-1:], c.o.Size)
}

// each has a message answered on each connection.
func (c *child) each(conns []*net.TCPConn, size int) error {
	message, back := bytes.Repeat([]byte{'x'}, size), make([]byte, size)
	for _, conn := range conns {
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			return err
		}
		if _, err := conn.Write(message); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, back); err != nil {
			return err
		}
		if !bytes.Equal(message, back) {
			return errors.New("something else came back")
		}
	}
	return nil
}

// busy has some connections say something all the time, and the collector forced if that is
// asked for.
func (c *child) busy(forced bool) (l load, err error) {
	before, err := c.ask("look")
	if err != nil {
		return l, err
	}
	active := c.all[len(c.all)-c.o.Active:]
	times, failures := make([][]time.Duration, len(active)), make([]error, len(active))
	over := make(chan struct{})
	var wg sync.WaitGroup
	for i := range active {
		wg.Go(func() { times[i], failures[i] = c.talk(active[i:i+1], over) })
	}
	if forced {
		for k := 0; k < c.o.Cycles && err == nil; k++ {
			_, err = c.ask("force")
		}
	} else {
		time.Sleep(c.o.Load)
	}
	close(over)
	wg.Wait()
	after, lookErr := c.ask("look")
	if err = errors.Join(append(failures, err, lookErr)...); err != nil {
		return l, err
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	l = load{Messages: int64(len(all)), Cycles: after.Cycles - before.Cycles, GC: after.GC - before.GC, CPU: after.CPU - before.CPU,
		Pauses: after.Pauses.since(before.Pauses)}
	l.Share = l.GC / max(l.CPU, 1e-9)
	l.CPUEach = l.GC / float64(max(l.Cycles, 1))
	if n := len(all); n > 0 {
		l.AllocatedEach = float64(after.Allocated-before.Allocated) / float64(n)
		l.AnswerP50, l.AnswerP99, l.AnswerMax = all[n/2].Seconds(), all[n*99/100].Seconds(), all[n-1].Seconds()
	}
	return l, nil
}

// talk says one message after the other on a connection, and how long each took to come back.
func (c *child) talk(conn []*net.TCPConn, over <-chan struct{}) (times []time.Duration, err error) {
	for {
		select {
		case <-over:
			return times, nil
		default:
		}
		began := time.Now()
		if err := c.each(conn, c.o.Size); err != nil {
			return times, err
		}
		times = append(times, time.Since(began))
	}
}

// burst sends on many connections, and returns when all is sent as far as the server takes it.
// heard reads the answers, and returns when all have come.
func (c *child) burst() (heard func() error, err error) {
	conns := c.all[:c.o.BurstConns]
	data := bytes.Repeat([]byte{'y'}, c.o.Burst)
	var sending errgroup
	var sent atomic.Int64
	for _, conn := range conns {
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			return nil, err
		}
		sending.start(func() error {
			for p := data; len(p) > 0; {
				n, err := conn.Write(p[:min(len(p), 16<<10)])
				if err != nil {
					return err
				}
				p = p[n:]
				sent.Add(int64(n))
			}
			return nil
		})
	}
	const calm = 500 * time.Millisecond // nobody can send any more: all is sent, or the server holds it back
	for before := int64(-1); before != sent.Load(); {
		before = sent.Load()
		time.Sleep(calm)
	}
	return func() error {
		var reading errgroup
		for _, conn := range conns {
			reading.start(func() error { return same(conn, data) })
		}
		return errors.Join(reading.wait(), sending.wait())
	}, nil
}

// same reads what a connection brings, which is to be data.
func same(conn net.Conn, data []byte) error {
	buf := make([]byte, 16<<10)
	for len(data) > 0 {
		n, err := conn.Read(buf[:min(len(buf), len(data))])
		if err != nil {
			return err
		}
		if !bytes.Equal(buf[:n], data[:n]) {
			return errors.New("something else came back")
		}
		data = data[n:]
	}
	return nil
}

// errgroup is goroutines and the first error of each.
type errgroup struct {
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func (g *errgroup) start(f func() error) {
	g.wg.Go(func() {
		if err := f(); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.errs = append(g.errs, err)
		}
	})
}

// wait waits for all, and returns the first error.
func (g *errgroup) wait() error {
	g.wg.Wait()
	if len(g.errs) > 0 {
		return g.errs[0]
	}
	return nil
}
