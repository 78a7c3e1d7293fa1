package completion

import (
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
)

// refusing is a proactor of which some posts of datagrams come to nothing.
type refusing struct {
	proactors.Proactor
	answers []proactors.Completion // to the next posts; the zero one lets it go
	refused []proactors.Completion
	posts   int
}

func (p *refusing) Submit(op *proactors.Operation, r *proactors.Request) error {
	if r.Kind == proactors.SendTo && r.Post {
		p.posts++
		if len(p.answers) > 0 {
			c := p.answers[0]
			p.answers = p.answers[1:]
			if c != (proactors.Completion{}) {
				c.Op = op
				p.refused = append(p.refused, c)
				return nil
			}
		}
	}
	return p.Proactor.Submit(op, r)
}

func (p *refusing) Wait(timeout time.Duration) ([]proactors.Completion, error) {
	if len(p.refused) > 0 {
		timeout = 0
	}
	done, err := p.Proactor.Wait(timeout)
	done = append(slices.Clone(done), p.refused...)
	p.refused = nil
	return done, err
}

// postman is the handler of a socket whose posts are refused.
type postman struct {
	d      engine.Datagram
	unsent []string
	failed []error
	to     []sock.Addr
	got    []string
	on     func(from sock.Addr)
}

func (h *postman) Received(p []byte, from sock.Addr) {
	h.got = append(h.got, string(p))
	if h.on != nil {
		h.on(from)
	}
}
func (h *postman) Truncated(int, sock.Addr) {}
func (h *postman) Unsent(p []byte, to sock.Addr) {
	h.unsent, h.to = append(h.unsent, string(p)), append(h.to, to)
}
func (h *postman) Writable() {}
func (h *postman) Failed(err error, to sock.Addr) {
	h.failed, h.to = append(h.failed, err), append(h.to, to)
}
func (h *postman) Broken(err error) { panic(err) }

// post is a bench for posts.
type post struct {
	*testing.T
	e *Engine
	r *refusing
}

// open makes a socket, and its address.
func (b *post) open() (*postman, sock.Addr) {
	b.Helper()
	fd, err := sock.Open(sock.Inet4, sock.Datagram)
	b.must(err)
	a, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	b.must(err)
	b.must(sock.Bind(fd, a))
	a, err = sock.SockName(fd)
	b.must(err)
	h := &postman{}
	h.d, err = b.e.Datagram(fd, h, engine.DatagramOptions{MaxSize: 100})
	b.must(err)
	b.must(h.d.StartReading())
	return h, a
}

func (b *post) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *post) send(from *postman, p string, to sock.Addr) {
	b.Helper()
	if taken, err := from.d.Send([]byte(p), to); !taken || err != nil {
		b.Fatal(taken, err)
	}
}

func (b *post) until(cond func() bool) {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); !cond(); {
		if time.Now().After(end) {
			b.Fatal("waited in vain")
		}
		events, err := b.e.Poll(time.Second)
		b.must(err)
		for _, ev := range events {
			ev.To.Complete(ev.Ev)
		}
	}
}

// TestPostsRefused: a post for which there is no room comes back; one that fails is tried
// again, and if it fails again reported; each with its address. The memory in which it was
// is used for the next ones by then.
func TestPostsRefused(t *testing.T) {
	t.Parallel()
	proactor := func(m testkit.Mechanism) bool { return m.Proactor != nil }
	testkit.Over(t, proactor, func(t *testing.T, m testkit.Mechanism) {
		p, err := m.Proactor()
		if err != nil {
			t.Fatal(err)
		}
		if p.Pinned() {
			runtime.LockOSThread()
		}
		r := &refusing{Proactor: p}
		b := &post{t, New(r), r}
		defer b.e.Close()
		for range 50 {
			if b.refused() {
				return
			}
		}
		t.Error("two datagrams never came in one pass")
	})
}

// refused has two sockets hear something in one pass, so that what is sent is gathered. It
// reports false if they did not.
func (b *post) refused() bool {
	client, ca := b.open()
	x, xa := b.open()
	y, ya := b.open()
	defer client.d.Close()
	defer x.d.Close()
	defer y.d.Close()
	wrong := ca.WithPort(0)
	x.on = func(from sock.Addr) {
		b.send(x, "no room", from)
		b.send(x, "tried again", from)
		b.send(x, "wrong", wrong)
	}
	b.r.answers = []proactors.Completion{{Flags: proactors.Short}, {N: -int32(syscall.EPERM)}}
	posts := b.r.posts
	b.send(client, "x", xa)
	b.send(client, "x", ya)
	b.until(func() bool { return len(client.got) == 2 || len(client.got) == 1 && len(x.unsent)+len(x.failed) == 2 })
	if b.r.posts == posts {
		return false
	}
	if !slices.Equal(x.unsent, []string{"no room"}) || !slices.Equal(client.got, []string{"tried again"}) {
		b.Errorf("%q came back, %q came", x.unsent, client.got)
	}
	if len(x.failed) != 1 || !errors.Is(x.failed[0], syscall.EINVAL) || !slices.Equal(x.to, []sock.Addr{ca, wrong}) {
		b.Errorf("failed: %v, of %v", x.failed, x.to)
	}
	return true
}
