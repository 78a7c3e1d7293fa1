package transport_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// errRefused is what the system says of a datagram.
var errRefused error = syscall.ECONNREFUSED

// mail is a Datagram and its model, to which the same happens.
type mail struct {
	b *post
	m *datagramModel
}

// newMail makes a socket whose steps have not run, with marks of 24 and 10, and a protocol
// of which one call ends otherwise than by returning.
func newMail(t *testing.T, leaving, how string) *mail {
	t.Helper()
	p := &mail{newPost(t), newDatagramModel(leaving, how)}
	p.b.user.leaving, p.b.user.how = leaving, how
	p.b.SetLimits(24, 10)
	p.m.high, p.m.low = 24, 10
	return p
}

// open runs f, unless the descriptor is closed.
func (b *post) open(f func()) {
	if !b.eng.closed {
		f()
	}
}

// mailEvents are what can happen, by the engine, by who has the socket, and by the loop.
var mailEvents = map[string]struct {
	real  func(b *post)
	model func(m *datagramModel) (gone bool)
}{
	"data":  {func(b *post) { b.eng.brings("data", 7) }, func(m *datagramModel) bool { return m.data("data", 7) }},
	"empty": {func(b *post) { b.eng.brings("", 8) }, func(m *datagramModel) bool { return m.data("", 8) }},
	"too-long": {func(b *post) {
		if b.eng.reading {
			b.eng.h.Truncated(200, peer(7))
		}
	}, func(m *datagramModel) bool { return m.truncated(200, 7) }},
	"nobody-there": {func(b *post) { b.open(func() { b.eng.h.Failed(errRefused, peer(9)) }) },
		func(m *datagramModel) bool { return m.refused(errRefused, 9) }},
	"broken": {func(b *post) {
		b.open(func() {
			b.eng.reading = false
			b.eng.h.Broken(errOdd)
		})
	}, (*datagramModel).broken},
	"room":        {func(b *post) { b.eng.writable(100) }, func(m *datagramModel) bool { return m.writable(100) }},
	"room-of-1":   {func(b *post) { b.eng.writable(1) }, func(m *datagramModel) bool { return m.writable(1) }},
	"no-room":     {func(b *post) { b.eng.room = 0 }, func(m *datagramModel) bool { m.room = 0; return false }},
	"spurious":    {func(b *post) { b.eng.writable(0) }, func(m *datagramModel) bool { return m.writable(0) }},
	"goes":        {func(b *post) { b.eng.goes(0) }, func(m *datagramModel) bool { return m.goes(0) }},
	"give-back":   {func(b *post) { b.eng.goes(2) }, func(m *datagramModel) bool { return m.goes(2) }},
	"send":        {func(b *post) { b.sends("a", 1) }, func(m *datagramModel) bool { return m.send(letter{"a", 1}) }},
	"send-empty":  {func(b *post) { b.sends("", 2) }, func(m *datagramModel) bool { return m.send(letter{"", 2}) }},
	"send-much":   {func(b *post) { b.sends(overHigh, 3) }, func(m *datagramModel) bool { return m.send(letter{overHigh, 3}) }},
	"refuse-next": {func(b *post) { b.eng.err = errRefused }, func(m *datagramModel) bool { m.next = errRefused; return false }},
	"break-next":  {func(b *post) { b.eng.err = errOdd }, func(m *datagramModel) bool { m.next = errOdd; return false }},
	"close":       {func(b *post) { b.Close() }, func(m *datagramModel) bool { m.shut(); return false }},
	"abort":       {func(b *post) { b.Abort(nil) }, func(m *datagramModel) bool { m.kill(nil); return false }},
	"abort-odd":   {func(b *post) { b.Abort(errOdd) }, func(m *datagramModel) bool { m.kill(errOdd); return false }},
	"limits":      {func(b *post) { b.SetLimits(0, 0) }, (*datagramModel).setLimits},
	"batches":     {func(b *post) { b.eng.batches = true }, func(m *datagramModel) bool { m.batches = true; return false }},
	"answers": {func(b *post) {
		b.user.does = map[string]func(){"DatagramReceived": func() { b.sends(overHigh, b.user.from) }, "ErrorReceived": b.user.does["ErrorReceived"]}
	},
		func(m *datagramModel) bool { m.answers = true; return false }},
	"resends": {func(b *post) {
		b.user.does = map[string]func(){"ErrorReceived": func() { b.sends("again", 5) }, "DatagramReceived": b.user.does["DatagramReceived"]}
	},
		func(m *datagramModel) bool { m.again = true; return false }},
	"reporter-leaves": {func(b *post) { b.bench.out.leave = "exit" }, func(m *datagramModel) bool { m.outLeaves = true; return false }},
	"pass":            {nil, nil},
}

// sends sends text to a peer.
func (b *post) sends(text string, to int) { _ = b.Send([]byte(text), peer(to)) }

