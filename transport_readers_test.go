package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// countingSelector writes down how registrations change.
type countingSelector struct {
	selectors.Selector
	calls []string
}

func (c *countingSelector) Register(f any, m selectors.EventMask, d any) (*selectors.SelectorKey, error) {
	c.calls = append(c.calls, "register "+m.String())
	return c.Selector.Register(f, m, d)
}

func (c *countingSelector) Modify(f any, m selectors.EventMask, d any) (*selectors.SelectorKey, error) {
	c.calls = append(c.calls, "modify "+m.String())
	return c.Selector.Modify(f, m, d)
}

func (c *countingSelector) Unregister(f any) (*selectors.SelectorKey, error) {
	c.calls = append(c.calls, "unregister")
	return c.Selector.Unregister(f)
}

// readerTest is a loop with one end of a socket pair to watch and its other end.
type readerTest struct {
	*netTest
	sel       *countingSelector // nil over a proactor, which registers nothing
	fd, other uintptr
}

// pairRow runs f in a coroutine, as netRow does.
func pairRow(t *testing.T, row string, f func(ctx context.Context, r *readerTest)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		t.Parallel()
		overLoops(t, testkit.Unpinned, func(t *testing.T) {
			m, _ := mechanismOf(t)
			r := &readerTest{}
			if open := m.Selector; open != nil {
				m.Selector = func() (selectors.Selector, error) {
					s, err := open()
					r.sel = &countingSelector{Selector: s}
					return r.sel, err
				}
			}
			r.netTest = newNetTestOn(t, m)
			if r.sel != nil {
				r.sel.calls = nil
			}
			r.watch(f)
		})
	})
}

func (r *readerTest) watch(f func(ctx context.Context, r *readerTest)) {
	var err error
	if r.fd, r.other, err = sock.Pair(); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { sock.Close(r.fd); sock.Close(r.other) })
	r.run(func(ctx context.Context) {
		f(ctx, r)
		r.l.RemoveReader(r.fd)
		r.l.RemoveWriter(r.fd)
	})
}

// registered is what the descriptor is registered for, "" for nothing.
func (r *readerTest) registered() string { return r.interest(r.fd) }

func (r *readerTest) want(registered, calls string) {
	r.Helper()
	if got := r.registered(); got != registered {
		r.Errorf("registered for %q, want %q", got, registered)
	}
	if r.sel == nil {
		return // over a proactor nothing is registered that could be changed
	}
	if got := strings.Join(r.sel.calls, ", "); got != calls {
		r.Errorf("changes %q, want %q", got, calls)
	}
	r.sel.calls = nil
}

func (r *readerTest) removes(what func(uintptr) (bool, error), want bool) {
	r.Helper()
	if had, err := what(r.fd); had != want || err != nil {
		r.Errorf("removed %v, %v; want %v", had, err, want)
	}
}

// everyCall is what each of the four calls says about a descriptor.
func (r *readerTest) everyCall(fd uintptr) map[string]error {
	_, removeReader := r.l.RemoveReader(fd)
	_, removeWriter := r.l.RemoveWriter(fd)
	return map[string]error{
		"AddReader": r.l.AddReader(fd, doNothing), "RemoveReader": removeReader,
		"AddWriter": r.l.AddWriter(fd, doNothing), "RemoveWriter": removeWriter,
	}
}

func (r *readerTest) feed() {
	if _, err := sock.Write(r.other, []byte("x")); err != nil {
		r.Error(err)
	}
}

// forgetCalls lets want count from here on.
func (r *readerTest) forgetCalls() {
	if r.sel != nil {
		r.sel.calls = nil
	}
}

func doNothing() {}

