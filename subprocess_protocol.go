package asyncio

// SubprocessProtocol is what a child is handled by: the transport calls it, on the loop's
// goroutine, one call at a time. ConnectionMade comes first and once, ConnectionLost last
// and once; in between come, for each pipe from the child
//
//	PipeDataReceived*  PipeConnectionLost
//
// PipeConnectionLost for the pipe to the child, and ProcessExited, in whatever order these
// happen: a child may close its output and live on, and what it has started may keep its
// pipes open when it has gone. What happens before ConnectionMade is kept and comes after
// it.
//
// A protocol that also has the methods PauseWriting and ResumeWriting hears by them of the
// write buffer of the pipe to the child, as a Protocol does.
//
// A panic or a Goexit in any of the methods is reported. In PipeDataReceived it is the end
// of that pipe, and PipeConnectionLost tells why; in ConnectionMade that of the child,
// which is killed; else everything goes on. Embed BaseSubprocessProtocol for what you have
// no use for. (asyncio.SubprocessProtocol)
type SubprocessProtocol interface {
	// ConnectionMade says that the child runs and its pipes are connected.
	// (connection_made)
	ConnectionMade(t SubprocessTransport)
	// PipeDataReceived brings what the child has written to its descriptor fd, at least
	// one byte. The slice is lent: copy what is to be kept beyond the call.
	// (pipe_data_received)
	PipeDataReceived(fd int, data []byte)
	// PipeConnectionLost says that the pipe to or from the child's descriptor fd is over:
	// nil if one side has closed it, else the reason. (pipe_connection_lost)
	PipeConnectionLost(fd int, err error)
	// ProcessExited says that the child has ended: GetReturnCode tells how.
	// (process_exited)
	ProcessExited()
	// ConnectionLost says that all is over: the child has ended, and so have all its
	// pipes. err is nil. (connection_lost)
	ConnectionLost(err error)
}

// BaseSubprocessProtocol does nothing, for embedding. (asyncio.SubprocessProtocol's own
// methods)
type BaseSubprocessProtocol struct{}

var _ SubprocessProtocol = BaseSubprocessProtocol{}

// ConnectionMade does nothing.
func (BaseSubprocessProtocol) ConnectionMade(SubprocessTransport) {}

// PipeDataReceived does nothing.
func (BaseSubprocessProtocol) PipeDataReceived(int, []byte) {}

// PipeConnectionLost does nothing.
func (BaseSubprocessProtocol) PipeConnectionLost(int, error) {}

// ProcessExited does nothing.
func (BaseSubprocessProtocol) ProcessExited() {}

// ConnectionLost does nothing.
func (BaseSubprocessProtocol) ConnectionLost(error) {}
