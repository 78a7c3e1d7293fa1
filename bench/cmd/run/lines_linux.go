package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/lines"
	"github.com/go-asyncio/asyncio/bench/internal/proc"
)

// Of each connection so many turns count, after one that does not; the same of those in which all
// connections send.
const (
	turnsAlone    = 3
	turnsTogether = 2
)

// findLines finds out for every contender that works what its messages touch.
func (m *measurer) findLines(ctx context.Context, shape cell, contenders []*contender, rows []*row) error {
	return besides(ctx, m, shape, contenders, rows, "lines", m.linesOf, func(r *row, found *lines.Found, why string) {
		r.Lines, r.LinesReason = found, why
	})
}

func (m *measurer) linesOf(ctx context.Context, c *contender, shape cell) (*lines.Found, error) {
	s, err := m.start(ctx, c, "GOGC=off", "GODEBUG=asyncpreemptoff=1")
	if err != nil {
		return nil, err
	}
	defer s.kill()
	if c.tls || strings.HasPrefix(s.address, "udp:") {
		return nil, errors.New("lines are found for plain connections alone")
	}
	if _, err := m.load(ctx, s.address, shape, "--warmup", "0s", "--stall", "2m", "--messages", "20000"); err != nil {
		return nil, err
	}
	talk, err := dialAll(s.address, shape)
	if err != nil {
		return nil, err
	}
	defer talk.close()
	for range settling {
		for i := range talk.conns {
			if err := talk.echo(i, i+1); err != nil {
				return nil, err
			}
		}
	}
	return m.watchLines(ctx, c, s, talk)
}

// watchLines steps through the server while one connection after the other has a message, and then all have.
func (m *measurer) watchLines(ctx context.Context, c *contender, s *server, talk *talk) (*lines.Found, error) {
	pid := s.command.Process.Pid
	process, err := lines.OpenProcess(pid, c.binary)
	if err != nil {
		return nil, err
	}
	defer process.Close()
	w, err := m.watch(ctx, pid, isGo(c.binary), process)
	if err != nil {
		return nil, err
	}
	defer w.close()
	alone := make([][]*lines.Turn, len(talk.conns))
	for round := range 1 + turnsAlone {
		for i := range talk.conns {
			turn, err := w.turn(func() error { return talk.echo(i, i+1) })
			if err != nil {
				return nil, err
			}
			if round > 0 {
				alone[i] = append(alone[i], turn)
			}
		}
	}
	var together []*lines.Turn
	for round := range 1 + turnsTogether {
		turn, err := w.turn(func() error { return talk.echo(0, len(talk.conns)) })
		if err != nil {
			return nil, err
		}
		if round > 0 {
			together = append(together, turn)
		}
	}
	return lines.Find(alone, together, process)
}

// watching is c/steps.c at work, telling registers.
type watching struct {
	command *exec.Cmd
	turns   chan *lines.Turn
	failed  error // valid once turns is closed
}

func (m *measurer) watch(ctx context.Context, pid int, golang bool, process *lines.Process) (*watching, error) {
	const source = "c/steps.c"
	if err := m.tools.build(ctx, source); err != nil {
		return nil, err
	}
	arguments := []string{strconv.Itoa(pid), "--registers"}
	if golang {
		arguments = append(arguments, "--hold-monitor")
	}
	w := &watching{command: exec.CommandContext(ctx, m.tools.path(source), arguments...), turns: make(chan *lines.Turn)}
	w.command.Stderr = os.Stderr
	output, err := w.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := (proc.Place{CPU: m.serverCPU, Nice: m.nice}).Start(w.command); err != nil {
		return nil, err
	}
	ready := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(output, ready); err != nil || string(ready) != "ready\n" {
		w.end()
		return nil, fmt.Errorf("the server cannot be stepped: %q, %v", ready, err)
	}
	go func() {
		defer close(w.turns)
		r := lines.NewReader(output, process.Memory)
		for {
			turn, err := r.Turn()
			if err != nil {
				w.failed = err
				return
			}
			w.turns <- turn
		}
	}()
	return w, nil
}

