package asyncio

// Protocol is what a connection of bytes is handled by: the transport calls it,
// on the loop's goroutine, one call at a time. ConnectionMade comes first and
// once, ConnectionLost last and once; in between come
//
//	DataReceived*  EOFReceived?
//
// and, whenever the write buffer demands it, PauseWriting and ResumeWriting by
// turns. A panic or a Goexit (a test's FailNow) in any of them is reported and is the
// end of the connection, not of the loop; ConnectionLost tells a *PanicError or ErrGoexit.
// After one in PauseWriting or ResumeWriting the connection goes on, unless that was called
// out of another method, which a Goexit ends with it. Embed BaseProtocol for what you have no use for. (asyncio.Protocol)
type Protocol interface {
	// ConnectionMade says that there is a connection. Nothing is received
	// before it returns. (connection_made)
	ConnectionMade(t Transport)
	// DataReceived brings what has come, at least one byte. The slice is lent:
	// copy what is to be kept beyond the call. (data_received)
	DataReceived(data []byte)
	// EOFReceived says that the peer sends no more. With true the connection
	// stays open for writing until it is closed here; with false it closes
	// itself. (eof_received)
	EOFReceived() bool
	// ConnectionLost says that it is over: nil after Close, Abort or an end of
	// stream, else the reason. (connection_lost)
	ConnectionLost(err error)
	// PauseWriting says that the write buffer has risen above its high mark.
	// (pause_writing)
	PauseWriting()
	// ResumeWriting says that it has fallen to its low mark. (resume_writing)
	ResumeWriting()
}

// BufferedProtocol is a Protocol that is asked for memory before data are put
// there, so that they need not be copied. A transport that finds these methods
// on its protocol does not call DataReceived. (asyncio.BufferedProtocol)
type BufferedProtocol interface {
	Protocol
	// GetBuffer returns memory for what comes next, at least one byte.
	// sizeHint is a recommended size, -1 if there is none. The memory is the
	// transport's until BufferUpdated or the next call. (get_buffer)
	GetBuffer(sizeHint int) []byte
	// BufferUpdated says that n bytes have been put at the start of what
	// GetBuffer returned last. (buffer_updated)
	BufferUpdated(n int)
}

// LendingProtocol is a Protocol that may lend memory for data, where it knows where they go,
// so that they need not be copied. A transport whose system can receive there asks it first;
// all else comes by DataReceived: so it does over TLS and from io_uring (where a [DataKeeper]
// spares the copy). What embeds a
// LendingProtocol and overrides DataReceived overrides LendBuffer, too; or the embedded one
// has a method LendsAs(protocol any) bool, which a transport asks, once, with the protocol that
// it is given: if that is not what lends, nothing is lent. The LendBuffer of one that has
// LendsAs calls nothing of others and returns. One that lends always is a BufferedProtocol.
// (none in asyncio)
type LendingProtocol interface {
	Protocol
	// LendBuffer returns memory for what comes next, nil for none. The memory is the
	// transport's for as long as the loop does not call anything else.
	LendBuffer() []byte
	// BufferFilled says that n bytes have been put at the start of what LendBuffer has
	// just returned.
	BufferFilled(n int)
}

// BaseProtocol does nothing, for embedding. It closes the connection at its
// peer's end of stream. (asyncio.Protocol's own methods)
type BaseProtocol struct{}

// ConnectionMade does nothing.
func (BaseProtocol) ConnectionMade(Transport) {}

// DataReceived does nothing.
func (BaseProtocol) DataReceived([]byte) {}

// EOFReceived returns false: the transport closes itself.
func (BaseProtocol) EOFReceived() bool { return false }

// ConnectionLost does nothing.
func (BaseProtocol) ConnectionLost(error) {}

// PauseWriting does nothing.
func (BaseProtocol) PauseWriting() {}

// ResumeWriting does nothing.
func (BaseProtocol) ResumeWriting() {}

var _ Protocol = BaseProtocol{}
