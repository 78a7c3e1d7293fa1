package sock

// Ends are the addresses of a connection's two ends, kept for as long as it lives and so
// kept small: what only unix sockets have takes a word of others. The zero Ends are none.
type Ends struct {
	local, remote inetPart
	unix          *unixPart // nil, or what there is of it
}

// inetPart is an Addr without its path.
type inetPart struct {
	family Family
	port   uint16
	scope  uint32
	ip     [16]byte
}

// unixPart is what Ends have of unix sockets.
type unixPart struct {
	peer  Credentials
	paths *paths // nil if both are empty
}

// paths are those of both ends.
type paths struct{ local, remote string }

// nobody is who is not known at all.
var nobody = Credentials{PID: -1, UID: -1, GID: -1}

// Local returns the address of this end.
func (e *Ends) Local() Addr {
	a := e.local.addr()
	if e.unix != nil && e.unix.paths != nil {
		a.path = e.unix.paths.local
	}
	return a
}

// Remote returns the address of the other end.
func (e *Ends) Remote() Addr {
	a := e.remote.addr()
	if e.unix != nil && e.unix.paths != nil {
		a.path = e.unix.paths.remote
	}
	return a
}

// Peer returns who is at the other end, nil if that is not known.
func (e *Ends) Peer() *Credentials {
	if e.unix == nil || e.unix.peer == nobody {
		return nil
	}
	return &e.unix.peer
}

// SetLocal sets the address of this end.
func (e *Ends) SetLocal(a Addr) {
	e.local = a.inetPart()
	e.setPath(a.path, func(p *paths) *string { return &p.local })
}

// SetRemote sets the address of the other end.
func (e *Ends) SetRemote(a Addr) {
	e.remote = a.inetPart()
	e.setPath(a.path, func(p *paths) *string { return &p.remote })
}

// setPath sets one of the paths, for which there is room only if one has been set.
func (e *Ends) setPath(path string, which func(*paths) *string) {
	if path == "" && (e.unix == nil || e.unix.paths == nil) {
		return
	}
	u := e.unixPart()
	if u.paths == nil {
		u.paths = new(paths)
	}
	*which(u.paths) = path
}

// SetPeer says who is at the other end.
func (e *Ends) SetPeer(c Credentials) { e.unixPart().peer = c }

// unixPart returns what there is of unix sockets, made if there is none.
func (e *Ends) unixPart() *unixPart {
	if e.unix == nil {
		e.unix = &unixPart{peer: nobody}
	}
	return e.unix
}

// inetPart returns the address without its path.
func (a Addr) inetPart() inetPart { return inetPart{a.family, a.port, a.scope, a.ip} }

// addr returns the address that has no path.
func (p inetPart) addr() Addr { return Addr{family: p.family, port: p.port, scope: p.scope, ip: p.ip} }
