package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

// tool is what measures a step.
type tool int

const (
	comparing   tool = iota // cmd/run
	remembering             // cmd/memory
	primitives              // go test -bench
)

// step is one command of the plan.
type step struct {
	tool       tool
	shape      string
	reference  string // the contender that ratios are to
	contenders []string
	cells      []string
	arguments  []string // besides those that all have
	rounds     int
	seconds    float64
	slow       time.Duration // what it takes besides its windows
	full       bool          // it is no part of the quick subset
}

// Lists of contenders, by what they speak.
var (
	all = []string{
		"c-epoll", "c-uring", "libuv", "asyncio-epoll", "asyncio-proactor", "asyncio-proactor-pinned", "asyncio-streams", "asyncio-proactor-streams",
		"gnet", "nbio", "netpoll", "gonet", "cpython", "cpython-streams", "uvloop", "uvloop-streams",
	}
	broadcasters = []string{
		"c-epoll", "libuv", "asyncio-epoll", "asyncio-proactor", "asyncio-streams", "asyncio-proactor-streams", "gnet", "nbio", "netpoll", "gonet", "cpython", "uvloop",
	}
	overTLS  = []string{"gonet-tls", "nbio-tls", "asyncio-tls", "asyncio-tls-proactor", "asyncio-tls-streams"}
	overUDP  = []string{"c-udp", "gonet-udp", "asyncio-udp", "asyncio-udp-proactor"}
	overUnix = []string{
		"c-unix", "libuv-unix", "asyncio-unix", "asyncio-unix-proactor", "asyncio-unix-streams", "gnet-unix", "gonet-unix", "cpython-unix", "uvloop-unix",
	}
	twoLoops = []string{"gnet-2", "asyncio-2", "asyncio-2-proactor", "asyncio-2-streams"}
	// Stepping through an interpreter would take an hour.
	stepped = []string{"c-epoll", "c-uring", "libuv", "asyncio-epoll", "asyncio-proactor", "asyncio-streams", "asyncio-proactor-streams", "gnet", "nbio", "netpoll", "gonet"}
	called  = []string{"c-epoll", "c-uring", "libuv", "asyncio-epoll", "asyncio-proactor", "asyncio-streams", "gnet", "gonet", "cpython", "uvloop"}
	// What the quick subset leaves out.
	notQuick        = []string{"asyncio-proactor-pinned", "cpython-streams", "uvloop-streams"}
	notQuickStepped = []string{"c-uring", "asyncio-proactor-streams", "nbio", "netpoll"}
	// The names of cmd/memory.
	holding = []string{"asyncio-epoll", "asyncio-uring", "asyncio-streams-epoll", "asyncio-streams-uring", "gonet", "gnet"}
)

// idle is how many connections are idle beside those that are active.
const idle = 10_000

// steps are all that can be measured: what says most comes first, and what takes longest last, for
// a run that has a limit. The page has an order of its own.
func (o *options) steps() []step {
	echo := func(shape string, names []string, cells ...string) step {
		return step{shape: shape, reference: names[0], contenders: names, cells: cells}
	}
	with := func(s step, arguments ...string) step { s.arguments = arguments; return s }
	only := func(s step) step { s.full = true; return s }
	slow := func(s step, seconds float64) step {
		s.slow = time.Duration(seconds * float64(time.Second))
		return s
	}
	plan := []step{
		echo("ping-pong", all, "1x64x1", "50x64x1", "1000x64x1"),
		only(slow(echo("ping-pong", all, "10000x64x1"), 1.2)),
		only(echo("ping-pong", all, "1000x1024x1")),
		echo("pipelined", all, "50x64x16"),
		echo("large", all, "50x16384x1"),
		only(echo("large", all, "10x262144x1")),
	}
	held := 80.0 // for as many connections as there are descriptors
	if o.quick {
		held = 12
	}
	// One command for each, so that one that takes too long is no loss of the others.
	for _, name := range stepped {
		s := slow(with(step{shape: "instructions", contenders: []string{name}, cells: []string{"50x64x1"}, rounds: 1, seconds: 0.05}, "--step"), 10)
		s.full = slices.Contains(notQuickStepped, name)
		plan = append(plan, s)
	}
	plan = append(plan,
		slow(step{tool: remembering, shape: "memory", reference: "gonet", contenders: holding, rounds: 1}, held),
		slow(step{tool: primitives, shape: "primitives", contenders: []string{"asyncio"}, rounds: min(o.rounds, 5)}, 20),
		with(echo("churn", all, "20x64x1"), "--reconnect"),
		with(echo("broadcast", broadcasters, "1000x64x1"), "--broadcast"),
		echo("tls", overTLS, "50x64x1", "50x16384x1"),
		with(echo("handshakes", overTLS, "16x64x1"), "--reconnect"),
		echo("udp", overUDP, "50x64x1"),
		echo("unix", overUnix, "50x64x1"),
		with(echo("two loops", twoLoops, "50x64x1", "1000x64x1"), "--server-cpu", "-1", "--load-cpu", "-1", "--procs", "2", "--busy=false"),
		slow(with(echo("idle mass", all, "50x64x1"), "--idle", strconv.Itoa(idle)), 1.5),
	)
	for _, name := range called {
		s := slow(with(step{shape: "system calls", contenders: []string{name}, cells: []string{"50x64x1"}, rounds: 1, seconds: 0.05}, "--calls"), 6)
		plan = append(plan, only(s))
	}
	return plan
}