// turn is what the server does meanwhile, until it sleeps again.
func (w *watching) turn(meanwhile func() error) (*lines.Turn, error) {
	if err := meanwhile(); err != nil {
		return nil, err
	}
	if err := w.command.Process.Signal(syscall.SIGUSR1); err != nil {
		return nil, err
	}
	turn, ok := <-w.turns
	if !ok {
		return nil, fmt.Errorf("steps: %w", w.failed)
	}
	return turn, nil
}

func (w *watching) close() {
	w.end()
	for range w.turns { // until the reader has ended
	}
}

func (w *watching) end() {
	_ = w.command.Process.Signal(syscall.SIGTERM)
	_ = w.command.Wait()
}

// talk is a server's clients, which send only what they are told to.
type talk struct {
	conns    []net.Conn
	question []byte
	answer   []byte
}

// stepPatience is how long a server that is stepped may take to answer.
const stepPatience = 2 * time.Minute

func dialAll(address string, shape cell) (*talk, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	t := &talk{question: bytes.Repeat([]byte("message "), shape.Size/8+1)[:shape.Size], answer: make([]byte, shape.Size)}
	for range shape.Conns {
		conn, err := net.DialTimeout(network, address, patience)
		if err != nil {
			t.close()
			return nil, err
		}
		t.conns = append(t.conns, conn)
	}
	return t, nil
}

// echo sends a message on each connection of a range, and then waits for all that come back.
func (t *talk) echo(from, to int) error {
	for _, conn := range t.conns[from:to] {
		if err := conn.SetDeadline(time.Now().Add(stepPatience)); err != nil {
			return err
		}
		if _, err := conn.Write(t.question); err != nil {
			return err
		}
	}
	for _, conn := range t.conns[from:to] {
		if _, err := io.ReadFull(conn, t.answer); err != nil {
			return err
		}
		if !bytes.Equal(t.question, t.answer) {
			return errors.New("what came back is not what was sent")
		}
	}
	return nil
}

func (t *talk) close() {
	for _, conn := range t.conns {
		_ = conn.Close()
	}
}

// writeLines shows what was found, a contender a row, and then the objects.
func (c *cellReport) writeLines(w io.Writer) {
	fmt.Fprintf(w, "\nlines of %d bytes that a message touches in user space (what the kernel touches is not seen)\n", lines.LineSize)
	fmt.Fprintf(w, "%26s %7s %7s %7s %7s %9s\n", "contender", "code", "shared", "own", "passing", "together")
	for _, r := range c.Rows {
		if f := r.Lines; f != nil {
			fmt.Fprintf(w, "%26s %7.1f %7.1f %7.2f %7.2f %9.2f\n", r.Contender, f.Code, f.Shared, f.Own, f.Passing, f.Together)
		}
	}
	for _, r := range c.Rows {
		if r.LinesReason != "" {
			fmt.Fprintf(w, "%s: no lines: %s\n", r.Contender, r.LinesReason)
		}
		if r.Lines == nil {
			continue
		}
		fmt.Fprintf(w, "\n%s: a connection's own lines per message, by object\n", r.Contender)
		writeObjects(w, r.Lines.OwnObjects)
		fmt.Fprintf(w, "%s: besides, per message, when all have one at once\n", r.Contender)
		writeObjects(w, r.Lines.TogetherObjects)
		if r.Lines.Unknown > 0 {
			fmt.Fprintf(w, "%s: the operands of %.2f instructions per message are not known\n", r.Contender, r.Lines.Unknown)
		}
	}
}

func writeObjects(w io.Writer, objects []lines.ObjectLines) {
	const (
		shownWhere = 12
		shownLines = 0.1
	)
	for _, o := range objects {
		if o.Lines < shownLines {
			continue
		}
		fmt.Fprintf(w, "%8.2f  %s\n", o.Lines, o.Object)
		if len(o.Bytes) > 0 {
			fmt.Fprintf(w, "          at %s\n", strings.Join(o.Bytes, ", "))
		}
		more := ""
		if len(o.Where) > shownWhere {
			more = fmt.Sprintf(", and %d more", len(o.Where)-shownWhere)
		}
		fmt.Fprintf(w, "          by %s%s\n", strings.Join(o.Where[:min(shownWhere, len(o.Where))], ", "), more)
	}
}
