package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// trialTime bounds each trial: what does not come by then does not come.
const trialTime = 5 * time.Second

// tryLoop makes a loop over a selector and runs a trial on it.
func tryLoop(newSelector func() (selectors.Selector, error), trial func(context.Context, asyncio.EventLoop) error) error {
	s, err := newSelector()
	if err != nil {
		return err
	}
	// What it has to say is in the error.
	loop, err := asyncio.NewSelectorEventLoop(s, asyncio.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	return runTrial(loop, trial)
}

// tryProactor is tryLoop for a proactor.
func tryProactor(newProactor func() (proactors.Proactor, error), trial func(context.Context, asyncio.EventLoop) error) error {
	p, err := newProactor()
	if err != nil {
		return err
	}
	loop, err := asyncio.NewProactorEventLoop(p, asyncio.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	return runTrial(loop, trial)
}

// runTrial runs a trial as the main coroutine of a loop, which it closes; a loop
// that hangs it leaves behind.
func runTrial(loop asyncio.EventLoop, trial func(context.Context, asyncio.EventLoop) error) error {
	task := asyncio.CreateTask(loop, func(ctx context.Context) (struct{}, error) { return struct{}{}, trial(ctx, loop) })
	result := make(chan error, 1)
	go func() { result <- errors.Join(loop.RunUntilComplete(task), loop.Close()) }()
	select {
	case err := <-result:
		return err
	case <-time.After(trialTime):
		return fmt.Errorf("no result within %v", trialTime)
	}
}

// tryEverything is what a loop must be able to do.
func tryEverything(ctx context.Context, loop asyncio.EventLoop) error {
	for _, t := range []struct {
		what string
		try  func(context.Context, asyncio.EventLoop) error
	}{
		{"callback", tryCallback},
		{"timer", tryTimer},
		{"wake-up from another goroutine", tryWakeUp},
		{"TCP echo", tryTCP},
	} {
		if err := t.try(ctx, loop); err != nil {
			return fmt.Errorf("%s: %w", t.what, err)
		}
	}
	return nil
}

func tryCallback(ctx context.Context, loop asyncio.EventLoop) error {
	done := asyncio.NewFuture[struct{}](loop)
	if _, err := loop.CallSoon(func() { _ = done.SetResult(struct{}{}) }); err != nil {
		return err
	}
	_, err := done.Await(ctx)
	return err
}

func tryTimer(ctx context.Context, loop asyncio.EventLoop) error {
	_, err := timerLateness(ctx, loop)
	return err
}

// timerLateness is how late a timer of one millisecond runs.
func timerLateness(ctx context.Context, loop asyncio.EventLoop) (time.Duration, error) {
	done := asyncio.NewFuture[time.Duration](loop)
	var due time.Duration
	h, err := loop.CallLater(time.Millisecond, func() { _ = done.SetResult(loop.Time() - due) })
	if err != nil {
		return 0, err
	}
	due = h.When()
	return done.Await(ctx)
}

func tryWakeUp(ctx context.Context, loop asyncio.EventLoop) error {
	_, err := asyncio.ToThread(ctx, func() (struct{}, error) { return struct{}{}, nil })
	return err
}

// tryTCP sends something there and back between a server and a client of the loop.
func tryTCP(ctx context.Context, loop asyncio.EventLoop) error {
	return echoAt(ctx, loop, "tcp", "127.0.0.1:0")
}

// echoAt sends something there and back at an address.
func echoAt(ctx context.Context, loop asyncio.EventLoop, network, address string) error {
	return echoBy(ctx, loop, network, address, writeMessage)
}

// echoBy is echoAt with a way of its own to send the message.
func echoBy(ctx context.Context, loop asyncio.EventLoop, network, address string, send func(asyncio.Transport) error) error {
	return echoOver(ctx, loop, network, address, nil, nil, send)
}

// echoOver is echoBy with options for both sides.
func echoOver(ctx context.Context, loop asyncio.EventLoop, network, address string, forServer *asyncio.ServerOptions,
	forClient *asyncio.ConnectionOptions, send func(asyncio.Transport) error,
) error {
	server, err := loop.CreateServer(ctx, func() asyncio.Protocol { return &reflector{} }, network, address, forServer)
	if err != nil {
		return err
	}
	defer server.Close()
	c := newCollector(loop)
	t, _, err := loop.CreateConnection(ctx, func() asyncio.Protocol { return c }, network, server.Addrs()[0].String(), forClient)
	if err != nil {
		return err
	}
	if err = send(t); err == nil {
		err = c.message(ctx)
	}
	t.Abort()
	server.AbortClients()
	server.Close()
	if _, e := c.gone.Await(ctx); err == nil {
		err = e
	}
	return errors.Join(err, server.WaitClosed(ctx))
}

// reflector sends back what comes.
type reflector struct {
	asyncio.BaseProtocol
	transport asyncio.Transport
}

// ConnectionMade implements asyncio.Protocol.
func (r *reflector) ConnectionMade(t asyncio.Transport) { r.transport = t }

// DataReceived implements asyncio.Protocol.
func (r *reflector) DataReceived(data []byte) { _, _ = r.transport.Write(data) }

// collector waits for what the server sends back, and for its own end.
type collector struct {
	asyncio.BaseProtocol
	got  []byte
	done *asyncio.Future[[]byte]
	gone *asyncio.Future[struct{}]
}

const message = "asyncio"

func newCollector(loop asyncio.EventLoop) *collector {
	return &collector{done: asyncio.NewFuture[[]byte](loop), gone: asyncio.NewFuture[struct{}](loop)}
}

func writeMessage(t asyncio.Transport) error {
	_, err := t.Write([]byte(message))
	return err
}

// message waits for the message.
func (c *collector) message(ctx context.Context) error {
	got, err := c.done.Await(ctx)
	if err == nil && string(got) != message {
		err = fmt.Errorf("%q came as %q", message, got)
	}
	return err
}

// DataReceived implements asyncio.Protocol.
func (c *collector) DataReceived(data []byte) {
	if c.got = append(c.got, data...); len(c.got) >= len(message) && !c.done.Done() {
		_ = c.done.SetResult(c.got)
	}
}

// ConnectionLost implements asyncio.Protocol.
func (c *collector) ConnectionLost(err error) {
	if !c.done.Done() {
		_ = c.done.SetException(cmp.Or(err, io.ErrUnexpectedEOF))
	}
	_ = c.gone.SetResult(struct{}{})
}

// tryPipe watches a pipe.
func tryPipe(ctx context.Context, loop asyncio.EventLoop) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	defer w.Close()
	conn, err := r.SyscallConn()
	if err != nil {
		return err
	}
	var fd uintptr
	if err := conn.Control(func(n uintptr) { fd = n }); err != nil {
		return err
	}
	ready := asyncio.NewFuture[struct{}](loop)
	if err := loop.AddReader(fd, func() { _ = ready.SetResult(struct{}{}) }); err != nil {
		return err
	}
	defer func() { _, _ = loop.RemoveReader(fd) }()
	if _, err := w.Write([]byte{0}); err != nil {
		return err
	}
	_, err = ready.Await(ctx)
	return err
}

const (
	clockTime   = 20 * time.Millisecond
	timerTrials = 21
)

// examineClock measures the default loop's, which all loops have.
func examineClock() clockReport {
	loop, err := asyncio.NewEventLoop()
	if err != nil { // see examineDefault; the clock is there all the same
		selector, err := asyncio.NewSelectorEventLoop(nil)
		if err != nil {
			return clockReport{}
		}
		loop = selector
	}
	r := clockReport{Resolution: clockResolution(loop)}
	_ = runTrial(loop, func(ctx context.Context, loop asyncio.EventLoop) error {
		var late []time.Duration
		for range timerTrials {
			d, err := timerLateness(ctx, loop)
			if err != nil {
				return err
			}
			late = append(late, d)
		}
		slices.Sort(late)
		r.TimerLate = late[len(late)/2]
		return nil
	})
	return r
}

// clockResolution is the least step that the loop's clock is seen to take. A clock may
// stand still for longer than there is time to look at it: it takes one step in any case.
func clockResolution(loop asyncio.EventLoop) (least time.Duration) {
	start := loop.Time()
	for last := start; least == 0 || last-start < clockTime; {
		now := loop.Time()
		if step := now - last; step > 0 && (least == 0 || step < least) {
			least = step
		}
		last = now
	}
	return least
}
