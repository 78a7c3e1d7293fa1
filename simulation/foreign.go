package simulation

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine/simulated"
	"github.com/go-asyncio/asyncio/internal/goroutine"
)

// Reached implements simulated.Guard: a goroutine that is of no host's loop is about to hand
// something to one. The world's own and those of executors may, and in a bubble those that
// package time's timers start; any other is an error of the program's, for when it comes is
// not drawn from the seed.
func (d *driver) Reached(e *simulated.Engine) {
	id := goroutine.ID()
	if id == d.home || d.world.config.foreign || d.world.ending {
		return
	}
	d.mu.Lock()
	known := d.known[id]
	d.mu.Unlock()
	if known {
		return
	}
	by, made := whoCalls()
	if d.bubble && made.function == "time.goFunc" {
		return
	}
	d.world.breakDown(fmt.Errorf("simulation: a goroutine that is none of the simulation's has reached the event loop of host %q, at %v; it was started at %v: "+
		"when it does is not drawn from the seed; use asyncio.Go, asyncio.ToThread or a timer of the loop's instead, or allow it by WithForeignGoroutines",
		e.Host().Name(), by, made))
	d.mu.Lock()
	d.rouse()
	d.mu.Unlock()
}

// Blocks implements simulated.Guard: the world's function would wait for ever, for nothing goes on
// meanwhile; a function in an executor gives its turn back.
func (d *driver) Blocks(e *simulated.Engine) (back func(), err error) {
	id := goroutine.ID()
	d.mu.Lock()
	worker := d.workers[id]
	d.mu.Unlock()
	switch {
	case id == d.home:
		return nil, fmt.Errorf("%w: the world's function would wait for host %q for ever, for nothing goes on meanwhile; use World.RunUntil", asyncio.ErrInvalidState, e.Host().Name())
	case worker == nil:
		return nil, nil
	case !d.bubble:
		return nil, fmt.Errorf("%w: a function in an executor cannot wait for the loop of host %q outside simulation.Test; do it in a coroutine", errors.ErrUnsupported, e.Host().Name())
	}
	return worker.rejoin, nil
}

// Caller implements simulated.Guard.
func (d *driver) Caller() string {
	by, _ := whoCalls()
	return by.String()
}

// place is where something is in the program.
type place struct {
	function, file string
	line           string
}

// String names function, file and line.
func (p place) String() string {
	if p.file == "" {
		return "a place that is not known"
	}
	return fmt.Sprintf("%s:%s (%s)", p.file, p.line, p.function)
}

// whoCalls finds the innermost function of the program's, none of the library's, on the
// calling goroutine's stack, and where the goroutine was started.
func whoCalls() (by, made place) {
	buf := make([]byte, 64<<10)
	var library place
	lines := strings.Split(string(buf[:runtime.Stack(buf, false)]), "\n")
	for i := 1; i+1 < len(lines); i += 2 {
		function, started := strings.CutPrefix(lines[i], "created by ")
		if started {
			function, _, _ = strings.Cut(function, " in goroutine ")
		} else {
			if open := strings.LastIndex(function, "("); open > 0 {
				function = function[:open]
			}
		}
		p := placeOf(function, lines[i+1])
		switch {
		case started:
			made = p
		case by.file == "" && !ofLibrary(p):
			by = p
		case !strings.Contains(p.function, "/internal/") && !strings.Contains(p.function, "/simulation."):
			library = p
		}
	}
	if by.file == "" {
		by = library // a goroutine that the library has started
	}
	return by, made
}

// placeOf reads "\t/a/b.go:12 +0x1f".
func placeOf(function, line string) place {
	line, _, _ = strings.Cut(strings.TrimSpace(line), " ")
	p := place{function: function, file: line}
	if colon := strings.LastIndex(line, ":"); colon >= 0 {
		p.file, p.line = line[:colon], line[colon+1:]
	}
	return p
}

// modulePath begins the names of the library's functions.
const modulePath = "github.com/go-asyncio/asyncio"

// ofLibrary reports whether a function is the library's, and no test of it.
func ofLibrary(p place) bool {
	return (strings.HasPrefix(p.function, modulePath+".") || strings.HasPrefix(p.function, modulePath+"/")) &&
		!strings.HasSuffix(p.file, "_test.go") && !strings.HasPrefix(p.function, modulePath+"/examples/")
}
