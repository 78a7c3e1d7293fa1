package asynciotest

import (
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
)

var descriptorCases = []behaviour{
	{"events.008.reader-callback", func(e *env) {
		l := e.loop()
		e.guard(l)
		a, b := e.connPair(l)
		fd := e.fd(b)
		var got strings.Builder
		buf := make([]byte, 3)
		e.must(l.AddReader(fd, func() {
			n, err := b.Read(buf)
			got.Write(buf[:n])
			if err == nil {
				return
			}
			removed, err := l.RemoveReader(fd)
			e.must(err)
			want(e, "removed", removed, true)
			l.Stop()
		}))
		go func() {
			for _, s := range []string{"abc", "defgh", "i"} {
				if _, err := a.Write([]byte(s)); err != nil {
					e.Error(err)
				}
			}
			a.Close()
		}()
		e.must(l.RunForever())
		want(e, "read", got.String(), "abcdefghi")
		removed, err := l.RemoveReader(fd)
		e.must(err)
		want(e, "removed again", removed, false)
	}},
	{"events.009.writer-callback", func(e *env) {
		l := e.loop()
		e.guard(l)
		_, b := e.connPair(l)
		fd := e.fd(b)
		calls := 0
		e.must(l.AddWriter(fd, func() { calls++; l.Stop() }))
		e.must(l.RunForever())
		want(e, "calls", calls, 1)
		removed, err := l.RemoveWriter(fd)
		e.must(err)
		want(e, "removed", removed, true)
		removed, err = l.RemoveWriter(fd)
		e.must(err)
		want(e, "removed again", removed, false)
	}},
	{"events.043.remove-fds-after-close", func(e *env) {
		l := e.loop()
		_, b := e.connPair(l)
		fd := e.fd(b)
		e.must(l.AddReader(fd, func() {}))
		e.must(l.Close())
		for _, remove := range []func(uintptr) (bool, error){l.RemoveReader, l.RemoveWriter} {
			removed, err := remove(fd)
			e.must(err)
			want(e, "removed", removed, false)
		}
	}},
	{"events.044.add-fds-after-close", func(e *env) {
		l := e.loop()
		_, b := e.connPair(l)
		e.must(l.Close())
		e.wantIs(l.AddReader(e.fd(b), func() {}), asyncio.ErrLoopClosed)
		e.wantIs(l.AddWriter(e.fd(b), func() {}), asyncio.ErrLoopClosed)
	}},
	{"selev.007.add-reader-new", func(e *env) {
		w := e.watch()
		w.feed()
		w.readers(1)
		w.pass()
		w.saw("r1")
	}},
	{"selev.008.add-reader-replaces", func(e *env) {
		w := e.watch()
		w.feed()
		w.readers(1)
		w.writers(2)
		w.readers(3)
		w.pass()
		w.saw("r3 w2")
	}},
	{"selev.009.remove-reader-only-event", func(e *env) {
		w := e.watch()
		w.writers(1)
		want(e, "removed a reader where only a writer is", w.remove(w.l.RemoveReader), false)
		want(e, "the writer", w.remove(w.l.RemoveWriter), true)
		w.readers(1)
		want(e, "the reader", w.remove(w.l.RemoveReader), true)
		w.feed()
		w.pass()
		w.saw("")
	}},
	{"selev.010.remove-reader-keeps-writer", func(e *env) {
		w := e.watch()
		w.feed()
		w.readers(1)
		w.writers(2)
		want(e, "removed", w.remove(w.l.RemoveReader), true)
		w.pass()
		w.saw("w2")
	}},
	{"selev.011.remove-reader-unknown", func(e *env) {
		w := e.watch()
		want(e, "removed", w.remove(w.l.RemoveReader), false)
	}},
	{"selev.012.add-writer-new", func(e *env) {
		w := e.watch()
		w.feed()
		w.writers(1)
		w.pass()
		w.saw("w1")
	}},
	{"selev.013.remove-writer-only-event", func(e *env) {
		w := e.watch()
		w.readers(1)
		want(e, "removed a writer where only a reader is", w.remove(w.l.RemoveWriter), false)
		want(e, "the reader", w.remove(w.l.RemoveReader), true)
		w.writers(1)
		want(e, "the writer", w.remove(w.l.RemoveWriter), true)
		w.pass()
		w.saw("")
	}},
	{"selev.014.remove-writer-keeps-reader", func(e *env) {
		w := e.watch()
		w.feed()
		w.readers(1)
		w.writers(2)
		want(e, "removed", w.remove(w.l.RemoveWriter), true)
		w.pass()
		w.saw("r1")
	}},
	{"selev.015.remove-writer-unknown", func(e *env) {
		w := e.watch()
		want(e, "removed", w.remove(w.l.RemoveWriter), false)
	}},
	{"selev.016a.event-read-queues-reader", func(e *env) {
		w := e.watch()
		w.feed()
		order := ""
		e.soon(w.l, func() { order += "soon " })
		e.must(w.l.AddReader(w.fd, func() { order += "reader" }))
		w.pass()
		want(e, "order in the pass", order, "soon reader")
	}},
	{"selev.016b.event-read-cancelled", func(e *env) {
		w := e.watch()
		w.feed()
		w.readers(1)
		e.soon(w.l, func() { w.remove(w.l.RemoveReader) })
		w.pass() // the poll finds the reader ready; the callback before it removes it
		w.pass()
		w.saw("")
	}},
	{"selev.017a.event-write-queues-writer", func(e *env) {
		w := e.watch()
		order := ""
		e.soon(w.l, func() { order += "soon " })
		e.must(w.l.AddWriter(w.fd, func() { order += "writer" }))
		w.pass()
		want(e, "order in the pass", order, "soon writer")
	}},
	{"selev.017b.event-write-cancelled", func(e *env) {
		w := e.watch()
		w.writers(1)
		e.soon(w.l, func() { w.remove(w.l.RemoveWriter) })
		w.pass()
		w.pass()
		w.saw("")
	}},
	{"replaced-reader-does-not-get-the-old-event", func(e *env) {
		w := e.watch()
		w.feed()
		w.readers(1)
		e.soon(w.l, func() { w.readers(2) })
		w.pass()
		w.saw("")
		w.pass()
		w.saw("r2")
	}},
	{"toggling-the-writer-does-not-hold-up-the-reader", func(e *env) {
		w := e.watch()
		w.feed()
		read, passes := false, 0
		e.must(w.l.AddReader(w.fd, func() { read = true; w.remove(w.l.RemoveReader) }))
		var toggle func()
		toggle = func() {
			if passes++; passes > 200 || read {
				w.l.Stop()
				return
			}
			if passes%2 == 0 {
				w.remove(w.l.RemoveWriter)
			} else {
				e.must(w.l.AddWriter(w.fd, func() {}))
			}
			e.soon(w.l, toggle)
		}
		e.soon(w.l, toggle)
		e.must(w.l.RunForever())
		want(e, "the reader was called", read, true)
	}},
	{"reader-replaces-writer-of-the-same-pass", func(e *env) {
		w := e.watch()
		w.feed()
		w.writers(1)
		e.must(w.l.AddReader(w.fd, func() { w.remove(w.l.RemoveReader); w.writers(2) }))
		w.pass()
		w.saw("")
		w.pass()
		w.saw("w2")
	}},
	{"reader-removes-writer-of-the-same-pass", func(e *env) {
		w := e.watch()
		w.feed()
		e.must(w.l.AddReader(w.fd, func() { w.remove(w.l.RemoveWriter); w.remove(w.l.RemoveReader) }))
		w.writers(1)
		w.pass()
		w.saw("")
	}},
	{"descriptors-wait-for-a-bounded-number-of-passes", func(e *env) {
		w := e.watch()
		e.guard(w.l)
		// The bound that package asyncio states is 64 passes from one poll to the next. A
		// proactor's system may take a moment, besides, to say what is ready.
		over := func(passes int) bool { return passes > 100+2*64 }
		if b, err := asyncio.LoopBackend(w.l); err == nil && b.Kind == "proactor" {
			end := time.Now().Add(10 * time.Second)
			over = func(int) bool { return time.Now().After(end) }
		}
		seen, passes := false, 0
		e.must(w.l.AddReader(w.fd, func() { seen = true; w.remove(w.l.RemoveReader) }))
		var spin func()
		spin = func() {
			if passes++; passes == 100 {
				w.feed()
			}
			if seen || over(passes) {
				w.l.Stop()
				return
			}
			e.soon(w.l, spin)
		}
		e.soon(w.l, spin)
		e.must(w.l.RunForever())
		want(e, "a ready descriptor was seen", seen, true)
	}},
}

