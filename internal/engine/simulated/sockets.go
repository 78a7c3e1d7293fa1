package simulated

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// sockets are those of an engine's host.
type sockets struct{ e *Engine }

// with does something with a socket, with the lock held.
func (k sockets) with(fd uintptr, do func(*socket) error) error {
	n := k.e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if k.e.crashed.Load() {
		return ErrCrashed
	}
	s, err := k.e.host.socket(fd)
	if err != nil {
		return err
	}
	return do(s)
}

// wildcard is the address for all of a family.
func wildcard(f sock.Family) netip.Addr {
	if f == sock.Inet6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// Open implements engine.Sockets.
func (k sockets) Open(family sock.Family, typ sock.Type) (uintptr, error) {
	n := k.e.host.network
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case k.e.crashed.Load():
		return sock.Invalid, ErrCrashed
	case typ != sock.Stream && typ != sock.Datagram:
		return sock.Invalid, fmt.Errorf("%w: a simulated host has no sockets of type %v", errors.ErrUnsupported, typ)
	case family != sock.Inet4 && family != sock.Inet6 && family != sock.Unix:
		return sock.Invalid, errFamily
	}
	return k.e.host.open(family, typ).fd, nil
}

// Adopt implements engine.Sockets.
func (k sockets) Adopt(fd uintptr) (typ sock.Type, err error) {
	err = k.with(fd, func(s *socket) error { typ = s.typ; return nil })
	return typ, err
}

// Bind implements engine.Sockets.
func (k sockets) Bind(fd uintptr, addr sock.Addr) error {
	return k.with(fd, func(s *socket) error {
		if s.family == sock.Unix {
			return s.bindUnix(addr, false)
		}
		return s.bind(addr)
	})
}

// BindFile implements engine.Sockets.
func (k sockets) BindFile(fd uintptr, addr sock.Addr) (file engine.SocketFile, err error) {
	err = k.with(fd, func(s *socket) error {
		if s.family != sock.Unix {
			return s.bind(addr)
		}
		if err := s.bindUnix(addr, true); err != nil {
			return err
		}
		file = s.file()
		return nil
	})
	return file, err
}

// FileOf implements engine.Sockets.
func (k sockets) FileOf(fd uintptr) (file engine.SocketFile, err error) {
	err = k.with(fd, func(s *socket) error { file = s.file(); return nil })
	return file, err
}

// PeerCredentials implements engine.Sockets: every program of a host is the same user's, and
// none has a number.
func (k sockets) PeerCredentials(fd uintptr) (c sock.Credentials, err error) {
	err = k.with(fd, func(s *socket) error {
		switch {
		case s.family != sock.Unix:
			return errOperation
		case s.end == nil:
			return errNotOpen
		}
		return nil
	})
	if err != nil {
		return sock.Credentials{PID: -1, UID: -1, GID: -1}, err
	}
	return sock.Credentials{PID: -1, UID: 1000, GID: 1000}, nil
}

// Listen implements engine.Sockets.
func (k sockets) Listen(fd uintptr, backlog int) error {
	return k.with(fd, func(s *socket) error { return s.listen(backlog) })
}

// SetOption implements engine.Sockets.
func (k sockets) SetOption(fd uintptr, opt engine.Option, value int) error {
	return k.with(fd, func(s *socket) error {
		on := value != 0
		switch opt {
		case engine.ReuseAddr:
			s.reuseAddr = on
		case engine.ReusePort:
			s.reusePort = on
		case engine.IPv6Only:
			if s.family != sock.Inet6 || s.bound.ip.IsValid() {
				return errInvalid
			}
			s.v6only = on
		case engine.NoDelay, engine.KeepAlive:
			if s.typ != sock.Stream || s.family == sock.Unix {
				return errOperation
			}
			if opt == engine.KeepAlive {
				s.setKeepAlive(on)
			}
		default:
			return s.setGramOption(opt, value)
		}
		return nil
	})
}

// SetLinger has Close end a connection by a reset, if seconds is 0; others it does not
// have.
func (k sockets) SetLinger(fd uintptr, seconds int) error {
	return k.with(fd, func(s *socket) error {
		if seconds != 0 {
			return fmt.Errorf("%w: Close of a simulated socket does not wait", errors.ErrUnsupported)
		}
		s.abrupt = true
		return nil
	})
}

// JoinGroup implements engine.Sockets.
func (k sockets) JoinGroup(fd uintptr, group sock.Addr, iface int) error {
	return k.with(fd, func(s *socket) error { return s.join(group, iface) })
}

// LeaveGroup implements engine.Sockets.
func (k sockets) LeaveGroup(fd uintptr, group sock.Addr, iface int) error {
	return k.with(fd, func(s *socket) error { return s.leaveGroup(group, iface) })
}

// LocalAddr implements engine.Sockets.
func (k sockets) LocalAddr(fd uintptr) (a sock.Addr, err error) {
	err = k.with(fd, func(s *socket) error { a = s.localAddr(); return nil })
	return a, err
}

// RemoteAddr implements engine.Sockets.
func (k sockets) RemoteAddr(fd uintptr) (a sock.Addr, err error) {
	err = k.with(fd, func(s *socket) error {
		switch {
		case s.grams != nil && s.grams.remote.IsValid():
			a = s.grams.remote
		case s.end != nil && s.end.state == open:
			a = s.end.remote
		default:
			return errNotOpen
		}
		return nil
	})
	return a, err
}

// Take implements engine.Sockets.
func (k sockets) Take(fd uintptr) (typ sock.Type, err error) {
	err = k.with(fd, func(s *socket) error {
		if s.held {
			return &engine.UsedError{FD: fd, By: engine.HeldElsewhere}
		}
		if s.source != nil {
			return &engine.UsedError{FD: fd, By: engine.WatchedElsewhere}
		}
		s.held, typ = true, s.typ
		return nil
	})
	return typ, err
}

// Untake implements engine.Sockets.
func (k sockets) Untake(fd uintptr) {
	_ = k.with(fd, func(s *socket) error { s.held = false; return nil })
}

// TakePipe implements engine.Sockets: there are no files of the system's here.
func (k sockets) TakePipe(f *os.File, dir engine.Mask) (uintptr, error) {
	err := fmt.Errorf("%w: %s is a file of the system's, which simulated host %q cannot wait for: connect over its loop instead",
		errors.ErrUnsupported, f.Name(), k.e.host.name)
	if f != os.Stdin && f != os.Stdout && f != os.Stderr {
		if closing := f.Close(); errors.Is(closing, os.ErrClosed) {
			err = closing
		}
	}
	return sock.Invalid, err
}

// Close implements engine.Sockets.
func (k sockets) Close(fd uintptr) error {
	err := k.with(fd, func(s *socket) error { s.close(); return nil })
	if errors.Is(err, ErrCrashed) {
		return nil // it is gone
	}
	return err
}
