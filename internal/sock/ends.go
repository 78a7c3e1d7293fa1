package sock

// Ends are the addresses of a connection's two ends, kept for as long as it lives and so
// kept small: an address of IPv4 lies in it, and what others have besides is elsewhere and
// takes a word of it. The zero Ends are none.
type Ends struct {
	local, remote endPart
	more          *endsMore // nil, or what there is of it
}

// endPart is what every address has, and all of one of IPv4.
type endPart struct {
	family Family
	port   uint16
	short  [4]byte // IPv4: the address
}

// endsMore is what Ends have of other families, for both ends.
type endsMore struct {
	peer  Credentials
	paths *endPaths // nil if both are empty
	inet6 *[2]endInet6
}

// endPaths are those of both ends.
type endPaths [2]string

// endInet6 is what only an address of IPv6 has.
type endInet6 struct {
	ip    [16]byte
	scope uint32
}

// Which end it is, in what there is for both.
const (
	localEnd = iota
	remoteEnd
)

// nobody is who is not known at all.
var nobody = Credentials{PID: -1, UID: -1, GID: -1}

// Local returns the address of this end.
func (e *Ends) Local() Addr { return e.addr(e.local, localEnd) }

// Remote returns the address of the other end.
func (e *Ends) Remote() Addr { return e.addr(e.remote, remoteEnd) }

// Peer returns who is at the other end, nil if that is not known.
func (e *Ends) Peer() *Credentials {
	if e.more == nil || e.more.peer == nobody {
		return nil
	}
	return &e.more.peer
}

// SetLocal sets the address of this end.
func (e *Ends) SetLocal(a Addr) { e.set(&e.local, localEnd, a) }

// SetRemote sets the address of the other end.
func (e *Ends) SetRemote(a Addr) { e.set(&e.remote, remoteEnd, a) }

// SetPeer says who is at the other end.
func (e *Ends) SetPeer(c Credentials) { e.others().peer = c }

// addr puts an address together.
func (e *Ends) addr(p endPart, which int) Addr {
	a := Addr{family: p.family, port: p.port}
	switch {
	case p.family == Inet4:
		copy(a.ip[:], p.short[:])
	case e.more == nil:
	case p.family == Inet6 && e.more.inet6 != nil:
		long := &e.more.inet6[which]
		a.ip, a.scope = long.ip, long.scope
	case p.family == Unix && e.more.paths != nil:
		a.path = e.more.paths[which]
	}
	return a
}

// set takes an address apart. There is room for what only some have once one has had it.
func (e *Ends) set(p *endPart, which int, a Addr) {
	*p = endPart{family: a.family, port: a.port}
	switch a.family {
	case Inet4:
		copy(p.short[:], a.ip[:])
	case Inet6:
		m := e.others()
		if m.inet6 == nil {
			m.inet6 = new([2]endInet6)
		}
		m.inet6[which] = endInet6{a.ip, a.scope}
	case Unix:
		if a.path == "" && (e.more == nil || e.more.paths == nil) {
			return
		}
		m := e.others()
		if m.paths == nil {
			m.paths = new(endPaths)
		}
		m.paths[which] = a.path
	}
}

// others returns what there is of other families, made if there is nothing.
func (e *Ends) others() *endsMore {
	if e.more == nil {
		e.more = &endsMore{peer: nobody}
	}
	return e.more
}