// TestReaders is AddReader and its like, over each selector.
func TestReaders(t *testing.T) {
	t.Parallel()
	pairRow(t, "selev.007.add-reader-new", func(ctx context.Context, r *readerTest) {
		r.check(r.l.AddReader(r.fd, doNothing))
		r.want("read", "register read")
		r.removes(r.l.RemoveWriter, false)
		r.removes(r.l.RemoveReader, true)
	})
	pairRow(t, "selev.008.add-reader-replaces", func(ctx context.Context, r *readerTest) {
		var got []string
		r.check(r.l.AddWriter(r.fd, func() { got = append(got, "writer") }))
		r.check(r.l.AddReader(r.fd, func() { got = append(got, "old") }))
		r.want("read|write", "register write, modify read|write")
		r.feed()
		r.check(r.l.AddReader(r.fd, func() {
			got = append(got, "new")
			sock.Read(r.fd, make([]byte, 1))
		}))
		if r.registered() != "read|write" {
			r.Errorf("registered for %q", r.registered())
		}
		r.until(ctx, "the reader", func() bool { return strings.Contains(fmt.Sprint(got), "new") })
		if s := fmt.Sprint(got); strings.Contains(s, "old") || !strings.Contains(s, "writer") {
			r.Errorf("called: %s", s)
		}
	})
	pairRow(t, "selev.009.remove-reader-only-event", func(ctx context.Context, r *readerTest) {
		r.check(r.l.AddReader(r.fd, doNothing))
		r.removes(r.l.RemoveReader, true)
		r.want("", "register read, unregister")
		r.removes(r.l.RemoveReader, false)
	})
	pairRow(t, "selev.010.remove-reader-keeps-writer", func(ctx context.Context, r *readerTest) {
		wrote := 0
		r.check(r.l.AddReader(r.fd, doNothing))
		r.check(r.l.AddWriter(r.fd, func() { wrote++ }))
		r.forgetCalls()
		r.removes(r.l.RemoveReader, true)
		r.want("write", "modify write")
		r.until(ctx, "the writer", func() bool { return wrote > 0 })
	})
	pairRow(t, "selev.011.remove-reader-unknown", func(ctx context.Context, r *readerTest) {
		r.removes(r.l.RemoveReader, false)
		r.want("", "")
	})
	pairRow(t, "selev.012.add-writer-new", func(ctx context.Context, r *readerTest) {
		r.check(r.l.AddWriter(r.fd, doNothing))
		r.want("write", "register write")
		r.removes(r.l.RemoveReader, false)
		r.removes(r.l.RemoveWriter, true)
	})
	pairRow(t, "selev.013.remove-writer-only-event", func(ctx context.Context, r *readerTest) {
		r.check(r.l.AddWriter(r.fd, doNothing))
		r.removes(r.l.RemoveWriter, true)
		r.want("", "register write, unregister")
		r.removes(r.l.RemoveWriter, false)
	})
	pairRow(t, "selev.014.remove-writer-keeps-reader", func(ctx context.Context, r *readerTest) {
		read := 0
		r.check(r.l.AddReader(r.fd, func() { read++ }))
		r.check(r.l.AddWriter(r.fd, doNothing))
		r.forgetCalls()
		r.removes(r.l.RemoveWriter, true)
		r.want("read", "modify read")
		r.feed()
		r.until(ctx, "the reader", func() bool { return read > 0 })
	})
	pairRow(t, "selev.015.remove-writer-unknown", func(ctx context.Context, r *readerTest) {
		r.removes(r.l.RemoveWriter, false)
		r.want("", "")
	})
	pairRow(t, "selev.016a.event-read-queues-reader", func(ctx context.Context, r *readerTest) {
		called := 0
		r.check(r.l.AddReader(r.fd, func() { called++ }))
		r.passes(ctx)
		if called != 0 {
			r.Errorf("called %d times with nothing to read", called)
		}
		r.feed()
		r.until(ctx, "the reader", func() bool { return called > 1 }) // again and again
	})
	pairRow(t, "selev.016b.event-read-cancelled", func(ctx context.Context, r *readerTest) {
		removedAfterPoll(ctx, r, r.l.AddReader, r.l.RemoveReader, func(fd uintptr) {
			sock.Write(fd, []byte("x"))
		})
	})
	pairRow(t, "selev.017a.event-write-queues-writer", func(ctx context.Context, r *readerTest) {
		called := 0
		r.check(r.l.AddWriter(r.fd, func() { called++ }))
		r.until(ctx, "the writer", func() bool { return called > 1 })
	})
	pairRow(t, "selev.017b.event-write-cancelled", func(ctx context.Context, r *readerTest) {
		removedAfterPoll(ctx, r, r.l.AddWriter, r.l.RemoveWriter, func(uintptr) {})
	})
	pairRow(t, "events.008.reader-callback", func(ctx context.Context, r *readerTest) {
		var got []byte
		removed := false
		r.check(r.l.AddReader(r.fd, func() {
			p := make([]byte, 3)
			k, err := sock.Read(r.fd, p)
			r.check(err)
			got = append(got, p[:k]...)
			if k == 0 {
				r.removes(r.l.RemoveReader, true)
				removed = true
			}
		}))
		sock.Write(r.other, []byte("abc"))
		r.passes(ctx)
		sock.Write(r.other, []byte("defgh"))
		r.check(sock.ShutdownWrite(r.other))
		r.until(ctx, "the end", func() bool { return removed })
		if string(got) != "abcdefgh" {
			r.Errorf("got %q", got)
		}
	})
	pairRow(t, "events.009.writer-callback", func(ctx context.Context, r *readerTest) {
		var got []string
		arg := "argument"
		r.check(r.l.AddWriter(r.fd, func() { got = append(got, arg) }))
		r.until(ctx, "the writer", func() bool { return len(got) > 0 && got[0] == arg })
		r.removes(r.l.RemoveWriter, true)
		r.removes(r.l.RemoveWriter, false)
	})
	pairRow(t, "unix.065.add-reader-invalid", func(ctx context.Context, r *readerTest) {
		for what, err := range r.everyCall(^uintptr(0)) {
			if !errors.Is(err, asyncio.ErrInvalidArgument) || !strings.Contains(err.Error(), "-1 is no file descriptor") {
				r.Errorf("%s: %v", what, err)
			}
		}
		r.want("", "")
	})
	pairRow(t, "unix.066.add-reader-transport-fd", func(ctx context.Context, r *readerTest) {
		client, server := r.pair(ctx)
		fd := client.transport.GetExtraInfo("socket").(uintptr)
		text := fmt.Sprintf("file descriptor %d is used by transport %v", fd, client.transport)
		for what, err := range r.everyCall(fd) {
			var used *engine.UsedError
			if !errors.As(err, &used) || !strings.Contains(err.Error(), text) {
				r.Errorf("%s: %v, want %s", what, err, text)
			}
		}
		client.transport.Write([]byte("x")) // the transport has not suffered
		r.until(ctx, "the data", func() bool { return string(server.data) == "x" })
		client.transport.Abort()
		r.until(ctx, "the end", func() bool { return client.lost && server.lost })
		r.removes(func(uintptr) (bool, error) { return r.l.RemoveReader(fd) }, false)
	})
	pairRow(t, "reader-beside-writer", func(ctx context.Context, r *readerTest) {
		// A writer that comes and goes in every pass does not starve the reader.
		read, turns := 0, 0
		r.check(r.l.AddReader(r.fd, func() { read++ }))
		r.feed()
		var turn func()
		turn = func() {
			if turns++; turns > 50 {
				return
			}
			r.check(r.l.AddWriter(r.fd, doNothing))
			r.removes(r.l.RemoveWriter, true)
			r.l.CallSoon(turn)
		}
		turn()
		r.until(ctx, "the reader", func() bool { return read > 0 })
	})
}

