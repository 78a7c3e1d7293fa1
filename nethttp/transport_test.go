package nethttp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/nethttp"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	overLoops(t, "get", func(s *stage) {
		server := s.peer(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello %s", r.URL.Path) })
		s.says("hello /you")(s.get(s.Ctx, s.client(&nethttp.Transport{}), server.URL+"/you"))
	})
	overLoops(t, "many-at-once", func(s *stage) {
		const n = 20
		var inside atomic.Int32
		all := make(chan struct{})
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			if inside.Add(1) == n {
				close(all)
			}
			<-all
			fmt.Fprint(w, r.URL.Path)
		})
		client := s.client(&nethttp.Transport{})
		var tasks []*asyncio.Task[struct{}]
		for i := range n {
			path := fmt.Sprint("/", i)
			tasks = append(tasks, s.Start(func(ctx context.Context) error {
				s.says(path)(s.get(ctx, client, server.URL+path))
				return nil
			}))
		}
		for _, task := range tasks {
			s.Check(s.ended(task))
		}
	})
	overLoops(t, "bodies", func(s *stage) {
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			all, err := io.ReadAll(r.Body)
			fmt.Fprint(w, len(all), " ", r.ContentLength, " ", err)
		})
		client := s.client(&nethttp.Transport{})
		for _, n := range []int{0, 1, 5000, 10_000, 1 << 20} {
			s.says(fmt.Sprintf("%d %d <nil>", n, n))(s.post(s.Ctx, client, server.URL, bytes.NewReader(make([]byte, n))))
			s.says(fmt.Sprintf("%d -1 <nil>", n))(s.post(s.Ctx, client, server.URL, io.MultiReader(bytes.NewReader(make([]byte, n)))))
		}
	})
	overLoops(t, "large-answer", func(s *stage) {
		page := strings.Repeat("0123456789", 300_000)
		server := s.peer(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) })
		s.says(page)(s.get(s.Ctx, s.client(&nethttp.Transport{}), server.URL))
	})
	overLoops(t, "redirects-and-cookies", func(s *stage) {
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
				return
			}
			c, err := r.Cookie("a")
			all, _ := io.ReadAll(r.Body)
			fmt.Fprint(w, r.Method, " ", c, " ", err, " ", string(all))
		})
		client := s.client(&nethttp.Transport{})
		jar, err := cookiejar.New(nil)
		s.Must(err)
		client.Jar = jar
		s.says("POST a=b <nil> body")(s.post(s.Ctx, client, server.URL, strings.NewReader("body")))
	})
	overLoops(t, "gzip", func(s *stage) {
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				io.WriteString(w, "plain")
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, "packed")
			z.Close()
		})
		s.says("packed")(s.get(s.Ctx, s.client(&nethttp.Transport{}), server.URL))
		s.says("plain")(s.get(s.Ctx, s.client(&nethttp.Transport{DisableCompression: true}), server.URL))
	})
	overLoops(t, "head-and-no-content", func(s *stage) {
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "HEAD" {
				w.Header().Set("Content-Length", "1000")
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
		client := s.client(&nethttp.Transport{})
		resp, err := client.Do(s.request(s.Ctx, "HEAD", server.URL, nil))
		s.Must(err)
		onloop.Want(s, "length", resp.ContentLength, 1000)
		s.says("")(text(resp, nil))
		s.says("")(s.get(s.Ctx, client, server.URL))
	})
	bare(t, "goroutines", func(s *stage) {
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, r.Method, " ", n)
		})
		client := s.client(&nethttp.Transport{})
		s.runLoop()
		done := make(chan struct{})
		for range 5 {
			go func() {
				defer func() { done <- struct{}{} }()
				for range 5 {
					s.says("GET 0")(s.get(context.Background(), client, server.URL))
					s.says("POST 1000000")(s.post(context.Background(), client, server.URL, strings.NewReader(strings.Repeat("x", 1_000_000))))
				}
			}()
		}
		for range 5 {
			<-done
		}
	})
	overLoops(t, "trailers", func(s *stage) {
		server := s.peer(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Trailer", "X-End")
			io.WriteString(w, "body")
			w.Header().Set("X-End", r.Trailer.Get("X-Begin"))
		})
		req := s.request(s.Ctx, "PUT", server.URL, io.MultiReader(strings.NewReader("x")))
		req.Trailer = http.Header{"X-Begin": {"passed on"}}
		resp, err := s.client(&nethttp.Transport{}).Do(req)
		s.Must(err)
		s.says("body")(text(resp, nil))
		onloop.Want(s, "trailer", resp.Trailer.Get("X-End"), "passed on")
	})
}
