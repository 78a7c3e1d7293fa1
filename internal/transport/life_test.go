package transport_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio/internal/transport"
)

// overHigh is more than what the streams of these tests have as their high mark.
const overHigh = "more than the mark"

// pair is a stream and its model, to which the same happens.
type pair struct {
	b *bench
	m *model
}

// newPair makes a stream whose steps have not run, with marks of 8 and 2 bytes and a
// protocol of which one call ends otherwise than by returning.
func newPair(t *testing.T, kind, leaving, how string) *pair {
	t.Helper()
	p := &pair{newBenchOf(t, kind), newModel(kind, leaving, how)}
	player := p.b.Protocol().(*player)
	player.leaving, player.how = leaving, how
	p.b.SetLimits(8, 2)
	p.m.high, p.m.low = 8, 2
	return p
}

// events are what can happen, by the engine, by who has the stream, and by the loop.
var events = map[string]struct {
	real  func(b *bench)
	model func(m *model) (gone bool)
}{
	"data":          {func(b *bench) { b.eng.brings("data") }, func(m *model) bool { return m.data("data") }},
	"eof":           {func(b *bench) { b.eng.ends(nil) }, (*model).end},
	"read-failed":   {func(b *bench) { b.eng.ends(errOdd) }, (*model).readFailed},
	"sent":          {func(b *bench) { b.eng.sent(-1, nil) }, func(m *model) bool { return m.goes(1<<20, nil) }},
	"sent-none":     {func(b *bench) { b.eng.sent(0, nil) }, func(m *model) bool { return m.goes(0, nil) }},
	"sent-some":     {func(b *bench) { b.eng.sent(3, nil) }, func(m *model) bool { return m.goes(3, nil) }},
	"send-failed":   {func(b *bench) { b.eng.sent(0, errOdd) }, func(m *model) bool { return m.goes(0, errOdd) }},
	"unsent":        {func(b *bench) { giveBack(b, nil) }, func(m *model) bool { return m.unsent(3, nil) }},
	"unsent-failed": {func(b *bench) { giveBack(b, errOdd) }, func(m *model) bool { return m.unsent(3, errOdd) }},
	"close":         {func(b *bench) { b.Close() }, func(m *model) bool { m.close(); return false }},
	"abort":         {func(b *bench) { b.Abort(nil) }, func(m *model) bool { m.abort(nil); return false }},
	"abort-odd":     {func(b *bench) { b.Abort(errOdd) }, func(m *model) bool { m.dropTransfer(errOdd); m.abort(errOdd); return false }},
	"transfer":      {begins, func(m *model) bool { m.begin(); return false }},
	"file":          {sendsFile, func(m *model) bool { m.sendfile(fileSize); return false }},
	"piece":         {func(b *bench) { sendsPiece(b, nil) }, func(m *model) bool { return m.sendPiece(2, 5, nil) }},
	"piece-failed":  {func(b *bench) { sendsPiece(b, errOdd) }, func(m *model) bool { return m.sendPiece(2, 5, errOdd) }},
	"finish":        {finishes, func(m *model) bool { m.finish(); return false }},
	"pause":         {func(b *bench) { b.PauseReading() }, func(m *model) bool { m.pauseReading(); return false }},
	"resume":        {func(b *bench) { b.ResumeReading() }, func(m *model) bool { m.resumeReading(); return false }},
	"write":         {func(b *bench) { b.writes(-1, "w") }, func(m *model) bool { return m.write(1, 1) }},
	"write-much":    {func(b *bench) { b.writes(0, overHigh) }, func(m *model) bool { return m.write(0, len(overHigh)) }},
	"write-to-mark": {func(b *bench) { b.writes(0, "to mark!") }, func(m *model) bool { return m.write(0, 8) }},
	"write-vec": {func(b *bench) {
		b.eng.accept = 3
		b.WriteVec([][]byte{[]byte("ve"), nil, []byte("ctored")})
	}, func(m *model) bool { return m.write(3, 8) }},
	"write-failed": {func(b *bench) {
		b.eng.err = errOdd
		defer func() { b.eng.err = nil }()
		b.writes(0, "f")
	}, (*model).writeFailed},
	"write-eof": {func(b *bench) { b.WriteEOF() }, func(m *model) bool { m.writeEOF(); return false }},
	"limits":    {func(b *bench) { b.SetLimits(0, 0) }, (*model).setLimits},
	"keeps":     {func(b *bench) { b.eng.keeps = true }, func(m *model) bool { m.keeps = true; return false }},
	"lends":     {lends, func(m *model) bool { m.lends = m.lends || !m.released && !m.sometimes; return false }},
	"sometimes": {lendsSometimes, func(m *model) bool { m.sometimes = m.sometimes || !m.released && !m.lends; return false }},
	"stays":     {func(b *bench) { b.each(func(p *player) { p.stays = true }) }, func(m *model) bool { m.stays = m.stays || !m.released; return false }},
	"answers": {func(b *bench) {
		b.each(func(p *player) { p.does = map[string]func(){"DataReceived": func() { b.writes(0, overHigh) }} })
	}, func(m *model) bool { m.answers = m.answers || !m.released; return false }},
	"reporter-leaves": {func(b *bench) { b.out.leave = "exit" }, func(m *model) bool { m.outLeaves = true; return false }},
	"pass":            {nil, nil},
}

