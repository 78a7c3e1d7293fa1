package transport_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/transport"
)

// What the tests have calls end with.
var (
	errOdd  = errors.New("odd")
	errExit = errors.New("goexit")
	errStop = errors.New("stop the loop")
)

// bench is a Stream between a scripted engine, a protocol and an outside that keep one
// log of what they hear.
type bench struct {
	*testing.T
	transport.Stream
	out  outside
	eng  fakeStream
	pool buffers.Pool
	log  []string

	transfer *transport.Transfer // the last
	ready    bool                // it was told that it can go on
}

// The kinds of streams there are.
const (
	connection = "connection"
	readPipe   = "read pipe"
	writePipe  = "write pipe"
	duplexPipe = "duplex pipe"
)

// newBench makes a connection whose steps have not run.
func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchOf(t, connection)
}

// newBenchOf makes a stream of a kind whose steps have not run.
func newBenchOf(t *testing.T, kind string) *bench {
	t.Helper()
	b := &bench{T: t}
	b.eng = fakeStream{T: t, accept: -1}
	b.out = outside{b: b}
	begin := map[string]func(transport.Outside, engine.Engine, uintptr, transport.Protocol) error{
		connection: b.Init, readPipe: b.InitReadPipe, writePipe: b.InitWritePipe, duplexPipe: b.InitDuplexPipe,
	}[kind]
	if err := begin(&b.out, fakeEngine{stream: &b.eng}, 12345, &player{b: b}); err != nil {
		t.Fatal(err)
	}
	b.Start()
	return b
}

// running makes a stream that reads.
func running(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.pass()
	b.log = nil
	return b
}

func (b *bench) note(format string, args ...any) { b.log = append(b.log, fmt.Sprintf(format, args...)) }

func (b *bench) history() string { return strings.Join(b.log, ", ") }

// do runs f as a callback of a loop's, which may leave by Goexit; no panic comes out.
func (b *bench) do(f func()) {
	b.Helper()
	b.calls(f, b.mayExit())
}

// calls is do when it is known whether somebody may leave.
func (b *bench) calls(f func(), mayExit bool) {
	b.Helper()
	call := func() {
		defer func() {
			if p := recover(); p != nil {
				b.Errorf("a panic came out: %v; %s", p, b.history())
			}
		}()
		f()
	}
	if !mayExit {
		call()
	} else {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			call()
		}()
		<-ended
	}
	b.out.told = false
}

// mayExit reports whether somebody is about to leave by Goexit.
func (b *bench) mayExit() bool {
	exits := b.out.leave != ""
	b.each(func(p *player) { exits = exits || p.leaving != "" && p.how == "exit" })
	return exits
}

// pass runs the steps that are scheduled now, each as a callback of its own.
func (b *bench) pass() {
	b.Helper()
	steps := b.out.steps
	b.out.steps = nil
	for _, s := range steps {
		b.do(func() { b.Stream.Run(s.step, s.reason) })
	}
}

// wants fails the test if the log is another.
func (b *bench) wants(log string) {
	b.Helper()
	if got := b.history(); got != log {
		b.Errorf("log: %s\nwant: %s", got, log)
	}
}

// outside is a transport.Outside.
type outside struct {
	b     *bench
	leave string // how its next Failed ends
	told  bool
	steps []scheduled
}

type scheduled struct {
	step   transport.Step
	reason error
}

func (o *outside) Made() { o.b.Protocol().(maker).ConnectionMade() }

func (o *outside) Later(step transport.Step, reason error) {
	o.steps = append(o.steps, scheduled{step, reason})
}

func (o *outside) Exited(panicked any) transport.Exit {
	if panicked == nil {
		return transport.Exit{Reason: errExit, Told: o.told}
	}
	err := panicked.(error)
	return transport.Exit{Reason: err, Stops: err == errStop}
}

func (o *outside) Failed(message string, err error, of transport.BaseProtocol) {
	if of == nil {
		o.b.Errorf("%q is nobody's failure", message)
	}
	o.told = o.told || err == errExit
	o.b.note("failed %q: %v", message, err)
	how := o.leave
	o.leave = ""
	if how == "exit" {
		o.told = true // the loop has heard
		runtime.Goexit()
	}
}

