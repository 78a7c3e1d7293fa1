package engine

import (
	"os"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// Option is an option of a socket's. Its value is an int; that of a switch is 1 or 0.
type Option uint8

// The options that servers and connections set, all of them switches, and then those of
// datagram sockets.
const (
	ReuseAddr Option = iota // SO_REUSEADDR
	ReusePort               // SO_REUSEPORT
	IPv6Only                // IPV6_V6ONLY
	NoDelay                 // TCP_NODELAY
	KeepAlive               // SO_KEEPALIVE
	Broadcast               // SO_BROADCAST

	MulticastTTL       // IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS: hops, 0 to 255
	MulticastLoop      // IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP: a switch
	MulticastInterface // IP_MULTICAST_IF, IPV6_MULTICAST_IF: the interface's number, 0 for the system's choice

	UDPSegment // UDP_SEGMENT, Linux: bytes, 0 for off
	UDPGRO     // UDP_GRO, Linux: a switch; the Datagram must know of it (Coalesced)
	RecvErr    // IP_RECVERR, IPV6_RECVERR, Linux: a switch; the Datagram must know of it (ErrorQueue)
)

// Sockets makes sockets, and knows about them. The calls answer at once, with
// the errors of package sock. A simulated network has its own; so has a test
// that needs a call to fail.
type Sockets interface {
	Tries

	// Open makes a socket as the engine needs it (non-blocking), not
	// inherited by child processes.
	Open(family sock.Family, typ sock.Type) (uintptr, error)

	// Adopt makes a descriptor that was made elsewhere fit for the engine
	// and tells what it is. A descriptor that is no socket is an error.
	Adopt(fd uintptr) (sock.Type, error)

	// Bind gives a socket its own address.
	Bind(fd uintptr, addr sock.Addr) error

	// BindFile is Bind for a unix socket, in place of the file of one that nobody has any
	// more, and returns the file that its name has made; nil if that is none (an abstract
	// name). Any other file, and that of a socket that somebody has, is left alone, and
	// the address in use.
	BindFile(fd uintptr, addr sock.Addr) (SocketFile, error)

	// FileOf is the file of a unix socket that is bound already; nil if it has none.
	FileOf(fd uintptr) (SocketFile, error)

	// PeerCredentials tell who is at the other end of a connected unix socket.
	PeerCredentials(fd uintptr) (sock.Credentials, error)

	// Listen has a socket wait for connections, of which the system queues as many as
	// backlog says, or as it may.
	Listen(fd uintptr, backlog int) error

	// SetOption sets an option. One that these sockets do not have is
	// errors.ErrUnsupported.
	SetOption(fd uintptr, opt Option, value int) error

	// JoinGroup makes a datagram socket a member of a multicast group, on the interface
	// of that number, 0 for the system's choice; LeaveGroup ends that.
	JoinGroup(fd uintptr, group sock.Addr, iface int) error
	LeaveGroup(fd uintptr, group sock.Addr, iface int) error

	// LocalAddr is a socket's own address, RemoteAddr that of its peer.
	LocalAddr(fd uintptr) (sock.Addr, error)
	RemoteAddr(fd uintptr) (sock.Addr, error)

	// Take is Adopt for a descriptor that a user gives away: from now on it is the
	// caller's, who makes a Stream, a Listener or a Datagram of it or closes it. If one of these
	// or a watch of any engine has it, or it is taken already, it
	// is left alone, which a [*UsedError] says; with any other error it is no socket,
	// and not taken either. Any goroutine may call it.
	Take(fd uintptr) (sock.Type, error)

	// Untake ends a Take without closing the descriptor. Any goroutine may call it.
	Untake(fd uintptr)

	// TakePipe is Take for a pipe of a user's, to be used in one direction: what it returns
	// is a descriptor of the caller's own, fit for Pipe, and f is closed. Both stay as
	// they are if an engine has the file, which a [*UsedError] says; with any other error,
	// a [*KindError] for what is no pipe, f is closed all the same. The standard files 0,
	// 1 and 2 stay open in every case. Any goroutine may call it.
	TakePipe(f *os.File, dir Mask) (uintptr, error)

	// Close closes a descriptor that no Stream, Listener or Datagram owns. Any goroutine may
	// call it.
	Close(fd uintptr) error
}

// Tries are what is done with a socket that no Stream or Listener owns, by whoever waits
// with Watch where a try would have to: sock.WouldBlock of its error says that. What is
// done is done, and what would block has done nothing, so that a wait can end at any
// instant and nothing is lost. Any goroutine may call them, one at a time for each
// direction of a socket.
type Tries interface {
	// FamilyOf tells a socket's family.
	FamilyOf(fd uintptr) (sock.Family, error)

	// Receive receives into p, which has room for at least one byte. 0 is the end of a
	// stream, or an empty datagram.
	Receive(fd uintptr, p []byte) (int, error)

	// ReceiveFrom receives one datagram and tells whose it is; what has no room in p is
	// lost.
	ReceiveFrom(fd uintptr, p []byte) (int, sock.Addr, error)

	// Send sends as much of p as goes: at least one byte if there is one.
	Send(fd uintptr, p []byte) (int, error)

	// Sendfile sends of a file what goes, as a Stream's Sendfile does: 0 and no error is its
	// end.
	Sendfile(fd uintptr, f File, offset, n int64) (int, error)

	// SendTo sends one datagram to an address of the socket's family.
	SendTo(fd uintptr, p []byte, to sock.Addr) (int, error)

	// Accept takes a connection from a listening socket. What it returns is taken, as by
	// Take.
	Accept(fd uintptr) (uintptr, sock.Addr, error)

	// Connect begins to connect, or connects at once. With an error for which
	// sock.InProgress holds it goes on by itself: when the socket is writable, Connected
	// tells how it went. A datagram socket is connected at once.
	Connect(fd uintptr, addr sock.Addr) error

	// Connected returns the error of a connect that is over, or one for which
	// sock.InProgress holds.
	Connected(fd uintptr) error
}

// SocketFile is the file of a unix socket's name. It stays when the socket is closed, until
// somebody removes it.
type SocketFile interface {
	// Path is where it was made.
	Path() string

	// Remove removes it, unless it is gone or another file is in its place. Any
	// goroutine may call it.
	Remove() error
}