// writes writes to an engine that takes some of it.
func (b *bench) writes(accept int, data string) {
	b.eng.accept = accept
	b.Write([]byte(data))
}

// each changes the protocol, if there is one.
func (b *bench) each(f func(*player)) {
	switch p := b.Protocol().(type) {
	case *player:
		f(p)
	case *lender:
		f(&p.player)
	case *sometimes:
		f(&p.player)
	}
}

func giveBack(b *bench, err error) {
	if b.eng.Pending() {
		b.eng.flush(3, err)
	}
}

// fileSize is how much of a file is sent.
const fileSize = 10

// someFile is a file that nobody looks into.
type someFile struct{}

func (someFile) Control(func(uintptr)) error { return nil }

// begins gives the stream to a file, if it takes one.
func begins(b *bench) {
	ready := b.ready
	b.ready = false
	began, err := b.Transfer(func(n int64, err error) {
		b.ready = err == nil
		b.note("told %d %v", n, err)
	})
	if err != nil {
		b.ready = ready
		b.note("refused %v", err)
		return
	}
	b.transfer = began
}

func sendsFile(b *bench) {
	if b.ready {
		b.ready = false
		b.transfer.Sendfile(someFile{}, 0, fileSize)
	}
}

func sendsPiece(b *bench, err error) {
	if !b.ready {
		return
	}
	b.ready = false
	b.eng.accept, b.eng.err = 2, err
	defer func() { b.eng.err = nil }()
	b.transfer.Send([]byte("piece"))
}

func finishes(b *bench) {
	if b.transfer != nil {
		b.ready = false
		b.transfer.End()
	}
}

// lends makes the protocol one that lends its memory.
func lends(b *bench) {
	if p, ok := b.Protocol().(*player); ok {
		l := &lender{*p, make([]byte, 100)}
		b.SetProtocol(l)
	}
}

// lendsSometimes makes the protocol one that lends its memory every second time.
func lendsSometimes(b *bench) {
	if p, ok := b.Protocol().(*player); ok {
		b.SetProtocol(&sometimes{player: *p, buf: make([]byte, 100)})
	}
}

// happens has an event happen to both, as a callback of the loop's.
func (p *pair) happens(event string) {
	p.b.Helper()
	if event == "pass" {
		p.b.pass()
		p.m.pass()
		return
	}
	e := events[event]
	p.b.do(func() { e.real(p.b) })
	e.model(p.m)
	p.m.told = false
}

// same fails the test if the two are not in the same state.
func (p *pair) same(after string) {
	p.b.Helper()
	b, m := p.b, p.m
	describe := func(closing, released, reading, started, sending bool, size, late, shut, steps int, low, high int) string {
		return fmt.Sprintf("closing=%v released=%v reading=%v started=%v sending=%v size=%d late=%d shut=%d steps=%d marks=%d/%d",
			closing, released, reading, started, sending, size, late, shut, steps, low, high)
	}
	low, high := b.Limits()
	got := describe(b.Closing(), b.Released(), b.Reading(), b.eng.reading, b.eng.sending, b.Size(), b.LateWrites(), b.eng.shut, len(b.out.steps), low, high)
	want := describe(m.closing, m.released, !m.closing && !m.paused && m.kind != writePipe && !m.transfer, m.started, m.sending, m.size(), m.late, m.shut, len(m.steps), m.low, m.high)
	if log := strings.Join(m.log, ", "); got != want || b.history() != log {
		b.Fatalf("after %s\n     log: %s\n    want: %s\nit is   %s\nwant    %s", after, b.history(), log, got, want)
	}
	if b.Sending() != m.sending || b.eng.closed != m.released || len(b.eng.wire) != m.sent || (b.Protocol() == nil) != m.released {
		b.Fatalf("after %s: sending=%v closed=%v, %d bytes gone, want %d; protocol %v", after, b.Sending(), b.eng.closed, len(b.eng.wire), m.sent, b.Protocol())
	}
}