// readable waits until the system says that fd can be read: from then on, every
// poll finds it so.
func (e *env) readable(l asyncio.EventLoop, fd uintptr) {
	e.Helper()
	e.guard(l)
	e.must(l.AddReader(fd, l.Stop))
	e.must(l.RunForever())
	_, err := l.RemoveReader(fd)
	e.must(err)
}

// watched is a loop with a connection whose readers and writers write down that
// they ran.
type watched struct {
	e    *env
	l    asyncio.EventLoop
	peer outside
	fd   uintptr
	log  []string
}

func (e *env) watch() *watched {
	e.Helper()
	l := e.loop()
	a, b := e.connPair(l)
	return &watched{e: e, l: l, peer: a, fd: e.fd(b)}
}

// feed makes the descriptor readable, for good.
func (w *watched) feed() {
	w.e.Helper()
	_, err := w.peer.Write([]byte("x"))
	w.e.must(err)
	if !w.l.IsRunning() {
		w.e.readable(w.l, w.fd)
	}
}

func (w *watched) readers(n int) {
	w.e.Helper()
	w.e.must(w.l.AddReader(w.fd, func() { w.log = append(w.log, "r"+string(rune('0'+n))) }))
}

func (w *watched) writers(n int) {
	w.e.Helper()
	w.e.must(w.l.AddWriter(w.fd, func() { w.log = append(w.log, "w"+string(rune('0'+n))) }))
}

func (w *watched) remove(f func(uintptr) (bool, error)) bool {
	w.e.Helper()
	removed, err := f(w.fd)
	w.e.must(err)
	return removed
}

func (w *watched) pass() {
	w.e.Helper()
	w.e.pass(w.l)
}

// saw checks who ran since the last check.
func (w *watched) saw(wanted string) {
	w.e.Helper()
	want(w.e, "ran", strings.Join(w.log, " "), wanted)
	w.log = nil
}
