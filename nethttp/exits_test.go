package nethttp_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

// TestUsersCallsExit has each call of the user's that a request makes leave by a panic, and
// by Goexit. The request's task fails, its connection is closed, its body too, its place is
// free, and the next request is served.
func TestUsersCallsExit(t *testing.T) {
	t.Parallel()
	for how, exit := range map[string]func(){"panic": func() { panic(errBoom) }, "goexit": runtime.Goexit} {
		for where := range exits(nil, nil) {
			overLoops(t, how+"/"+where, func(s *stage) { s.exitIn(where, exit) })
		}
	}
}

var errBoom = errors.New("boom")

// exits are the places where a request calls its user, each with how exit gets there.
func exits(transport *nethttp.Transport, exit func()) map[string]func(trace *httptrace.ClientTrace, body *slowBody) {
	return map[string]func(trace *httptrace.ClientTrace, body *slowBody){
		"proxy": func(*httptrace.ClientTrace, *slowBody) {
			transport.Proxy = func(*http.Request) (*url.URL, error) { exit(); return nil, nil }
		},
		"connect": func(*httptrace.ClientTrace, *slowBody) {
			transport.Connect = func(ctx context.Context, loop asyncio.EventLoop, factory func() asyncio.Protocol, network, address string) (asyncio.Transport, asyncio.Protocol, error) {
				t, p, err := loop.CreateConnection(ctx, factory, network, address, nil)
				if err == nil {
					defer t.Abort() // it is nobody else's yet
				}
				exit()
				return t, p, err
			}
		},
		"get-conn": func(trace *httptrace.ClientTrace, _ *slowBody) { trace.GetConn = func(string) { exit() } },
		"got-conn": func(trace *httptrace.ClientTrace, _ *slowBody) {
			trace.GotConn = func(httptrace.GotConnInfo) { exit() }
		},
		"wrote-headers": func(trace *httptrace.ClientTrace, _ *slowBody) { trace.WroteHeaders = exit },
		"first-byte":    func(trace *httptrace.ClientTrace, _ *slowBody) { trace.GotFirstResponseByte = exit },
		"interim": func(trace *httptrace.ClientTrace, _ *slowBody) {
			trace.Got1xxResponse = func(int, textproto.MIMEHeader) error { exit(); return nil }
		},
		"read": func(_ *httptrace.ClientTrace, body *slowBody) {
			body.read = func([]byte) (int, error) { exit(); return 0, io.EOF }
		},
	}
}

// exitIn makes a request that ends in a call of the user's.
func (s *stage) exitIn(where string, exit func()) {
	s.Quiet() // of the panics
	server := s.script(func(c net.Conn, r *bufio.Reader) {
		for readRequest(r) == nil {
			io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n"+ok)
		}
	})
	transport := &nethttp.Transport{MaxConnsPerHost: 1}
	client := s.client(transport)
	if where != "connect" { // on a connection that was used
		s.says("ok")(s.get(s.Ctx, client, server))
	}
	sent := strings.NewReader("body")
	body := &slowBody{read: sent.Read}
	trace := &httptrace.ClientTrace{}
	exits(transport, exit)[where](trace, body)
	task := s.Start(func(ctx context.Context) error {
		return said(s.post(httptrace.WithClientTrace(ctx, trace), client, server, body))
	})
	if err := s.ended(task); err == nil {
		s.Error("the request was made")
	}
	transport.Proxy, transport.Connect = nil, nil
	s.Until("the body is closed", func() bool { return body.closed.Load() == 1 })
	s.says("ok")(s.get(s.Ctx, client, server))
	onloop.Want(s, "open connections", nethttp.Open(transport), 1)
}