// states are the moments of a life in which something can happen, by the events that
// lead there.
var states = map[string]string{
	"new":           "",
	"reading":       "pass",
	"lending":       "pass lends",
	"may-lend":      "pass sometimes",
	"has-lent":      "pass sometimes data",
	"answering":     "pass answers",
	"paused":        "pass pause",
	"half-open":     "pass stays eof",
	"queued":        "pass write-vec",
	"held-up":       "pass write-much",
	"taken":         "pass keeps write",
	"taken-much":    "pass keeps write-much",
	"taken-queued":  "pass keeps write-much write",
	"shut":          "pass write-eof",
	"shutting":      "pass write-vec write-eof",
	"closing":       "pass write-vec close",
	"closing-held":  "pass write-much close",
	"closing-taken": "pass keeps write close",
	"closed-early":  "close",
	"closed":        "pass close",
	"aborted":       "pass write-much abort-odd",
	"over":          "pass abort pass",

	"draining":          "pass write-much transfer",
	"draining-taken":    "pass keeps write transfer",
	"transfer":          "pass transfer",
	"transfer-file":     "pass transfer file",
	"transfer-some":     "pass transfer file sent-some",
	"transfer-piece":    "pass transfer piece",
	"transfer-taken":    "pass keeps transfer piece",
	"transfer-closing":  "pass transfer file close",
	"transfer-shutting": "pass transfer file write-eof",
	"transfer-paused":   "pass write-much transfer sent file pause",
	"transfer-over":     "pass write-much transfer sent file finish",
}

// calls are those of a protocol that may not return, and hows are how.
var (
	calls = []string{"ConnectionMade", "DataReceived", "GetBuffer", "BufferUpdated", "LendBuffer", "BufferFilled", "EOFReceived", "PauseWriting", "ResumeWriting", "ConnectionLost"}
	hows  = []string{"panic", "exit", "stop"}
)

// TestLife has every event happen in every state, to a protocol of which any call may
// end otherwise than by returning, told to somebody who returns or does not, and sees
// the life to its end.
func TestLife(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, state := range slices.Sorted(maps.Keys(states)) {
				t.Run(state, func(t *testing.T) {
					t.Parallel()
					livesAll(t, kind, state)
				})
			}
		})
	}
}

// kinds are all of them.
var kinds = []string{connection, readPipe, writePipe, duplexPipe}

// livesAll has every event happen in a state.
func livesAll(t *testing.T, kind, state string) {
	t.Helper()
	for event := range events {
		lives(t, kind, "", "", state, event)
		for _, call := range calls {
			for _, how := range hows {
				lives(t, kind, call, how, state, event)
			}
			lives(t, kind, call, "panic", state, "reporter-leaves", event)
		}
	}
}

// lives lets a stream live through a state and events to its end.
func lives(t *testing.T, kind, leaving, how, state string, events ...string) {
	t.Helper()
	p := newPair(t, kind, leaving, how)
	past := strings.Fields(states[state])
	for _, e := range append(past, append(events, "pass", "sent", "pass", "finish", "sent", "pass", "data", "eof", "abort", "pass", "pass", "write")...) {
		p.happens(e)
		p.same(fmt.Sprintf("%s, %v (%s leaves by %q): %s", state, events, leaving, how, e))
	}
	if !p.b.Released() {
		t.Fatalf("%s, %v: not released", state, events)
	}
	if lost := strings.Count(p.b.history(), "lost "); lost != 1 {
		t.Fatalf("%s, %v: lost %d times: %s", state, events, lost, p.b.history())
	}
}

// TestHistories drives streams through random histories.
func TestHistories(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(events))
	for seed := range uint64(600) {
		rng := rand.New(rand.NewPCG(seed, 5))
		leaving := calls[rng.IntN(len(calls))]
		kind := kinds[seed%uint64(len(kinds))]
		p := newPair(t, kind, leaving, hows[rng.IntN(len(hows))])
		var past []string
		for range 60 {
			event := names[rng.IntN(len(names))]
			if strings.HasPrefix(event, "abort") && rng.IntN(5) > 0 {
				event = "pass" // lives are to be long
			}
			past = append(past, event)
			p.happens(event)
			p.same(fmt.Sprintf("seed %d, %s: %v", seed, kind, past))
		}
	}
}

// TestDiscard: a stream whose loop is closed lets go of all without a word.
func TestDiscard(t *testing.T) {
	t.Parallel()
	for state, past := range states {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			for _, kind := range kinds {
				p := newPair(t, kind, "", "")
				for _, e := range strings.Fields(past) {
					p.happens(e)
				}
				if p.b.Released() {
					continue
				}
				b := p.b
				b.log = nil
				want := "released"
				if p.m.waits {
					want = fmt.Sprintf("told %d %v, released", p.m.step, transport.ErrLost)
				}
				b.Discard()
				b.pass()
				b.wants(want)
				if !b.eng.closed || b.Size() != 0 || !b.Closing() || b.Protocol() != transport.Protocol(nil) {
					t.Errorf("%s: closed=%v, %d bytes, protocol %v", kind, b.eng.closed, b.Size(), b.Protocol())
				}
			}
		})
	}
}