// plan is what the options leave of the steps, and what they leave out, with the reason.
func (o *options) plan() (chosen []step, skipped []results.Skipped) {
	skip := func(what, why string) {
		if n := (results.Skipped{What: what, Why: why}); !slices.Contains(skipped, n) {
			skipped = append(skipped, n)
		}
	}
	for _, s := range o.steps() {
		switch {
		case len(o.shapes) > 0 && !slices.Contains(o.shapes, s.shape):
			skip(s.shape, "it is not among --shapes")
			continue
		case o.quick && s.full:
			skip(s.shape+": "+strings.Join(s.names(), ", "), "the quick subset leaves it out")
			continue
		}
		leave := func(out func(name string) bool, why string) {
			kept := slices.DeleteFunc(slices.Clone(s.contenders), out)
			for _, name := range s.contenders {
				if !slices.Contains(kept, name) {
					skip(s.shape+": "+name, why)
				}
			}
			s.contenders = kept
		}
		if s.tool == comparing && o.quick {
			leave(func(name string) bool { return slices.Contains(notQuick, name) }, "the quick subset leaves it out")
		}
		if s.tool == comparing && len(o.contenders) > 0 {
			leave(func(name string) bool { return !slices.Contains(o.contenders, name) }, "it is not among --contenders")
		}
		if len(s.contenders) == 0 {
			continue
		}
		if s.rounds == 0 {
			s.rounds = o.rounds
		}
		if s.seconds == 0 {
			s.seconds = o.seconds
		}
		chosen = append(chosen, s)
	}
	return chosen, skipped
}

// names say what a step measures that others of its shape do not.
func (s step) names() []string {
	if len(s.contenders) == 1 {
		return s.contenders
	}
	return s.cells
}

// command is the step's, without the tool's own name.
func (o *options) command(s step) []string {
	switch s.tool {
	case remembering:
		conns := "19000"
		settle := "10s"
		if o.quick {
			conns, settle = "5000", "2s"
		}
		return []string{"--json", "--contenders", strings.Join(s.contenders, ","), "--conns", conns, "--settle", settle, "--load", "1s"}
	case primitives:
		benchtime := "200ms"
		if o.quick {
			benchtime = "50ms"
		}
		if o.seconds < 0.1 {
			benchtime = "1ms"
		}
		return []string{"-run", "^$", "-bench", ".", "-benchtime", benchtime, "-count", "1", "-timeout", "30m", "."}
	}
	arguments := []string{
		"--contenders", strings.Join(s.contenders, ","), "--cells", strings.Join(s.cells, ","),
		"--rounds", strconv.Itoa(s.rounds), "--seconds", number(s.seconds), "--warmup", number(min(0.3, s.seconds/2)),
	}
	if o.nice != 0 {
		arguments = append(arguments, "--nice", strconv.Itoa(o.nice))
	}
	return append(append(arguments, s.arguments...), "--json")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// each is what a measurement takes besides its window: starting and ending the server and the load.
const each = 220 * time.Millisecond

// takes is about how long a step takes.
func (o *options) takes(s step) time.Duration {
	one := each + s.slow
	switch s.tool {
	case remembering:
		if o.quick {
			one /= 2
		}
		return time.Duration(len(s.contenders)) * one
	case primitives:
		if !o.quick {
			one *= 3
		}
		return time.Duration(s.rounds) * one
	}
	one += time.Duration((s.seconds + min(0.3, s.seconds/2)) * float64(time.Second))
	return time.Duration(len(s.contenders)*len(s.cells)*s.rounds) * one
}

// showPlan says what would be measured, and about how long it would take.
func (o *options) showPlan(print func(format string, a ...any)) {
	chosen, skipped := o.plan()
	total := time.Duration(0)
	for _, s := range chosen {
		took := o.takes(s)
		total += took
		print("%6s  %s\n", took.Round(time.Second), o.line(s))
	}
	for _, n := range skipped {
		print("skipped %s: %s\n", n.What, n.Why)
	}
	print("about %s, and some time to build\n", total.Round(time.Minute))
}

// line is the command as one types it.
func (o *options) line(s step) string {
	name := map[tool]string{comparing: "go run ./cmd/run", remembering: "go run ./cmd/memory", primitives: "go test"}[s.tool]
	var words []string
	for _, a := range o.command(s) {
		if a == "--json" {
			continue
		}
		if strings.ContainsAny(a, "^$ ") || a == "" {
			a = fmt.Sprintf("'%s'", a)
		}
		words = append(words, a)
	}
	line := name + " " + strings.Join(words, " ")
	if s.tool == primitives {
		return fmt.Sprintf("for round in $(seq %d); do %s; done", s.rounds, line) // so that rounds are apart
	}
	return line
}