func (o *outside) Note(what string)      { o.b.note("%s", what) }
func (o *outside) Released(err error)    { o.b.note("released"); o.b.eng.over = true }
func (o *outside) Queue() *buffers.Queue { return o.b.pool.Take() }

func (o *outside) String() string { return "<outside>" }

// maker is a protocol whose ConnectionMade the outside calls.
type maker interface{ ConnectionMade() }

// player is a protocol that does in its calls as it is told.
type player struct {
	b       *bench
	leaving string // the call that does not return
	how     string // "panic", "exit", "stop"
	stays   bool   // what EOFReceived answers
	does    map[string]func()
	data    []byte
}

// call is what all its calls do.
func (p *player) call(name, format string, args ...any) {
	p.b.note(format, args...)
	if f := p.does[name]; f != nil {
		f()
	}
	if p.leaving != name {
		return
	}
	p.leaving = ""
	switch p.how {
	case "panic":
		panic(errOdd)
	case "stop":
		panic(errStop)
	case "exit":
		runtime.Goexit()
	}
}

func (p *player) ConnectionMade() { p.call("ConnectionMade", "made") }

func (p *player) DataReceived(data []byte) {
	p.data = append(p.data, data...)
	p.call("DataReceived", "data %s", data)
}

func (p *player) EOFReceived() bool        { p.call("EOFReceived", "eof"); return p.stays }
func (p *player) PauseWriting()            { p.call("PauseWriting", "pause") }
func (p *player) ResumeWriting()           { p.call("ResumeWriting", "resume") }
func (p *player) ConnectionLost(err error) { p.call("ConnectionLost", "lost %v", err) }

// lender is a player that lends memory.
type lender struct {
	player
	buf []byte
}

func (p *lender) GetBuffer(int) []byte { p.call("GetBuffer", "buffer"); return p.buf }
func (p *lender) BufferUpdated(n int)  { p.call("BufferUpdated", "updated %s", p.buf[:n]) }

// sometimes is a player that lends memory every second time.
type sometimes struct {
	player
	buf   []byte
	calls int
}

func (p *sometimes) LendBuffer() []byte {
	p.call("LendBuffer", "lend")
	if p.calls++; p.calls%2 == 0 {
		return nil
	}
	return p.buf
}

func (p *sometimes) BufferFilled(n int) { p.call("BufferFilled", "filled %s", p.buf[:n]) }

// choosy is one that says whether it lends.
type choosy struct {
	sometimes
	lends bool
	asked any // as what it was to lend
}

func (p *choosy) LendsAs(protocol any) bool { p.asked = protocol; return p.lends }

// fakeEngine makes one stream.
type fakeEngine struct {
	engine.Engine
	stream *fakeStream
	err    error
}

func (e fakeEngine) Stream(fd uintptr, h engine.StreamHandler) (engine.Stream, error) {
	if e.err != nil {
		return nil, e.err
	}
	e.stream.fd, e.stream.h = fd, h
	return e.stream, nil
}

// Pipe implements engine.Engine.
func (e fakeEngine) Pipe(fd uintptr, dir engine.Mask, h engine.StreamHandler) (engine.Stream, error) {
	e.stream.dir = dir
	return e.Stream(fd, h)
}

// fakeStream is an engine's stream that does as it is told, and sees to it that it is
// used as the contract says.
type fakeStream struct {
	*testing.T
	h   engine.StreamHandler
	fd  uintptr
	dir engine.Mask // of a pipe

	accept  int   // how many bytes a write takes; -1: all
	err     error // what a write returns
	sendErr error // what Send returns
	readErr error // what StartReading returns
	shutErr error // what CloseWrite returns
	keeps   bool  // a write is taken, and not known to have gone, as over a proactor

	writes  int
	wire    []byte // what has gone
	held    []byte // what was taken
	reading bool
	lends   bool
	may     bool // lend, or not
	sending bool
	file    int64 // how much of a file is to be sent, or 0
	shut    int   // how often CloseWrite was called
	closed  bool
	over    bool // the outside was told
}

// used checks that a call may be made at all.
func (s *fakeStream) used(call string, while ...bool) {
	s.Helper()
	if s.closed {
		s.Errorf("%s after Close", call)
	}
	for _, forbidden := range while {
		if forbidden {
			s.Errorf("%s at the wrong time: sending=%v, direction %d", call, s.sending, s.dir)
		}
	}
}

