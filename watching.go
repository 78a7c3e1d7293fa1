package asyncio

import (
	"strings"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// watching is the part of a loop that calls users when their descriptors are
// ready.
type watching struct {
	watches map[uintptr]*fdWatch // by descriptor; looked up, never walked
}

// fdWatch is a descriptor with its reader and writer. A change of either makes a
// new one: what the poll has found for the old is not for the new.
type fdWatch struct {
	loop           *baseLoop
	reader, writer func()
}

func (w *fdWatch) mask() (m engine.Mask) {
	if w.reader != nil {
		m |= engine.Read
	}
	if w.writer != nil {
		m |= engine.Write
	}
	return m
}

// Complete calls what is there for each direction that is ready. The reader goes
// first; it may replace or remove the writer.
func (w *fdWatch) Complete(ev uint64) {
	read := w.reader
	if read != nil && engine.Mask(ev)&engine.Read != 0 {
		w.loop.fn = read
		read()
	}
	if write := w.writer; write != nil && engine.Mask(ev)&engine.Write != 0 {
		w.loop.fn = write
		write()
		if read != nil {
			w.loop.fn, w.loop.to = nil, w // not one of them alone has run
		}
	}
}

func (w *fdWatch) callbackName() string {
	var names []string
	for _, f := range []func(){w.reader, w.writer} {
		if f != nil {
			names = append(names, funcName(f))
		}
	}
	return strings.Join(names, ", ")
}

// AddReader calls f in each pass in which fd is readable, in place of an earlier
// reader. The descriptor stays the caller's, who removes the reader before
// closing it; on Windows it is a socket. Loop only. (loop.add_reader)
func (l *baseLoop) AddReader(fd uintptr, f func()) error {
	if f == nil {
		return invalid("add_reader", "the callback is nil")
	}
	_, err := l.rewatch("add_reader", fd, func(w *fdWatch) bool { w.reader = f; return true })
	return err
}

// RemoveReader ends what AddReader began and reports whether there was a reader;
// on a closed loop there is none. Loop only. (loop.remove_reader)
func (l *baseLoop) RemoveReader(fd uintptr) (bool, error) {
	return l.rewatch("remove_reader", fd, func(w *fdWatch) bool {
		had := w.reader != nil
		w.reader = nil
		return had
	})
}

// AddWriter calls f in each pass in which fd is writable, in place of an earlier
// writer. Loop only. (loop.add_writer)
func (l *baseLoop) AddWriter(fd uintptr, f func()) error {
	if f == nil {
		return invalid("add_writer", "the callback is nil")
	}
	_, err := l.rewatch("add_writer", fd, func(w *fdWatch) bool { w.writer = f; return true })
	return err
}

// RemoveWriter ends what AddWriter began and reports whether there was a writer;
// on a closed loop there is none. Loop only. (loop.remove_writer)
func (l *baseLoop) RemoveWriter(fd uintptr) (bool, error) {
	return l.rewatch("remove_writer", fd, func(w *fdWatch) bool {
		had := w.writer != nil
		w.writer = nil
		return had
	})
}

// rewatch changes the reader and writer of a descriptor.
func (l *baseLoop) rewatch(op string, fd uintptr, change func(*fdWatch) bool) (bool, error) {
	held, err := l.own(op)
	if err != nil {
		return false, err
	}
	if held {
		defer l.leave()
	}
	w := &fdWatch{loop: l}
	old := l.watches[fd]
	if old != nil {
		w.reader, w.writer = old.reader, old.writer
	}
	changed := change(w)
	if l.closed.Load() {
		if w.mask() != 0 {
			return false, opError(op, ErrLoopClosed)
		}
		return false, nil
	}
	if !changed && old == nil {
		return false, nil
	}
	if err := l.eng.Watch(fd, w.mask(), w); err != nil {
		delete(l.watches, fd)
		return false, opError(op, err)
	}
	// The old one may be about to be called for this pass.
	if old != nil {
		old.reader, old.writer = w.reader, w.writer
	}
	if w.mask() == 0 {
		delete(l.watches, fd)
	} else {
		if l.watches == nil {
			l.watches = map[uintptr]*fdWatch{}
		}
		l.watches[fd] = w
	}
	return changed, nil
}
