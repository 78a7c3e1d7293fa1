package gojaloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
	gojaloop "github.com/go-asyncio/asyncio/contrib/goja"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// site is the server that scripts fetch from.
type site struct {
	*httptest.Server
	reached chan struct{} // one for each request to /hang and /slow that has come
	left    atomic.Int32  // of those, how many were given up by the client
}

// newSite serves until the end of the test.
func newSite(t *testing.T) *site {
	s := &site{reached: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		w.Header().Set("X-Method", q.Method)
		w.Header().Set("X-Type", q.Header.Get("Content-Type"))
		w.Header().Set("X-Own", strings.Join(q.Header.Values("Own"), "|"))
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(body)
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"a": [1, "ü"]}`) })
	mux.HandleFunc("/utf8", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "\uFEFFü\xff.") })
	mux.HandleFunc("/missing", http.NotFound)
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, "/json", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, "/round", http.StatusFound) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "short")
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, q *http.Request) { s.hang(q) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.WriteString(w, "begun")
		_ = http.NewResponseController(w).Flush()
		s.hang(q)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// hang holds a request until the client gives it up.
func (s *site) hang(q *http.Request) {
	s.reached <- struct{}{}
	<-q.Context().Done()
	s.left.Add(1)
}

// transports are the ways in which fetch works: its own, and one that blocks.
func transports(t *testing.T) map[string][]gojaloop.Option {
	blocking := &http.Transport{}
	t.Cleanup(blocking.CloseIdleConnections)
	return map[string][]gojaloop.Option{"own": nil, "http.Transport": {gojaloop.WithTransport(blocking)}}
}

// fetches are scripts over the site and what they come to.
var fetches = []struct {
	name, script string
	want         any
}{
	{"text", "fetch(site + '/json').then(r => r.text())", `{"a": [1, "ü"]}`},
	{"json", "fetch(site + '/json').then(r => r.json()).then(v => v.a)", []any{int64(1), "ü"}},
	{"arrayBuffer", "fetch(site + '/json').then(r => r.arrayBuffer()).then(b => b.byteLength)", int64(16)},
	{"bytes", "fetch(site + '/json').then(r => r.bytes()).then(b => b[0])", int64('{')},
	{"a mark and what is no UTF-8", "fetch(site + '/utf8').then(r => r.text())", "ü\uFFFD."},
	{"status", "fetch(site + '/missing').then(r => [r.ok, r.status, r.statusText, r.type])", []any{false, int64(404), "Not Found", "basic"}},
	{"method, headers, body", `(async () => {
		const r = await fetch(site + '/echo', {method: 'post', headers: {Own: 'x'}, body: 'ä'})
		return [r.ok, r.status, r.headers.get('x-method'), r.headers.get('X-Type'), r.headers.get('x-own'), await r.text(), r.bodyUsed]
	})()`, []any{true, int64(201), "POST", "text/plain;charset=UTF-8", "x", "ä", true}},
	{"headers in other forms", `(async () => {
		const h = new Headers([['own', 'a'], ['Own', 'b']]); h.append('other', 'c'); h.delete('other')
		const r = await fetch(site + '/echo', {method: 'PUT', headers: h, body: new Uint8Array([104, 105]).subarray(1)})
		return [r.headers.get('x-own'), await r.text(), r.headers.getSetCookie(), h.has('OTHER'), [...h].length]
	})()`, []any{"a, b", "i", []any{"a=1", "b=2"}, false, int64(1)}},
	{"redirect", "fetch(site + '/redirect').then(r => [r.redirected, r.url === site + '/json'])", []any{true, true}},
	{"redirect: manual", "fetch(site + '/redirect', {redirect: 'manual'}).then(r => [r.status, r.headers.get('location')])", []any{int64(302), "/json"}},
	{"redirect: error", "fetch(site + '/redirect', {redirect: 'error'}).catch(e => e.name)", "TypeError"},
	{"redirects without end", "fetch(site + '/round').catch(e => e.message.includes('redirects'))", true},
	{"no server", "fetch('http://' + unserved).catch(e => [e.name, e.message.startsWith('fetch failed: '), e.cause instanceof Error])", []any{"TypeError", true, true}},
	{"no URL", "fetch('://').catch(e => e.name)", "TypeError"},
	{"a body that is cut", "(async () => { const r = await fetch(site + '/cut'); return [r.status, await r.text().catch(e => e.name)] })()", []any{int64(200), "TypeError"}},
	{"a body read twice", "(async () => { const r = await fetch(site + '/json'); const c = r.clone(); await r.text(); return [(await c.text()).length, await r.text().catch(e => e.name)] })()", []any{int64(15), "TypeError"}},
	{"aborted before", "fetch(site + '/hang', {signal: AbortSignal.abort()}).catch(e => [e.name, e instanceof DOMException])", []any{"AbortError", true}},
	{"timed out", "fetch(site + '/hang', {signal: AbortSignal.timeout(1)}).catch(e => e.name)", "TimeoutError"},
	{"aborted with a reason", "(() => { const c = new AbortController(); setTimeout(() => c.abort('why'), 1); return fetch(site + '/hang', {signal: AbortSignal.any([c.signal])}).catch(e => e) })()", "why"},
	{"aborted in the body", "(async () => { const c = new AbortController(); const r = await fetch(site + '/slow', {signal: c.signal}); c.abort(); return r.text().catch(e => e.name) })()", "AbortError"},
	{"GET with a body", "fetch(site, {body: 'x'}).catch(e => e.name)", "TypeError"},
	{"a header that is none", "fetch(site, {headers: {'a b': 1}}).catch(e => e.name)", "TypeError"},
	{"a header with a line", "fetch(site, {headers: {a: 'b\\r\\nc'}}).catch(e => e.name)", "TypeError"},
	{"many at once", "Promise.all([...Array(20)].map((_, i) => fetch(site + '/echo', {method: 'POST', body: String(i)}).then(r => r.text()))).then(a => a.join())",
		"0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19"},
	{"a Response of one's own", "Response.json({a: 1}).json().then(v => v.a)", int64(1)},
}

// TestFetch: what fetch gives, by its own transport and by one that blocks.
func TestFetch(t *testing.T) {
	for _, c := range fetches {
		t.Run(c.name, func(t *testing.T) {
			server := newSite(t)
			ways := transports(t)
			unserved := testkit.Unserved(t)
			over(t, func(s *stage, ctx context.Context) {
				for way, opts := range ways {
					r := s.runtime(opts...)
					s.eval(ctx, r, fmt.Sprintf("var site = %q, unserved = %q", server.URL, unserved))
					if got := s.eval(ctx, r, c.script); !reflect.DeepEqual(got, c.want) {
						s.Errorf("%s: %#v, want %#v", way, got, c.want)
					}
					s.must(r.Close())
				}
			})
		})
	}
}

// TestFetchErrorIsGo: the Go error of a fetch that nobody catches is found by errors.Is.
func TestFetchErrorIsGo(t *testing.T) {
	server := newSite(t)
	over(t, func(s *stage, ctx context.Context) {
		_, err := s.runtime().Eval(ctx, fmt.Sprintf("fetch(%q).then(r => r.text())", server.URL+"/cut"))
		s.wantErr(err, io.ErrUnexpectedEOF)
	})
}

// TestMaxResponse: an answer that is too long is an error.
func TestMaxResponse(t *testing.T) {
	server := newSite(t)
	over(t, func(s *stage, ctx context.Context) {
		for max, fails := range map[int64]bool{15: true, 16: false} {
			_, err := s.runtime(gojaloop.WithMaxResponse(max)).Eval(ctx, fmt.Sprintf("fetch(%q).then(r => r.text())", server.URL+"/json"))
			if (err != nil) != fails {
				s.Errorf("with %d bytes: error %v", max, err)
			}
		}
	})
}

// TestFetchEnds: a request that hangs, before its answer and in it, is given up when the
// runtime is closed, the call's context is done, its task cancelled, the loop closed, and
// the server hears of it.
func TestFetchEnds(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/hang", "/slow"} {
		for _, how := range []string{"close", "context", "task", "loop"} {
			for way, opts := range transports(t) {
				t.Run(path+" "+how+" "+way, func(t *testing.T) {
					t.Parallel()
					testkit.Over(t, testkit.Kinds, func(t *testing.T, m testkit.Mechanism) {
						server := newSite(t)
						s := newStage(t, m)
						s.run(func(s *stage, ctx context.Context) { endFetch(s, ctx, server, path, how, opts) })
						s.must(s.loop.Close())
						server.Close() // waits for the request
						if server.left.Load() != 1 {
							t.Error("the server still has the request")
						}
						for _, c := range s.reports() { // the loop's close tells of tasks that it ended
							if how != "loop" {
								t.Errorf("reported %s: %v", c.Message, c.Err)
							}
						}
					})
				})
			}
		}
	}
}

func endFetch(s *stage, ctx context.Context, server *site, path, how string, opts []gojaloop.Option) {
	r := s.runtime(opts...)
	ended, cancel := context.WithCancel(ctx)
	defer cancel()
	call := asyncio.Go(ctx, func(context.Context) (any, error) {
		return r.Eval(ended, fmt.Sprintf("fetch(%q).then(r => r.text())", server.URL+path))
	})
	_, err := asyncio.ToThread(ctx, func() (any, error) { <-server.reached; return nil, nil })
	s.must(err)
	switch how {
	case "close":
		s.must(r.Close())
	case "context":
		cancel()
	case "task":
		call.Cancel()
	case "loop":
		return
	}
	_, err = call.Await(ctx)
	if !errors.Is(err, gojaloop.ErrClosed) && !errors.Is(err, context.Canceled) {
		s.Errorf("error %v", err)
	}
}
