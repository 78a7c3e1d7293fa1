package stage

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
)

// Browser is a connection of the loop to an HTTP server, for one request after another.
type Browser struct {
	Accept string // the encodings that are asked for

	s    *Stage
	conn net.Conn
	in   *bufio.Reader
}

// Browse connects to a server.
func (s *Stage) Browse(address string) *Browser {
	s.Helper()
	conn, err := loopnet.Dial(s.Ctx, s.Loop, "tcp", address)
	s.Must(err)
	return &Browser{s: s, conn: conn, in: bufio.NewReader(conn)}
}

// Post sends a request in the calling coroutine and returns the answer.
func (b *Browser) Post(path, body string) (status int, header http.Header, text string) {
	b.s.Helper()
	req, err := http.NewRequest("POST", "http://example.test"+path, strings.NewReader(body))
	b.s.Must(err)
	if b.Accept != "" {
		req.Header.Set("Accept-Encoding", b.Accept)
	}
	b.s.Must(req.Write(b.conn))
	resp, err := http.ReadResponse(b.in, req)
	b.s.Must(err)
	answer, err := io.ReadAll(resp.Body)
	b.s.Must(err)
	b.s.Check(resp.Body.Close())
	return resp.StatusCode, resp.Header, string(answer)
}

// Close ends the connection.
func (b *Browser) Close() { b.s.Check(b.conn.Close()) }

// Echo writes a text to the connection, past HTTP, and reads as much.
func (s *Stage) Echo(b *Browser, text string) string {
	s.Helper()
	_, err := io.WriteString(b.conn, text)
	s.Must(err)
	back := make([]byte, len(text))
	_, err = io.ReadFull(b.in, back)
	s.Must(err)
	return string(back)
}

// Ended waits until the server ends the connection.
func (s *Stage) Ended(b *Browser) {
	s.Helper()
	if text, err := io.ReadAll(b.in); len(text) > 0 || err != nil {
		s.Errorf("read %q, %v; want the end", text, err)
	}
}
