package asyncio_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// These tests count the descriptors of the process: none of them runs in parallel with
// another test.

// scene is a loop, and somebody to talk to.
type scene struct {
	*testing.T
	loop       *askedLoop
	peer       net.Listener // takes connections, and closes those that are closed
	port       string
	dir        string // of socket files; see withUnix
	bound      atomic.Int32
	outside    int        // descriptors, before there was a loop
	files      int        // and before a call
	made, lost int        // protocols
	pipes      func() int // what else is counted, if not nil
}

// oneKindAfterTheOther is overLoops without parallel subtests.
func oneKindAfterTheOther(t *testing.T, f func(t *testing.T)) {
	oneAfterTheOther(t, testkit.Unpinned, f)
}

// oneAfterTheOther is that over the mechanisms that a filter takes.
func oneAfterTheOther(t *testing.T, which func(testkit.Mechanism) bool, f func(t *testing.T)) {
	for _, m := range testkit.Available(t, which) {
		t.Run(m.Name, f)
	}
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t}
	before := testkit.OpenFiles()
	peer, err := net.Listen("tcp4", ":0")
	must(t, err)
	_, s.port, err = net.SplitHostPort(peer.Addr().String())
	must(t, err)
	s.peer = peer
	s.accepts(peer, before)
	return s
}

// accepts has a peer take connections until the test ends. before is how many descriptors
// were open when there was no peer.
func (s *scene) accepts(peer net.Listener, before int) {
	s.Helper()
	var peers sync.WaitGroup
	peers.Go(func() {
		for {
			c, err := peer.Accept()
			if err != nil {
				return
			}
			peers.Go(func() {
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			})
		}
	})
	s.Cleanup(func() {
		must(s, peer.Close())
		peers.Wait() // or the next scene would count what they still have
	})
	for end := time.Now().Add(patience); before >= 0 && testkit.OpenFiles() < before+filesOfListener; {
		if time.Now().After(end) {
			s.Fatal("the peer does not accept")
		}
		runtime.Gosched() // what it accepts with is there before anything is counted
	}
}

// open makes a loop, which has run, and counts.
func (s *scene) open() {
	s.Helper()
	s.outside = s.counts()
	s.loop = &askedLoop{count: map[string]int{}, names: map[string][]string{"two.test": {"127.0.0.1", "127.0.0.2"}, "here.test": {"127.0.0.1"}}}
	s.loop.EventLoop = mustLoop(s, asyncio.WithSelf(s.loop), silent)
	s.made, s.lost = 0, 0
	must(s, s.loop.SetExceptionHandler(func(asyncio.EventLoop, asyncio.ExceptionContext) {}))
	s.pass()
	s.files = s.counts()
}

// counts is how much is open.
func (s *scene) counts() int {
	if s.pipes == nil {
		return testkit.OpenFiles()
	}
	return testkit.OpenFiles() + s.pipes()
}

// pass lets the loop make one pass.
func (s *scene) pass() {
	s.Helper()
	s.loop.Stop()
	must(s, s.loop.RunForever())
}

// protocol makes a protocol that says when it begins and ends.
func (s *scene) protocol() asyncio.Protocol { return &counted{scene: s} }

type counted struct {
	asyncio.BaseProtocol
	scene *scene
}

func (c *counted) ConnectionMade(t asyncio.Transport) { c.scene.made++ }
func (c *counted) ConnectionLost(error)               { c.scene.lost++ }

// socket is a descriptor that is connected to the peer.
func (s *scene) socket() uintptr {
	s.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", s.port))
	must(s, err)
	defer c.Close()
	fd, err := sock.FromConn(c)
	must(s, err)
	return fd
}

// settles waits until no more is open than before.
func (s *scene) settles(what string, passes int) {
	s.Helper()
	for began := time.Now(); s.counts() > s.files || s.made != s.lost || len(s.left()) > 0; {
		if time.Since(began) > 10*time.Second {
			s.Fatalf("%s after %d passes: %d descriptors, %d before; %d connections made, %d lost; files %v", what, passes, s.counts(), s.files, s.made, s.lost, s.left())
		}
		if s.loop.IsClosed() {
			time.Sleep(time.Millisecond)
			continue
		}
		must(s, s.loop.RunUntilComplete(asyncio.CreateTask(s.loop, sleeper(time.Millisecond))))
	}
}

