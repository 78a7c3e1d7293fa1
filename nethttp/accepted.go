package nethttp

import (
	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// accepted is the protocol of a connection that a server has accepted.
type accepted struct {
	*streams.StreamReaderProtocol
	r     *streams.StreamReader // kept until there is a connection
	made  func(a *accepted, r *streams.StreamReader, w *streams.StreamWriter)
	came  func()      // data have come; nil: nobody asks
	ended func() bool // the peer has said its end: whether the connection stays open; nil: as the streams say
	lost  func()      // the connection is over; nil: nobody asks
}

// accept makes the protocol of a connection, which made gets when it is there.
func accept(loop asyncio.EventLoop, made func(a *accepted, r *streams.StreamReader, w *streams.StreamWriter)) asyncio.Protocol {
	with := streams.WithLoop(loop)
	r, err := streams.NewStreamReader(with) // fails only without a loop
	if err != nil {
		return nil
	}
	feeds, err := streams.NewStreamReaderProtocol(r, nil, with)
	if err != nil {
		return nil
	}
	return &accepted{StreamReaderProtocol: feeds, r: r, made: made}
}

// ConnectionMade hands the connection on.
func (a *accepted) ConnectionMade(t asyncio.Transport) {
	a.StreamReaderProtocol.ConnectionMade(t)
	r := a.r
	a.r = nil
	w, err := streams.NewStreamWriter(t, a, r)
	if err != nil {
		t.Abort()
		return
	}
	a.made(a, r, w)
}

// DataReceived feeds the reader.
func (a *accepted) DataReceived(data []byte) {
	a.StreamReaderProtocol.DataReceived(data)
	if a.came != nil {
		a.came()
	}
}

// EOFReceived feeds the reader.
func (a *accepted) EOFReceived() bool {
	open := a.StreamReaderProtocol.EOFReceived()
	if a.ended != nil {
		open = a.ended() && open
	}
	return open
}

// ConnectionLost ends the stream.
func (a *accepted) ConnectionLost(err error) {
	a.StreamReaderProtocol.ConnectionLost(err)
	if a.lost != nil {
		a.lost()
	}
}
