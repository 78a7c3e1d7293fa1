package asyncio

import (
	"strings"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// watching is the part of a loop that calls users when their descriptors are
// ready.
type watching struct {
	watches map[uintptr]*fdWatch // by descriptor; looked up, never walked
	users   map[uintptr]fdUser   // the descriptors that are watched for others
}

// fdUser is who has a descriptor watched for a call that waits.
type fdUser interface {
	engine.Completer
	unwatched()   // the engine watches it no more, for the loop is closed or another user came
	giveUp() bool // has it watched no more, unless a call waits
}

// watchFor has the engine watch a descriptor for a call that waits, or no more if mask is
// 0. With an error nothing is watched. Loop only.
func (l *baseLoop) watchFor(fd uintptr, mask engine.Mask, u fdUser) error {
	if l.watches[fd] != nil {
		return &engine.UsedError{FD: fd, By: engine.Elsewhere("AddReader or AddWriter: remove the callback first")}
	}
	switch old := l.users[fd]; {
	case mask == 0 && old != u:
		return nil // it is another one's by now
	case old != nil && old != u:
		old.unwatched()
	}
	err := l.eng.Watch(fd, mask, u)
	switch {
	case mask == 0 || err != nil:
		delete(l.users, fd)
	case l.users == nil:
		l.users = map[uintptr]fdUser{fd: u}
	default:
		l.users[fd] = u
	}
	return err
}

// forgetWatches is for the loop's close.
func (l *baseLoop) forgetWatches() {
	for _, u := range l.users { // in no order: nobody hears of it
		u.unwatched()
	}
	l.watches, l.users = nil, nil
}

// fdWatch is a descriptor with its reader and writer.
type fdWatch struct {
	loop           *baseLoop
	reader, writer func()
	writers        uint // counts the writers that there have been
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
// first; it may replace or remove the writer, which then is not called.
func (w *fdWatch) Complete(ev uint64) {
	w.loop.core.Runs(w) // the engine's own Completer says nothing to users
	read, writers := w.reader, w.writers
	if read != nil && engine.Mask(ev)&engine.Read != 0 {
		read()
	}
	if write := w.writer; write != nil && w.writers == writers && engine.Mask(ev)&engine.Write != 0 {
		write()
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

// AddReader implements Watcher.
func (l *baseLoop) AddReader(fd uintptr, f func()) error {
	if f == nil {
		return invalid("AddReader", "the callback is nil")
	}
	_, err := l.rewatch("AddReader", fd, engine.Read, f)
	return err
}

// RemoveReader implements Watcher.
func (l *baseLoop) RemoveReader(fd uintptr) (bool, error) {
	return l.rewatch("RemoveReader", fd, engine.Read, nil)
}

// AddWriter implements Watcher.
func (l *baseLoop) AddWriter(fd uintptr, f func()) error {
	if f == nil {
		return invalid("AddWriter", "the callback is nil")
	}
	_, err := l.rewatch("AddWriter", fd, engine.Write, f)
	return err
}

// RemoveWriter implements Watcher.
func (l *baseLoop) RemoveWriter(fd uintptr) (bool, error) {
	return l.rewatch("RemoveWriter", fd, engine.Write, nil)
}

// rewatch sets the callback of one direction of a descriptor, or removes it if f
// is nil, and reports whether there was one.
func (l *baseLoop) rewatch(op string, fd uintptr, dir engine.Mask, f func()) (had bool, err error) {
	hold, err := l.acquireClosed(op)
	if err != nil {
		return false, err
	}
	defer hold.Leave()
	if int(fd) < 0 {
		return false, invalid(op, "%d is no file descriptor", int(fd))
	}
	if l.IsClosed() {
		if f == nil {
			return false, nil
		}
		return false, opError(op, ErrLoopClosed)
	}
	if u := l.users[fd]; u != nil && !u.giveUp() {
		return false, invalid(op, "a Sock call waits for descriptor %d: cancel it first", fd)
	}
	w := l.watches[fd]
	if w == nil {
		if f == nil {
			return false, l.notWatched(op, fd)
		}
		w = &fdWatch{loop: l}
	}
	if had, err = w.set(fd, dir, f); err != nil {
		w.reader, w.writer = nil, nil
		err = opError(op, err)
	}
	if w.mask() == 0 {
		delete(l.watches, fd)
		return had, err
	}
	if l.watches == nil {
		l.watches = map[uintptr]*fdWatch{}
	}
	l.watches[fd] = w
	return had, err
}

// notWatched is the error of a removal where there is nothing to remove: none,
// unless the descriptor is a transport's or a server's.
func (l *baseLoop) notWatched(op string, fd uintptr) error {
	if err := l.eng.Watch(fd, 0, nil); err != nil {
		return opError(op, err)
	}
	return nil
}

// set changes one direction; what the poll has found for the other one stays. A
// callback that takes the place of another is added anew, so that it does not get
// what was found for the old one.
func (w *fdWatch) set(fd uintptr, dir engine.Mask, f func()) (had bool, err error) {
	slot := &w.reader
	if dir == engine.Write {
		slot = &w.writer
		w.writers++
	}
	had = *slot != nil
	if had {
		*slot = nil
		if err := w.loop.eng.Watch(fd, w.mask(), w); err != nil {
			return false, err
		}
	}
	if f == nil {
		return had, nil
	}
	*slot = f
	return had, w.loop.eng.Watch(fd, w.mask(), w)
}