// maker is a call that makes something, and a function that ends it.
type maker func(ctx context.Context, s *scene) (release func(), err error)

func connecting(address string, o asyncio.ConnectionOptions) maker {
	return func(ctx context.Context, s *scene) (func(), error) {
		o := o
		if o.Sock == fromScene {
			o.Sock = s.socket()
		}
		if address == "" {
			return aborting(s.loop.CreateConnection(ctx, s.protocol, "", "", &o))
		}
		return aborting(s.loop.CreateConnection(ctx, s.protocol, "tcp4", address+":"+s.port, &o))
	}
}

// fromScene stands for a socket that is made for the call.
const fromScene = ^uintptr(0)

func aborting(tr asyncio.Transport, _ asyncio.Protocol, err error) (func(), error) {
	if err != nil {
		return nil, err
	}
	return tr.Abort, nil
}

func serving(address string, o asyncio.ServerOptions) maker {
	return func(ctx context.Context, s *scene) (func(), error) {
		o := o
		if o.Sock == fromScene {
			var err error
			o.Sock, err = sock.Open(sock.Inet4, sock.Stream)
			must(s, err)
			anywhere, err := sock.AddrOf(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
			must(s, err)
			must(s, sock.Bind(o.Sock, anywhere))
		}
		server, err := s.loop.CreateServer(ctx, s.protocol, "tcp4", address, &o)
		if err != nil {
			return nil, err
		}
		return func() { server.Close() }, nil
	}
}

var makers = map[string]maker{
	"connection-to-an-ip-address":  connecting("127.0.0.1", asyncio.ConnectionOptions{}),
	"connection-to-a-name":         connecting("here.test", asyncio.ConnectionOptions{}),
	"connection-from-an-address":   connecting("127.0.0.1", asyncio.ConnectionOptions{LocalAddress: "here.test:0"}),
	"connection-by-happy-eyeballs": connecting("two.test", asyncio.ConnectionOptions{HappyEyeballsDelay: time.Hour}),
	"connection-by-a-close-race":   connecting("two.test", asyncio.ConnectionOptions{HappyEyeballsDelay: 1}),
	"connection-of-a-socket":       connecting("", asyncio.ConnectionOptions{Sock: fromScene}),
	"accepted-socket": func(ctx context.Context, s *scene) (func(), error) {
		return aborting(s.loop.ConnectAcceptedSocket(ctx, s.protocol, s.socket(), nil))
	},
	"server":                serving("127.0.0.1:0", asyncio.ServerOptions{}),
	"server-of-a-name":      serving("here.test:0", asyncio.ServerOptions{}),
	"server-of-a-socket":    serving("", asyncio.ServerOptions{Sock: fromScene}),
	"datagrams":             posting(asyncio.DatagramOptions{LocalAddress: "127.0.0.1:0"}),
	"datagrams-of-a-name":   posting(asyncio.DatagramOptions{LocalAddress: "here.test:0", RemoteAddress: "two.test:9"}),
	"datagrams-of-a-socket": posting(asyncio.DatagramOptions{Sock: fromScene}),
	"child":                 starting(noPipes),
	"look-up": func(ctx context.Context, s *scene) (func(), error) {
		_, err := s.loop.GetAddrInfo(ctx, "tcp4", "localhost:80")
		return func() {}, err
	},
}

// TestOwnership ends each call in each of its passes, in each way in which it can end,
// and looks whether anything is left.
func TestOwnership(t *testing.T) {
	sweepOwnership(t, makers, nil)
	sweepOwnership(t, makersByFiles, nil)
}

// sweepOwnership is that, with what prepare has done for each scene before.
func sweepOwnership(t *testing.T, makers map[string]maker, prepare func(s *scene)) {
	ways := map[string]func(s *scene, m maker, passes int) (over bool){
		"task-cancelled":      cancelTask,
		"context-done":        endContext,
		"goroutine-leaves":    leaveGoroutine,
		"loop-closed":         closeUnderTask,
		"loop-closed-outside": closeUnderGoroutine,
	}
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			oneKindAfterTheOther(t, func(t *testing.T) {
				s := newScene(t)
				if prepare != nil {
					prepare(s)
				}
				for way, f := range ways {
					const most = 300
					for passes := 0; passes < most; passes++ {
						s.open()
						asyncio.StartHere(s.loop) // or passes would not count what it takes
						over := f(s, m, passes)
						if !s.loop.IsClosed() {
							s.settles(way, passes)
							must(t, s.loop.Close())
						}
						if over {
							break
						}
					}
				}
			})
		})
	}
}

