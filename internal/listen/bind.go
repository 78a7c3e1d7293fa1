package listen

import (
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// Options are those of the sockets that a Binder makes.
type Options struct {
	ReuseAddr bool // SO_REUSEADDR
	ReusePort bool // SO_REUSEPORT
	KeepAlive bool // SO_KEEPALIVE, which most systems give to what is accepted, too
}

// ReusePortError says that a system has no SO_REUSEPORT.
type ReusePortError struct{ Err error }

// Error describes the error.
func (e *ReusePortError) Error() string {
	return "reuse_port is not supported by this system: " + e.Err.Error()
}

// Unwrap returns what the system said.
func (e *ReusePortError) Unwrap() error { return e.Err }

// Binder collects the sockets of one server. They are its own until they are taken; Close
// closes the others.
type Binder struct {
	Sockets engine.Sockets
	Options Options
	Skipped func(addr sock.Addr, err error) // hears of addresses that this machine does not have

	bound   []Bound
	skipped []sock.Addr
}

// Bound is a socket that has its address.
type Bound struct {
	FD   uintptr
	File engine.SocketFile // what its name has made, to be removed with it; or nil
}

// Add adds a socket that is bound already.
func (b *Binder) Add(s Bound) { b.bound = append(b.bound, s) }

// Take gives the first socket to the caller; false if there is none.
func (b *Binder) Take() (s Bound, ok bool) {
	if len(b.bound) == 0 {
		return Bound{FD: sock.Invalid}, false
	}
	s = b.bound[0]
	b.bound = b.bound[1:]
	return s, true
}

// Close closes the sockets that were not taken.
func (b *Binder) Close() { b.drop(0) }

// drop closes the sockets from number k on, and removes their files.
func (b *Binder) drop(k int) {
	for _, s := range b.bound[k:] {
		_ = b.Sockets.Close(s.FD)
		if s.File != nil {
			_ = s.File.Remove() // the reason for which they are dropped is told
		}
	}
	b.bound = b.bound[:k]
}

// Err is the error of having no socket at all.
func (b *Binder) Err() error {
	if len(b.bound) > 0 {
		return nil
	}
	return fmt.Errorf("could not bind on any address out of %v: %w", b.skipped, AddrNotAvailable)
}

// portTries is how often a port that the system picked for the first address of
// a host is tried on the others before that is given up.
const portTries = 16

// Bind binds a socket to each address of one host, or to a path. Where the port is the
// system's to pick, it is the same for all.
func (b *Binder) Bind(addrs []sock.Addr) error {
	before := len(b.bound)
	for try := 1; ; try++ {
		err := b.bindEach(addrs)
		if err == nil || !errors.Is(err, AddrInUse) || len(b.bound) == before || try == portTries || addrs[0].Port() != 0 {
			return err
		}
		b.drop(before)
	}
}

// bindEach binds a socket to each address, with the port of the first.
func (b *Binder) bindEach(addrs []sock.Addr) error {
	var port uint16
	for _, a := range addrs {
		if a.Port() == 0 {
			a = a.WithPort(port)
		}
		s, err := b.bind(a)
		switch {
		case err != nil:
			return err
		case s.FD == sock.Invalid:
			continue
		}
		b.Add(s)
		if port == 0 && a.Family() != sock.Unix {
			bound, err := b.Sockets.LocalAddr(s.FD)
			if err != nil {
				return err
			}
			port = bound.Port()
		}
	}
	return nil
}

// bind makes one socket. Its descriptor is sock.Invalid for an address that this machine
// does not have, or of such a family.
func (b *Binder) bind(a sock.Addr) (Bound, error) {
	none := Bound{FD: sock.Invalid}
	fd, err := b.Sockets.Open(a.Family(), sock.Stream)
	if err != nil {
		if sock.OutOfDescriptors(err) || a.Family() == sock.Unix {
			return none, fmt.Errorf("socket for %v: %w", a, err)
		}
		b.skip(a, err)
		return none, nil
	}
	if err := b.prepare(fd, a); err != nil {
		_ = b.Sockets.Close(fd)
		return none, err
	}
	s := Bound{FD: fd}
	if a.Family() == sock.Unix {
		s.File, err = b.Sockets.BindFile(fd, a)
	} else {
		err = b.Sockets.Bind(fd, a)
	}
	if err == nil {
		return s, nil
	}
	_ = b.Sockets.Close(fd)
	if errors.Is(err, AddrNotAvailable) && a.Family() != sock.Unix {
		b.skip(a, err)
		return none, nil
	}
	return none, fmt.Errorf("error while attempting to bind on address %v: %w", a, err)
}

// skip passes over an address.
func (b *Binder) skip(a sock.Addr, err error) {
	b.skipped = append(b.skipped, a)
	if b.Skipped != nil {
		b.Skipped(a, err)
	}
}

// prepare sets the options of a socket that is to be bound.
func (b *Binder) prepare(fd uintptr, a sock.Addr) error {
	set := func(on bool, opt engine.Option, what string) error {
		if !on {
			return nil
		}
		if err := b.Sockets.SetOption(fd, opt, 1); err != nil {
			return fmt.Errorf("%s for %v: %w", what, a, err)
		}
		return nil
	}
	if a.Family() == sock.Unix {
		return nil
	}
	if err := set(b.Options.ReuseAddr, engine.ReuseAddr, "reuse_address"); err != nil {
		return err
	}
	if b.Options.ReusePort {
		if err := b.Sockets.SetOption(fd, engine.ReusePort, 1); err != nil {
			return &ReusePortError{err}
		}
	}
	if err := set(b.Options.KeepAlive, engine.KeepAlive, "keep_alive"); err != nil {
		return err
	}
	// IPv4 has a socket of its own, on every system alike.
	return set(a.Family() == sock.Inet6, engine.IPv6Only, "IPv6 only")
}
