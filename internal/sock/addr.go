package sock

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// Addr is the address of a socket: IP address and port, or the path of a
// unix socket. It is a value, comparable, free of pointers into the system,
// and close enough to the kernel's own form that its use in a call allocates
// nothing where the system's calls are made directly. The zero Addr is no
// address.
type Addr struct {
	family Family
	port   uint16
	scope  uint32   // the IPv6 zone, as an interface number
	ip     [16]byte // IPv4: the first four bytes
	path   string   // unix: the path; an abstract name begins with NUL
}

// RawAddr is room for any address in the kernel's own form (struct sockaddr).
type RawAddr struct {
	_ [0]uint64 // aligned as the kernel's structures are
	B [128]byte
}

// InetAddr returns the Addr of an IP address and port. An IPv6 zone is the
// name or the number of an interface; a name that no interface of this machine
// has is an error. An IPv4 address in IPv6 form stays IPv6.
func InetAddr(ap netip.AddrPort) (Addr, error) {
	ip := ap.Addr()
	switch {
	case ip.Is4():
		a := Addr{family: Inet4, port: ap.Port()}
		b := ip.As4()
		copy(a.ip[:], b[:])
		return a, nil
	case ip.Is6():
		scope, err := scopeOf(ip.Zone())
		if err != nil {
			return Addr{}, &net.AddrError{Err: err.Error(), Addr: ap.String()}
		}
		return Addr{family: Inet6, port: ap.Port(), scope: scope, ip: ip.As16()}, nil
	}
	return Addr{}, &net.AddrError{Err: "not an IP address", Addr: ap.String()}
}

// UnixAddr returns the Addr of a unix socket's path. A leading '@' or NUL
// makes it a name in Linux's abstract namespace. The empty path asks bind for
// a name that the system picks. A path that is too long for the system, or has
// a NUL inside, is a [*UnixPathError].
func UnixAddr(path string) (Addr, error) {
	limit := sunPathLen - 1 // a path ends with a NUL in the kernel's form
	name := path
	if abstractNames && path != "" && (path[0] == '@' || path[0] == 0) {
		path = "\x00" + path[1:]
		name, limit = path[1:], sunPathLen
	}
	switch {
	case strings.IndexByte(name, 0) >= 0:
		return Addr{}, &UnixPathError{Path: path}
	case len(path) > limit:
		return Addr{}, &UnixPathError{Path: path, Limit: limit}
	}
	return Addr{family: Unix, path: path}, nil
}

// UnixPathError says why a path cannot be that of a unix socket. It is a syscall.EINVAL,
// as the system would have said.
type UnixPathError struct {
	Path  string
	Limit int // how many bytes there is room for, if it is too long; 0: a byte of it is zero
}

// Error describes the error, without the path.
func (e *UnixPathError) Error() string {
	if e.Limit == 0 {
		return "the path of a unix socket has no zero byte"
	}
	return fmt.Sprintf("too long for the path of a unix socket: %d bytes, and the system has room for %d", len(e.Path), e.Limit)
}

// Unwrap returns syscall.EINVAL.
func (e *UnixPathError) Unwrap() error { return syscall.EINVAL }

// AddrOf returns the Addr of a *net.TCPAddr, *net.UDPAddr or *net.UnixAddr. An
// IPv4 address in any form becomes Inet4 (In brings it into a socket's
// family), no IP address at all the IPv4 wildcard. Other kinds of net.Addr are
// errors.
func AddrOf(na net.Addr) (Addr, error) {
	switch na := na.(type) {
	case *net.TCPAddr:
		if na == nil {
			return Addr{}, errNilAddr
		}
		return addrOfIP(na, na.IP, na.Zone, na.Port)
	case *net.UDPAddr:
		if na == nil {
			return Addr{}, errNilAddr
		}
		return addrOfIP(na, na.IP, na.Zone, na.Port)
	case *net.UnixAddr:
		if na == nil {
			return Addr{}, errNilAddr
		}
		return UnixAddr(na.Name)
	case nil:
		return Addr{}, errNilAddr
	}
	return Addr{}, &net.AddrError{Err: "unsupported kind of address " + na.Network(), Addr: na.String()}
}

var errNilAddr = errors.New("nil address")

func addrOfIP(na net.Addr, ip net.IP, zone string, port int) (Addr, error) {
	if port < 0 || port > 0xffff {
		return Addr{}, &net.AddrError{Err: "port out of range", Addr: na.String()}
	}
	if len(ip) == 0 {
		return Addr{family: Inet4, port: uint16(port)}, nil
	}
	a, ok := netip.AddrFromSlice(ip)
	if !ok {
		return Addr{}, &net.AddrError{Err: "not an IP address", Addr: na.String()}
	}
	return InetAddr(netip.AddrPortFrom(a.Unmap().WithZone(zone), uint16(port)))
}

// IsValid reports whether a is an address at all.
func (a Addr) IsValid() bool { return a.family != 0 }

// Family returns the address family, 0 of the zero Addr.
func (a Addr) Family() Family { return a.family }

// Port returns the port, 0 of a unix address.
func (a Addr) Port() uint16 { return a.port }

// WithPort returns a with another port.
func (a Addr) WithPort(port uint16) Addr { a.port = port; return a }

// Path returns the path of a unix address, "" of others. An abstract name begins
// with '@', as package net writes it.
func (a Addr) Path() string {
	if strings.HasPrefix(a.path, "\x00") {
		return "@" + a.path[1:]
	}
	return a.path
}

// Unnamed returns the address that a socket of a's family has without a name: a wildcard,
// or the empty path.
func (a Addr) Unnamed() Addr { return Addr{family: a.family} }