// begin starts the call as a task.
func (s *scene) begin(m maker, ctx func(context.Context) context.Context) *asyncio.Task[func()] {
	return asyncio.CreateTask(s.loop, func(own context.Context) (func(), error) {
		if ctx != nil {
			own = ctx(own)
		}
		return m(own, s)
	})
}

// end waits for the call and releases what it has made.
func (s *scene) end(task *asyncio.Task[func()]) {
	s.Helper()
	_ = s.loop.RunUntilComplete(task)
	if release, err := task.Result(); err == nil {
		release()
	}
}

func cancelTask(s *scene, m maker, passes int) bool {
	task := s.begin(m, nil)
	for range passes {
		s.pass()
	}
	over := task.Done()
	task.Cancel()
	s.end(task)
	return over
}

func endContext(s *scene, m maker, passes int) bool {
	var cancel context.CancelFunc
	task := s.begin(m, func(ctx context.Context) context.Context {
		ctx, cancel = context.WithCancel(ctx)
		if passes == 0 {
			cancel()
		}
		return ctx
	})
	for range passes {
		s.pass()
	}
	over := task.Done()
	if cancel != nil {
		cancel()
	}
	s.end(task)
	return over
}

// leave starts the call on a goroutine, and returns when the loop has heard of it or
// it has ended.
func (s *scene) leave(ctx context.Context, m maker) (ended chan error) {
	ended = make(chan error, 1)
	s.loop.times("CallSoonThreadsafe")
	go func() {
		release, err := m(ctx, s)
		if err == nil {
			release()
		}
		ended <- err
	}()
	for len(ended) == 0 && s.loop.times("CallSoonThreadsafe") == 0 && s.loop.times("RunInExecutor") == 0 {
		runtime.Gosched()
	}
	return ended
}

func leaveGoroutine(s *scene, m maker, passes int) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if passes == 0 {
		cancel()
	}
	ended := s.leave(ctx, m)
	for range passes {
		s.pass()
	}
	over := len(ended) > 0
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		s.Errorf("after %d passes: %v", passes, err)
	}
	return over
}

func closeUnderTask(s *scene, m maker, passes int) bool {
	task := s.begin(m, nil)
	for range passes {
		s.pass()
	}
	over := task.Done()
	s.closed("loop closed under a task", passes)
	return over
}

func closeUnderGoroutine(s *scene, m maker, passes int) bool {
	ended := s.leave(context.Background(), m)
	for range passes {
		s.pass()
	}
	over := len(ended) > 0
	s.closed("loop closed under a goroutine", passes)
	if err := <-ended; err != nil && !errors.Is(err, asyncio.ErrLoopClosed) {
		s.Errorf("after %d passes: %v", passes, err)
	}
	return over
}

// closed closes the loop, with which its own descriptors go.
func (s *scene) closed(what string, passes int) {
	s.Helper()
	must(s, s.loop.Close())
	s.files, s.made, s.lost = s.outside, 0, 0 // nobody is told any more
	s.settles(what, passes)
}

// TestOwnershipInTime has goroutines leave at any moment, while the loop runs.
func TestOwnershipInTime(t *testing.T) {
	leaveInTime(t, makers, nil)
	leaveInTime(t, makersByFiles, nil)
}

// leaveInTime is that, with what prepare has done for each scene before.
func leaveInTime(t *testing.T, makers map[string]maker, prepare func(s *scene)) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) {
			oneKindAfterTheOther(t, func(t *testing.T) {
				s := newScene(t)
				if prepare != nil {
					prepare(s)
				}
				s.open()
				running := make(chan error, 1)
				go func() { running <- s.loop.RunForever() }()
				for range 60 {
					ctx, cancel := context.WithCancel(context.Background())
					ended := make(chan struct{})
					go func() {
						defer close(ended)
						if release, err := m(ctx, s); err == nil {
							release()
						}
					}()
					for range rand.IntN(200) {
						runtime.Gosched()
					}
					cancel()
					<-ended
				}
				s.loop.Stop()
				must(t, <-running)
				s.settles("leaving", 0)
				must(t, s.loop.Close())
			})
		})
	}
}
