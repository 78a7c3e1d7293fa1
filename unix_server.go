package asyncio

import (
	"context"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/netaddr"
)

// CreateUnixServer implements UnixNetworker.
func (l *baseLoop) CreateUnixServer(ctx context.Context, factory func() Protocol, path string, opts *ServerOptions) (*Server, error) {
	return l.createServer(ctx, "CreateUnixServer", factory, netaddr.Unix, path, opts)
}

// addFile has a file removed when the server or its loop is closed. nil is none.
func (s *Server) addFile(file engine.SocketFile) {
	if file == nil {
		return
	}
	f := &serverFile{file: file}
	s.files = append(s.files, f)
	s.loop.transports.files.PushBack(&f.place)
}

// keepFiles leaves the files where they are when the server or its loop is closed.
func (s *Server) keepFiles() {
	s.keeps = true
	for _, f := range s.files {
		s.loop.transports.files.Remove(&f.place)
	}
}
