package nethttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// stage is a loop under test and the coroutine that tests on it.
type stage struct {
	*onloop.Stage
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
	return &stage{Stage: onloop.New(t, m)}
}

// run runs f as a coroutine.
func (s *stage) run(f func()) {
	s.Helper()
	s.Run(func() {
		defer s.settle(s.Ctx)
		f()
	})
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
		s.Check(s.Loop.RunForever())
	}()
	s.Cleanup(func() {
		_, err := asyncio.RunCoroutineThreadsafe(s.Loop, func(ctx context.Context) (struct{}, error) {
			s.settle(ctx)
			return struct{}{}, nil
		}).Await(context.Background())
		s.Check(err)
		s.Loop.Stop()
		<-ended
	})
}

// ended waits for a task and returns its error.
func (s *stage) ended(task *asyncio.Task[struct{}]) error {
	_, err := task.Await(s.Ctx)
	return err
}

// elsewhere runs f on a goroutine that is no loop's, and suspends meanwhile.
func (s *stage) elsewhere(f func()) {
	s.Helper()
	_, err := asyncio.ToThread(s.Ctx, func() (struct{}, error) {
		f()
		return struct{}{}, nil
	})
	s.Check(err)
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
		t.Loop = s.Loop
	}
	s.atEnd = append(s.atEnd, func() { s.Check(t.Close()) })
	return &http.Client{Transport: t}
}

// request makes a request.
func (s *stage) request(ctx context.Context, method, url string, body io.Reader) *http.Request {
	s.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	s.Must(err)
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
