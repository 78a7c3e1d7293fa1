package asyncio

import (
	"fmt"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/list"
	"github.com/go-asyncio/asyncio/internal/listen"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// transports is the part of a loop that its transports and servers share.
type transports struct {
	pool    buffers.Pool                  // what could not be written at once
	packets buffers.PacketPool[sock.Addr] // the same, of datagrams
	records recordPool                    // memory for what TLS decrypts and encrypts

	// The transports that are not over yet, in the order in which they were
	// made: for the loop's close, and for a server that closes its clients.
	open   list.List[streamTransport]
	others list.List[openTransport] // those of other kinds

	files    list.List[serverFile] // of unix sockets of servers that are not closed
	served   list.List[servedPipe]
	waiting  listen.Waiting // connections that wait to be set up
	unclosed int            // transports that closeNet had to close
	late     int            // writes to transports that are let go of, but for the first
}

// servedPipe is the place in the list of a server of pipes, in a field of which it lies.
type servedPipe struct {
	place list.Node[servedPipe]
	end   func() // ends the server, and takes it out of the list
}

// serverFile is the file of a unix socket that a server listens on.
type serverFile struct {
	place   list.Node[serverFile] // in transports, unless it is to stay
	file    engine.SocketFile
	removed bool
}

// removeFile removes the file of a server, once.
func (k *transports) removeFile(f *serverFile) error {
	if f.place.Listed() {
		k.files.Remove(&f.place)
	}
	if f.removed {
		return nil // when the loop was closed
	}
	f.removed = true
	if err := f.file.Remove(); err != nil {
		return fmt.Errorf("unable to clean up listening unix socket %q: %w", f.file.Path(), err)
	}
	return nil
}

// openTransport is the place in the list of a transport that is no connection of bytes, in
// a field of which it lies.
type openTransport struct {
	place list.Node[openTransport]
	discarded
}

// discarded is what is asked of a transport whose loop is closed before it.
type discarded interface {
	fmt.Stringer
	whose() any // the protocol
	discard()   // lets go of everything without a word to it
}

// of lists the transports of a server.
func (k *transports) of(s *Server) []*streamTransport {
	var of []*streamTransport
	for t := range k.open.All() {
		if t.server == s {
			of = append(of, t)
		}
	}
	return of
}

// warnUnclosed is how many transports are named that were not closed before
// their loop was.
const warnUnclosed = 10

// closeNet ends what is still open when the loop is closed: no callback of
// theirs can run any more. A logger that leaves by Goexit has it called again, and it goes
// on where it was.
func (l *baseLoop) closeNet() {
	l.lookups.end()
	k := &l.transports
	for f := k.files.First(); f != nil; f = k.files.First() {
		if err := k.removeFile(f); err != nil {
			l.logger().Error(err.Error())
		}
	}
	k.waiting.Close()
	for c := k.waiting.First(); c != nil; c = k.waiting.First() {
		if err := c.Drop(); err != nil {
			l.logger().Debug(fmt.Sprintf("close of fd=%d: %v", c.FD, err))
		}
	}
	for p := k.served.First(); p != nil; p = k.served.First() {
		p.end()
	}
	for t := k.open.First(); t != nil; t = k.open.First() {
		l.discardUnclosed(t.String(), t.core.Protocol(), t.core.Discard)
	}
	for t := k.others.First(); t != nil; t = k.others.First() {
		l.discardUnclosed(t.String(), t.whose(), t.discard)
	}
	if more := k.unclosed - warnUnclosed; more > 0 {
		k.unclosed = 0
		l.logger().Warn(fmt.Sprintf("%d more unclosed transports", more))
	}
	late := k.late
	k.late = 0
	l.tellLateWrites(late, lateWriteToSocket, "closed ones")
}

// discardUnclosed lets go of a transport that was not closed before its loop was, and says
// so.
func (l *baseLoop) discardUnclosed(what string, protocol any, discard func()) {
	discard()
	k := &l.transports
	if k.unclosed++; k.unclosed <= warnUnclosed {
		l.logger().Warn("unclosed transport "+what, "protocol", fmt.Sprintf("%T", protocol))
	}
}