// ScopeID returns the number of an IPv6 address's zone, 0 without one.
func (a Addr) ScopeID() uint32 { return a.scope }

// AddrPort returns IP address and port, with the zone by its interface's name
// if it has one; the zero AddrPort of a unix address.
func (a Addr) AddrPort() netip.AddrPort {
	switch a.family {
	case Inet4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a.ip[:4])), a.port)
	case Inet6:
		ip := netip.AddrFrom16(a.ip)
		if a.scope != 0 {
			ip = ip.WithZone(zones.name(a.scope))
		}
		return netip.AddrPortFrom(ip, a.port)
	}
	return netip.AddrPort{}
}

// NetAddr returns the address as a socket of type t has it in package net: a
// *net.TCPAddr, *net.UDPAddr or *net.UnixAddr; nil of the zero Addr.
func (a Addr) NetAddr(t Type) net.Addr {
	switch {
	case a.family == 0:
		return nil
	case a.family == Unix:
		network := "unix"
		switch t {
		case Datagram:
			network = "unixgram"
		case SeqPacket:
			network = "unixpacket"
		}
		return &net.UnixAddr{Name: a.Path(), Net: network}
	case t == Datagram:
		return net.UDPAddrFromAddrPort(a.AddrPort())
	}
	return net.TCPAddrFromAddrPort(a.AddrPort())
}

// String returns host:port, or the path of a unix address.
func (a Addr) String() string {
	switch a.family {
	case 0:
		return "invalid address"
	case Unix:
		return a.Path()
	}
	return a.AddrPort().String()
}

// In returns a in the form that a socket of family f takes: an IPv4 address
// for an IPv6 socket becomes the IPv6 form of it, and back. It reports false
// if there is no such form.
func (a Addr) In(f Family) (Addr, bool) {
	switch {
	case a.family == f:
		return a, f != 0
	case a.family == Inet4 && f == Inet6:
		b := Addr{family: Inet6, port: a.port, ip: [16]byte{10: 0xff, 11: 0xff}}
		// The wildcard stays the wildcard: "any address", not "any IPv4 address".
		if ip := [4]byte(a.ip[:4]); ip == [4]byte{} {
			b.ip = [16]byte{}
		} else {
			copy(b.ip[12:], ip[:])
		}
		return b, true
	case a.family == Inet6 && f == Inet4:
		ip := netip.AddrFrom16(a.ip)
		if ip.IsUnspecified() {
			return Addr{family: Inet4, port: a.port}, true
		}
		if !ip.Is4In6() {
			return Addr{}, false
		}
		b := Addr{family: Inet4, port: a.port}
		copy(b.ip[:], a.ip[12:])
		return b, true
	}
	return Addr{}, false
}

// Encode writes the kernel's form of a into raw and returns its length, 0 of
// the zero Addr. It allocates nothing.
func (a *Addr) Encode(raw *RawAddr) int {
	b := raw.B[:]
	n := 0
	switch a.family {
	case Inet4:
		n = sizeofInet4
		clear(b[:n])
		binary.BigEndian.PutUint16(b[2:], a.port)
		copy(b[4:8], a.ip[:4])
		putFamily(b, afInet4, n)
	case Inet6:
		n = sizeofInet6
		clear(b[:n])
		binary.BigEndian.PutUint16(b[2:], a.port)
		copy(b[8:24], a.ip[:])
		binary.NativeEndian.PutUint32(b[24:], a.scope)
		putFamily(b, afInet6, n)
	case Unix:
		copy(b[2:], a.path)
		n = 2 + len(a.path)
		if a.path != "" && a.path[0] != 0 {
			b[n] = 0
			n++
		}
		putFamily(b, afUnix, n)
	}
	return n
}

// Decode returns the address whose kernel form is b, which is as long as the
// kernel said. What it does not know gives the zero Addr.
func Decode(b []byte) Addr {
	if len(b) < 2 {
		return Addr{}
	}
	switch family := getFamily(b); {
	case family == afInet4 && len(b) >= 8:
		a := Addr{family: Inet4, port: binary.BigEndian.Uint16(b[2:])}
		copy(a.ip[:4], b[4:8])
		return a
	case family == afInet6 && len(b) >= 24:
		a := Addr{family: Inet6, port: binary.BigEndian.Uint16(b[2:])}
		copy(a.ip[:], b[8:24])
		if len(b) >= 28 {
			a.scope = binary.NativeEndian.Uint32(b[24:])
		}
		return a
	case family == afUnix:
		return Addr{family: Unix, path: unixPath(b[2:])}
	}
	return Addr{}
}

// DecodePadded is Decode for an address with zeros behind it, of which nobody knows how
// many are its own: an abstract name that ends with zeros loses them.
func DecodePadded(b []byte) Addr {
	if len(b) > 2 && getFamily(b) == afUnix {
		b = b[:2+len(bytes.TrimRight(b[2:], "\x00"))]
	}
	return Decode(b)
}

// unixPath reads the path of a struct sockaddr_un. An abstract name begins
// with NUL and is as long as the structure says; a path ends at the first NUL.
func unixPath(p []byte) string {
	if len(p) > 0 && p[0] == 0 && abstractNames {
		return string(p)
	}
	for i, c := range p {
		if c == 0 {
			return string(p[:i])
		}
	}
	return string(p)
}

// scopeOf returns the number of an IPv6 zone that is given by name or number.
func scopeOf(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, ok := zones.index(zone); ok {
		return n, nil
	}
	n, err := strconv.ParseUint(zone, 10, 32)
	if err != nil {
		return 0, errors.New("no interface named " + strconv.Quote(zone))
	}
	return uint32(n), nil
}