func (s *fakeStream) StartReading() error {
	s.used("start")
	s.reading = s.readErr == nil
	return s.readErr
}
func (s *fakeStream) StopReading()          { s.used("stop"); s.reading = false }
func (s *fakeStream) UseReadBuffer(on bool) { s.used("lend"); s.lends, s.may = on, false }
func (s *fakeStream) UseMemory(on bool)     { s.used("lend"); s.lends, s.may = on, on }
func (s *fakeStream) StopSending()          { s.used("stop sending"); s.sending, s.file = false, 0 }
func (s *fakeStream) FD() uintptr           { return s.fd }
func (s *fakeStream) Pending() bool         { return len(s.held) > 0 }
func (s *fakeStream) Held() int             { return len(s.held) }

func (s *fakeStream) CloseWrite() error {
	s.used("close of writing", s.sending, s.dir != 0)
	s.shut++
	return s.shutErr
}

func (s *fakeStream) Close() error {
	s.used("close")
	s.closed, s.reading, s.sending, s.held = true, false, false, nil
	return nil
}

func (s *fakeStream) Send() error {
	s.used("send", s.sending, s.dir == engine.Read)
	s.sending = s.sendErr == nil
	return s.sendErr
}

func (s *fakeStream) Sendfile(_ engine.File, _, n int64) error {
	if err := s.Send(); err != nil {
		return err
	}
	s.file = n
	return nil
}

func (s *fakeStream) Write(p []byte) (n, held int, err error) {
	n, err = s.WriteVec([][]byte{p})
	return n, len(s.held), err
}

func (s *fakeStream) WriteVec(bufs [][]byte) (int, error) {
	s.used("write", s.sending, s.dir == engine.Read)
	s.writes++
	p := bytes.Join(bufs, nil)
	switch {
	case s.err != nil:
		return 0, s.err
	case s.keeps:
		s.held = append(s.held, p...)
		return len(p), nil
	case s.accept >= 0:
		p = p[:min(s.accept, len(p))]
	}
	s.wire = append(s.wire, p...)
	return len(p), nil
}

// flush has what was taken go, but for the last rest bytes, or fail.
func (s *fakeStream) flush(rest int, err error) {
	held := s.held
	s.held = nil
	if err == nil && rest == 0 {
		s.wire = append(s.wire, held...)
		return
	}
	rest = min(rest, len(held))
	s.wire = append(s.wire, held[:len(held)-rest]...)
	s.sending = false
	s.h.Unsent(bytes.Clone(held[len(held)-rest:]), err)
}

// sent lets a Send take n bytes, all of them if n is negative.
func (s *fakeStream) sent(n int, err error) {
	if !s.sending {
		return
	}
	s.flush(0, nil)
	out := make([]byte, s.file)
	if s.file == 0 {
		out = bytes.Join(s.h.Outgoing(nil), nil)
	}
	s.file = 0
	if n >= 0 {
		out = out[:min(n, len(out))]
	}
	if err != nil {
		out = nil
	}
	s.wire = append(s.wire, out...)
	s.sending = false
	s.h.Sent(len(out), err)
}

// brings has data come, if that is wanted.
func (s *fakeStream) brings(data string) {
	if !s.reading || s.dir == engine.Write {
		return
	}
	defer s.completed()
	p := []byte(data)
	if s.lends {
		buf, ok := s.h.ReadBuffer()
		if !ok || !s.reading {
			return
		}
		if buf == nil && s.may {
			buf = make([]byte, len(p))
		}
		if copy(buf, p) == len(p) {
			s.h.Received(buf[:len(p)])
		}
		return
	}
	s.h.Received(p)
}

// completed is deferred: it stands for the loop, which asks whose doing it was that an event
// was not completed.
func (s *fakeStream) completed() {
	if h := s.h.(engine.Unguarded); h.Calling() {
		h.DidNotReturn(recover())
	}
}

// ends has the peer's end of stream come, or an error of reading.
func (s *fakeStream) ends(err error) {
	if !s.reading {
		return
	}
	if err != nil && s.dir == engine.Write {
		return // which an engine does not tell
	}
	s.reading = false
	if err != nil {
		s.h.ReadFailed(err)
	} else {
		s.h.ReadEOF()
	}
}