// happens has an event happen to both, as a callback of the loop's.
func (p *mail) happens(event string) {
	p.b.Helper()
	if event == "pass" {
		p.b.pass()
		p.m.pass()
		p.m.counts()
		return
	}
	e := mailEvents[event]
	p.b.does(func() { e.real(p.b) })
	e.model(p.m)
	p.m.told = false
}

// same fails the test if the two are not in the same state.
func (p *mail) same(after string) {
	p.b.Helper()
	b, m := p.b, p.m
	describe := func(closing, released, started, sending, awaiting bool, size, late, steps int, low, high int, wire string) string {
		return fmt.Sprintf("closing=%v released=%v started=%v sending=%v awaiting=%v size=%d late=%d steps=%d marks=%d/%d sent=%s",
			closing, released, started, sending, awaiting, size, late, steps, low, high, wire)
	}
	low, high := b.Limits()
	got := describe(b.Closing(), b.Released(), b.eng.reading, b.Sending(), b.eng.awaiting, b.Size(), b.LateSends(), len(b.bench.out.steps), low, high, b.eng.sent())
	want := describe(m.closing, m.released, m.started, m.sending, m.awaiting && !m.released, m.size(), m.late, len(m.steps), m.low, m.high, m.sent())
	if log := strings.Join(m.log, ", "); got != want || b.history() != log {
		b.Fatalf("after %s\n     log: %s\n    want: %s\nit is   %s\nwant    %s", after, b.history(), log, got, want)
	}
	if b.eng.closed != m.released {
		b.Fatalf("after %s: closed=%v", after, b.eng.closed)
	}
}

// mailStates are the moments of a life in which something can happen, by the events that
// lead there.
var mailStates = map[string]string{
	"new":              "",
	"new-queued":       "send",
	"receiving":        "pass",
	"sending":          "pass room",
	"answering":        "pass answers",
	"answering-freely": "pass room answers resends",
	"queued":           "pass send send-empty send",
	"held-up":          "pass send-much",
	"taken":            "pass room batches send send-empty send",
	"given-back":       "pass room batches send send-empty send give-back",
	"given-back-more":  "pass room-of-1 batches send send-empty give-back send-much",
	"given-back-twice": "pass room batches send send-empty give-back room-of-1 give-back",
	"refused":          "pass send send-much refuse-next",
	"breaking":         "pass send send-much break-next",
	"closing":          "pass send send-empty close",
	"closing-held":     "pass send-much close",
	"closing-refused":  "pass send refuse-next resends close",
	"closed-taken":     "pass room batches send close",
	"closed-early":     "close",
	"closed":           "pass close",
	"aborted":          "pass send-much abort-odd",
	"over":             "pass abort pass",
}

// mailCalls are those of a protocol that may not return.
var mailCalls = []string{"ConnectionMade", "DatagramReceived", "ErrorReceived", "PauseWriting", "ResumeWriting", "ConnectionLost"}

// TestDatagramLife is TestLife for a Datagram.
func TestDatagramLife(t *testing.T) {
	t.Parallel()
	for _, state := range slices.Sorted(maps.Keys(mailStates)) {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			for event := range mailEvents {
				mailLives(t, "", "", state, event)
				for _, call := range mailCalls {
					for _, how := range hows {
						mailLives(t, call, how, state, event)
					}
					mailLives(t, call, "panic", state, "reporter-leaves", event)
				}
			}
		})
	}
}

// mailLives lets a socket live through a state and events to its end.
func mailLives(t *testing.T, leaving, how, state string, events ...string) {
	t.Helper()
	p := newMail(t, leaving, how)
	past := strings.Fields(mailStates[state])
	for _, e := range append(past, append(events, "pass", "room-of-1", "room", "goes", "pass", "data", "too-long", "room", "nobody-there", "abort", "room", "pass", "pass", "send")...) {
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

// TestDatagramHistories drives sockets through random histories.
func TestDatagramHistories(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(mailEvents))
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 7))
		leaving := mailCalls[rng.IntN(len(mailCalls))]
		p := newMail(t, leaving, hows[rng.IntN(len(hows))])
		var past []string
		for range 80 {
			event := names[rng.IntN(len(names))]
			if (strings.HasPrefix(event, "abort") || strings.HasPrefix(event, "br")) && rng.IntN(5) > 0 {
				event = "pass" // lives are to be long
			}
			past = append(past, event)
			p.happens(event)
			p.same(fmt.Sprintf("seed %d: %v", seed, past))
		}
	}
}

// TestDatagramDiscard: a socket whose loop is closed lets go of all without a word.
func TestDatagramDiscard(t *testing.T) {
	t.Parallel()
	for state, past := range mailStates {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			p := newMail(t, "", "")
			for _, e := range strings.Fields(past) {
				p.happens(e)
			}
			if p.b.Released() {
				return
			}
			b := p.b
			b.log = nil
			b.Discard()
			b.pass()
			b.wants("released")
			if !b.eng.closed || b.Size() != 0 || !b.Closing() {
				t.Errorf("closed=%v, %d bytes", b.eng.closed, b.Size())
			}
		})
	}
}
