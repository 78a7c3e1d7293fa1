package databasesql

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/internal/stage"
	"github.com/go-asyncio/asyncio/streams"
)

// What the first message of a client asks for.
const (
	protocol3     = 196608
	cancelRequest = 80877102
)

// postgres is as much of a PostgreSQL server as the driver needs: every query has one row
// with one number.
type postgres struct {
	answer    func(query string) (value string, err error) // waits as long as it likes
	cancelled func()                                       // a client asks to cancel a query
}

// start serves on the stage's loop, a coroutine for each client; end waits for their end.
func (p *postgres) start(s *stage.Stage) (source string, end func()) {
	s.Helper()
	server, err := streams.StartServer(s.Ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		return p.serve(streams.Conn(ctx, r, w))
	}, "tcp", "127.0.0.1:0", nil)
	s.Must(err)
	return sourceOf(server), func() {
		server.Close()
		s.Check(server.WaitClosed(s.Ctx))
	}
}

// sourceOf is what the driver is to know of a server.
func sourceOf(server *asyncio.Server) string {
	port := server.Addrs()[0].(*net.TCPAddr).Port
	return fmt.Sprint("host=127.0.0.1 sslmode=disable user=u dbname=d port=", port)
}

// serve serves one client.
func (p *postgres) serve(conn net.Conn) error {
	defer conn.Close()
	in := bufio.NewReader(conn)
	asked, err := body(in)
	if err != nil || len(asked) < 4 {
		return err
	}
	switch what := binary.BigEndian.Uint32(asked); what {
	case cancelRequest:
		p.cancelled()
		return nil
	case protocol3:
	default:
		return fmt.Errorf("a client asks for %d", what)
	}
	ready := message('Z', "I")
	hello := message('R', "\x00\x00\x00\x00") + message('K', "\x00\x00\x00\x01\x00\x00\x00\x02") + ready
	if _, err := io.WriteString(conn, hello); err != nil {
		return err
	}
	for {
		kind, err := in.ReadByte()
		if err != nil || kind == 'X' {
			return nil // the client has gone
		}
		query, err := body(in)
		if err != nil {
			return err
		}
		if kind != 'Q' {
			return fmt.Errorf("a message %q", kind)
		}
		if _, err := io.WriteString(conn, p.result(string(query))+ready); err != nil {
			return err
		}
	}
}

// result is what a query is answered with.
func (p *postgres) result(query string) string {
	if query == ";\x00" { // a ping
		return message('I', "")
	}
	value, err := p.answer(query)
	if err != nil {
		return message('E', "SERROR\x00C57014\x00M"+err.Error()+"\x00\x00")
	}
	column := "n\x00" + "\x00\x00\x00\x00" + "\x00\x00" + "\x00\x00\x00\x17" + "\x00\x04" + "\xff\xff\xff\xff" + "\x00\x00" // an int4, as text
	return message('T', "\x00\x01"+column) +
		message('D', "\x00\x01"+fourBytes(len(value))+value) +
		message('C', "SELECT 1\x00")
}

// message is a message of the server's.
func message(kind byte, body string) string {
	return string(kind) + fourBytes(len(body)+4) + body
}

func fourBytes(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }

// body reads a message behind its kind.
func body(in io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, err
	}
	text := make([]byte, max(int(binary.BigEndian.Uint32(size[:])), 4)-4)
	_, err := io.ReadFull(in, text)
	return text, err
}
