package nethttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/loops"
	"github.com/go-asyncio/asyncio/nethttp"
)

// patience is when a test that waits for something gives up.
const patience = 30 * time.Second

// stage is a loop under test and the coroutine that tests on it. What is reported to its
// exception handler fails the test, unless it is quiet.
type stage struct {
	*testing.T
	ctx   context.Context
	loop  asyncio.EventLoop
	quiet atomic.Bool
	atEnd []func() // what is done on the loop when the test has ended
}

// overLoops runs f, as the subtest of that name, as a coroutine on each kind of loop.
func overLoops(t *testing.T, name string, f func(s *stage)) {
	t.Helper()
	bare(t, name, func(s *stage) { s.run(func() { f(s) }) })
}

// bare is overLoops for what runs the loop itself.
func bare(t *testing.T, name string, f func(s *stage)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		testkit.Over(t, testkit.Unpinned, func(t *testing.T, m testkit.Mechanism) { f(newStage(t, m)) })
	})
}

func newStage(t *testing.T, m testkit.Mechanism) *stage {
	t.Helper()
	loop, err := loops.New(m)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, loop: loop}
	s.must(loop.SetExceptionHandler(func(_ asyncio.EventLoop, c asyncio.ExceptionContext) {
		if !s.quiet.Load() {
			s.Errorf("reported: %s: %+v", c.Message, c.Err)
		}
	}))
	t.Cleanup(func() { s.check(loop.Close()) })
	return s
}

// run runs f as a coroutine.
func (s *stage) run(f func()) {
	s.Helper()
	err := s.loop.RunUntilComplete(asyncio.CreateTaskErr(s.loop, func(ctx context.Context) error {
		s.ctx = ctx
		defer s.settle(ctx)
		f()
		return nil
	}))
	if err != nil && !(s.Failed() && errors.Is(err, asyncio.ErrGoexit)) {
		s.Errorf("the test's coroutine: %v", err)
	}
}

// settle does what is to be done at the end, and lets the loop do what follows from it.
func (s *stage) settle(ctx context.Context) {
	for _, f := range s.atEnd {
		f()
	}
	for range 5 {
		_ = asyncio.Yield(ctx) // a test that has failed leaves by Goexit
	}
}

// runLoop runs the loop in a goroutine of its own until the end of the test.
func (s *stage) runLoop() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.check(s.loop.RunForever())
	}()
	s.Cleanup(func() {
		_, err := asyncio.RunCoroutineThreadsafe(s.loop, func(ctx context.Context) (struct{}, error) {
			s.settle(ctx)
			return struct{}{}, nil
		}).Await(context.Background())
		s.check(err)
		s.loop.Stop()
		<-ended
	})
}

// check fails the test for an error, and goes on.
func (s *stage) check(err error) {
	s.Helper()
	if err != nil {
		s.Error(err)
	}
}

// must stops the test at an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// fails fails the test unless err is the error.
func (s *stage) fails(err, target error) {
	s.Helper()
	if !errors.Is(err, target) {
		s.Errorf("error %v, want %v", err, target)
	}
}

// want fails the test unless the two are the same.
func want[T comparable](s *stage, what string, got, want T) {
	s.Helper()
	if got != want {
		s.Errorf("%s: %v, want %v", what, got, want)
	}
}

// start starts f as another task.
func (s *stage) start(f func(ctx context.Context) error) *asyncio.Task[struct{}] {
	return asyncio.CreateTaskErr(s.loop, f)
}

// ended waits for a task and returns its error.
func (s *stage) ended(task *asyncio.Task[struct{}]) error {
	_, err := task.Await(s.ctx)
	return err
}

// pass lets the loop make n passes.
func (s *stage) pass(n int) {
	s.Helper()
	for range n {
		s.must(asyncio.Sleep(s.ctx, 0))
	}
}

// until waits, in a coroutine, until cond holds.
func (s *stage) until(what string, cond func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !cond(); {
		if time.Now().After(end) {
			s.Fatalf("waited in vain: %s", what)
		}
		s.must(asyncio.Sleep(s.ctx, time.Millisecond))
	}
}

// elsewhere runs f on a goroutine that is no loop's, and suspends meanwhile.
func (s *stage) elsewhere(f func()) {
	s.Helper()
	_, err := asyncio.ToThread(s.ctx, func() (struct{}, error) {
		f()
		return struct{}{}, nil
	})
	s.check(err)
}

// peer starts net/http's own server.
func (s *stage) peer(h http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(h)
	s.Cleanup(server.Close)
	return server
}

// client returns a client whose transport belongs to the test.
func (s *stage) client(t *nethttp.Transport) *http.Client {
	if t.Loop == nil {
		t.Loop = s.loop
	}
	s.atEnd = append(s.atEnd, func() { s.check(t.Close()) })
	return &http.Client{Transport: t}
}

// request makes a request.
func (s *stage) request(ctx context.Context, method, url string, body io.Reader) *http.Request {
	s.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	s.must(err)
	return req
}

// get makes a request and reads the answer whole.
func (s *stage) get(ctx context.Context, c *http.Client, url string) (string, error) {
	s.Helper()
	return text(c.Do(s.request(ctx, "GET", url, nil)))
}

// post is get with a body.
func (s *stage) post(ctx context.Context, c *http.Client, url string, body io.Reader) (string, error) {
	s.Helper()
	return text(c.Do(s.request(ctx, "POST", url, body)))
}

// text reads an answer whole.
func text(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return string(all), err
}

// says fails the test unless this is the answer.
func (s *stage) says(want string) func(got string, err error) {
	s.Helper()
	return func(got string, err error) {
		s.Helper()
		if err != nil || got != want {
			s.Errorf("answer %.200q, %v; want %.200q", got, err, want)
		}
	}
}
