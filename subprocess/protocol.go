package subprocess

import (
	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// protocol feeds the streams of a Process. (asyncio.SubprocessStreamProtocol)
type protocol struct {
	*streams.FlowControl // of the pipe to the child
	p                    *Process
	open                 int // pipes from the child whose end has not come
	exited               bool
}

var (
	_ asyncio.SubprocessProtocol = (*protocol)(nil)
	_ streams.FlowController     = (*protocol)(nil)
)

// ConnectionMade makes the streams.
func (c *protocol) ConnectionMade(t asyncio.SubprocessTransport) {
	c.p.transport, c.p.Pid = t, t.GetPID()
	c.p.Stdout, c.p.Stderr = c.reader(t.GetPipeTransport(1)), c.reader(t.GetPipeTransport(2))
	if stdin := t.GetPipeTransport(0); stdin != nil {
		flow, err := streams.NewFlowControl(streams.WithLoop(c.p.loop))
		must(err)
		c.FlowControl = flow
		c.p.Stdin, err = streams.NewStreamWriter(stdin, c, nil)
		must(err)
	}
}

// reader makes the reader of a pipe, if there is one.
func (c *protocol) reader(t asyncio.Transport) *streams.StreamReader {
	if t == nil {
		return nil
	}
	r, err := streams.NewStreamReader(streams.WithLoop(c.p.loop), streams.WithLimit(c.p.limit))
	must(err)
	must(r.SetTransport(t))
	c.open++
	return r
}

// must is for errors that what was checked before cannot give.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// of is the reader of one of the child's descriptors, or nil.
func (c *protocol) of(fd int) *streams.StreamReader {
	switch fd {
	case 1:
		return c.p.Stdout
	case 2:
		return c.p.Stderr
	}
	return nil
}

// PipeDataReceived feeds a reader.
func (c *protocol) PipeDataReceived(fd int, data []byte) {
	if r := c.of(fd); r != nil {
		_ = r.FeedData(data) // fails only after an end that the child's user has fed
	}
}

// PipeConnectionLost ends a stream.
func (c *protocol) PipeConnectionLost(fd int, err error) {
	if fd == 0 {
		_ = c.p.Stdin.Close() // on its own loop it closes
		c.FlowControl.ConnectionLost(err)
		return
	}
	if r := c.of(fd); r == nil {
		return
	} else if err == nil {
		r.FeedEOF()
	} else {
		r.SetException(err)
	}
	c.open--
	c.settle()
}

// ProcessExited lets go on who waits for the child.
func (c *protocol) ProcessExited() {
	c.exited = true
	c.p.wakeAll()
	c.settle()
}

// settle closes the transport, and with it the pipe to the child, when nothing more can
// come.
func (c *protocol) settle() {
	if c.exited && c.open == 0 {
		_ = c.p.transport.Close() // on its own loop it closes
	}
}

// ConnectionLost has nothing left to do.
func (c *protocol) ConnectionLost(error) {}

// PauseWriting makes Drain wait.
func (c *protocol) PauseWriting() { c.FlowControl.PauseWriting() }

// ResumeWriting ends that.
func (c *protocol) ResumeWriting() { c.FlowControl.ResumeWriting() }