// removedAfterPoll: two descriptors are ready; the callback of whichever comes
// first removes the other's, which then is not called and not registered.
func removedAfterPoll(ctx context.Context, r *readerTest, add func(uintptr, func()) error, remove func(uintptr) (bool, error), ready func(other uintptr)) {
	fd2, other2, err := sock.Pair()
	r.check(err)
	defer sock.Close(fd2)
	defer sock.Close(other2)
	ready(r.other)
	ready(other2)
	fds := []uintptr{r.fd, fd2}
	called := 0
	for i, fd := range fds {
		r.check(add(fd, func() {
			called++
			if had, err := remove(fds[1-i]); !had || err != nil {
				r.Errorf("removed %v, %v", had, err)
			}
			remove(fd)
		}))
	}
	r.until(ctx, "a callback", func() bool { return called > 0 })
	r.passes(ctx)
	if called != 1 {
		r.Errorf("%d callbacks called, want 1", called)
	}
	for _, fd := range fds {
		if i := r.interest(fd); i != "" {
			r.Errorf("descriptor %d is registered for %q", fd, i)
		}
	}
}

// TestLoopDescriptors is what the loop has of its own, and what is left of it.
func TestLoopDescriptors(t *testing.T) {
	t.Parallel()
	own := func(n *netTest) []uintptr {
		return asyncio.Engine(n.l).(interface{ Descriptors() []uintptr }).Descriptors()
	}
	netRow(t, "selev.003a.close-releases", func(n *netTest) {
		fds := own(n)
		if len(fds) == 0 {
			n.Fatal("a loop that cannot be woken")
		}
		sel := n.selector()
		if sel != nil {
			if _, err := sel.GetKey(fds[0]); err != nil {
				n.Errorf("the loop does not watch its wake-ups: %v", err)
			}
		}
		n.check(n.l.Close())
		if len(own(n)) != 0 || sel != nil && sel.GetMap().Len() != 0 {
			n.Errorf("left: %v", own(n))
		}
		if sel == nil {
			if _, err := n.l.(*asyncio.ProactorEventLoop).Proactor().Wait(0); !errors.Is(err, proactors.ErrClosed) {
				n.Errorf("the proactor is open: %v", err)
			}
		} else if _, err := sel.Select(0); !errors.Is(err, selectors.ErrClosed) {
			n.Errorf("the selector is open: %v", err)
		}
		n.check(n.l.Close())
	})
	netRow(t, "events.034.internal-fds", func(n *netTest) {
		n.run(func(ctx context.Context) {})
		if sel := n.selector(); sel != nil {
			if k := sel.GetMap().Len(); k != 1 {
				n.Errorf("%d descriptors registered, want the loop's own alone", k)
			}
		}
		n.check(n.l.Close())
		if len(own(n)) != 0 {
			n.Errorf("left: %v", own(n))
		}
	})
	netRow(t, "selev.003b.closed-refuses-fds", closedLoopRefuses)
	netRow(t, "events.044.add-fds-after-close", closedLoopRefuses)
	netRow(t, "events.043.remove-fds-after-close", func(n *netTest) {
		fd, other, err := sock.Pair()
		n.check(err)
		defer sock.Close(fd)
		defer sock.Close(other)
		n.check(n.l.AddReader(fd, doNothing))
		n.check(n.l.Close())
		for _, remove := range []func(uintptr) (bool, error){n.l.RemoveReader, n.l.RemoveWriter} {
			if had, err := remove(fd); had || err != nil {
				n.Errorf("removed %v, %v", had, err)
			}
		}
	})
	netRow(t, "selev.005b.wakeup-write-other-error", func(n *netTest) {
		n.check(n.l.Close())
		if _, err := n.l.CallSoonThreadsafe(doNothing); !errors.Is(err, asyncio.ErrLoopClosed) {
			n.Errorf("waking a closed loop: %v", err)
		}
	})
}

func closedLoopRefuses(n *netTest) {
	fd, other, err := sock.Pair()
	n.check(err)
	defer sock.Close(fd)
	defer sock.Close(other)
	n.check(n.l.Close())
	for what, err := range map[string]error{
		"AddReader": n.l.AddReader(fd, doNothing), "AddWriter": n.l.AddWriter(fd, doNothing), "RunForever": n.l.RunForever(),
	} {
		if !errors.Is(err, asyncio.ErrLoopClosed) {
			n.Errorf("%s: %v", what, err)
		}
	}
	if err := n.l.RunUntilComplete(asyncio.NewFuture[int](n.l)); !errors.Is(err, asyncio.ErrLoopClosed) {
		n.Errorf("RunUntilComplete: %v", err)
	}
}
