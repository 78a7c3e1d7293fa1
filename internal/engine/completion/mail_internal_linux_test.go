package completion

import (
	"fmt"
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

// TestPostsRefused: a post that does not go comes back, or is reported, with its address;
// the memory in which it was is used for the next ones by then.
func TestPostsRefused(t *testing.T) {
	t.Parallel()
	testkit.Over(t, func(m testkit.Mechanism) bool { return m.Proactor != nil }, func(t *testing.T, m testkit.Mechanism) {
		p, err := m.Proactor()
		if err != nil {
			t.Fatal(err)
		}
		if p.Pinned() {
			runtime.LockOSThread()
		}
		r := &refusing{Proactor: p}
		e := New(r)
		defer e.Close()
		open := func() (*postman, sock.Addr) {
			fd, err := sock.Open(sock.Inet4, sock.Datagram)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
			if err := sock.Bind(fd, a); err != nil {
				t.Fatal(err)
			}
			h := &postman{}
			if h.d, err = e.Datagram(fd, h, engine.DatagramOptions{MaxSize: 100}); err != nil {
				t.Fatal(err)
			}
			if err := h.d.StartReading(); err != nil {
				t.Fatal(err)
			}
			if a, err = sock.SockName(fd); err != nil {
				t.Fatal(err)
			}
			return h, a
		}
		until := func(cond func() bool) {
			t.Helper()
			for end := time.Now().Add(20 * time.Second); !cond(); {
				if time.Now().After(end) {
					t.Fatal("waited in vain")
				}
				events, err := e.Poll(time.Second)
				if err != nil {
					t.Fatal(err)
				}
				for _, ev := range events {
					ev.To.Complete(ev.Ev)
				}
			}
		}
		client, ca := open()
		x, xa := open()
		y, ya := open()
		n := 0
		x.on = func(from sock.Addr) {
			n++
			for i := range 3 {
				if taken, err := x.d.Send(fmt.Append(nil, n, ".", i), from); !taken || err != nil {
					t.Error(taken, err)
				}
			}
		}
		y.on = func(sock.Addr) {}
		send := func() { // to both, so that the pass which they come in gathers
			for _, to := range []sock.Addr{xa, ya} {
				if taken, err := client.d.Send([]byte("x"), to); !taken || err != nil {
					t.Fatal(taken, err)
				}
			}
		}
		gathered := func() bool { return e.mail.Gathers }
		for range 50 {
			r.answers = []proactors.Completion{{Flags: proactors.Short}, {}, {N: -int32(syscall.EPERM)}}
			posts, before := r.posts, len(client.got)
			x.unsent, x.failed, x.to = nil, nil, nil
			send()
			until(func() bool { return len(client.got) > before && (r.posts == posts || len(x.unsent)+len(x.failed) == 2) })
			if r.posts == posts {
				continue // both did not come in one pass
			}
			if want := fmt.Sprint(n) + ".0"; len(x.unsent) != 1 || x.unsent[0] != want {
				t.Fatalf("%q came back, want %q", x.unsent, want)
			}
			if len(x.failed) != 1 || x.failed[0] != error(syscall.EPERM) || !slices.Equal(x.to, []sock.Addr{ca, ca}) {
				t.Fatalf("%v of %v", x.failed, x.to)
			}
			return
		}
		t.Error("nothing was ever gathered: ", gathered())
	})
}
