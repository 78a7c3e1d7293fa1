// Simulated_starttls has clients upgrade their connections to TLS in mid-stream (STARTTLS) on a
// network that loses a tenth of all that is sent, and is cut for a while in the middle of it.
//
// What is lost TCP sends again, so the upgrade is only slow: no clear text is taken for TLS, no
// letter is lost, none comes twice. It takes seconds of the world's time, and next to none of
// yours. The seed says what is lost, so a run that fails can be repeated.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio/examples/internal/authority"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

const (
	clients = 4
	letters = 3 // of each client, on a connection each
	seeds   = 20
)

// post is the server.
type post struct {
	config  *tls.Config
	letters []string // that came by TLS
	clear   int      // lines that came in clear
}

// serve takes commands in clear until the client asks for TLS, and letters from then on.
func (p *post) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for {
		line, err := r.ReadLine(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		text := strings.TrimSpace(string(line))
		secure := w.GetExtraInfo("ssl_object") != nil
		switch {
		case secure:
			p.letters = append(p.letters, text)
			_, err = fmt.Fprintf(w, "taken: %s\n", text)
		case text == "STARTTLS":
			p.clear++
			if _, err = w.Write([]byte("go ahead\n")); err == nil {
				err = w.StartTLS(ctx, p.config)
			}
		default:
			p.clear++
			_, err = w.Write([]byte("first say STARTTLS\n"))
		}
		if err != nil {
			return err
		}
	}
}

// client sends letters, each on a connection that it upgrades first.
func client(ctx context.Context, name string, trusted *tls.Config) error {
	for n := 1; n <= letters; n++ {
		if err := send(ctx, fmt.Sprintf("letter %d of %s", n, name), trusted); err != nil {
			return fmt.Errorf("letter %d: %w", n, err)
		}
	}
	return nil
}

// send sends a letter.
func send(ctx context.Context, letter string, trusted *tls.Config) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", "post:25", nil)
	if err != nil {
		return err
	}
	if err := hand(ctx, r, w, letter, trusted); err != nil {
		_ = w.Close()
		return err
	}
	return errors.Join(w.Close(), w.WaitClosed(ctx))
}

// hand says what there is to say on a connection.
func hand(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter, letter string, trusted *tls.Config) error {
	if err := ask(ctx, r, w, letter, "first say STARTTLS"); err != nil {
		return err
	}
	if err := ask(ctx, r, w, "STARTTLS", "go ahead"); err != nil {
		return err
	}
	if err := w.StartTLS(ctx, trusted); err != nil {
		return err
	}
	return ask(ctx, r, w, letter, "taken: "+letter)
}

// ask says a line, and has another one be the answer.
func ask(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter, line, want string) error {
	if _, err := fmt.Fprintln(w, line); err != nil {
		return err
	}
	answer, err := r.ReadLine(ctx)
	if err == nil && string(answer) != want+"\n" {
		err = fmt.Errorf("%q came for %q", answer, line)
	}
	return err
}

// world has all of them at work, over links that lose.
func world(w *simulation.World, ca *authority.Authority) {
	p := &post{}
	var err error
	if p.config, err = ca.Server("post"); err != nil {
		w.Fatalf("%v", err)
	}
	w.SetDefaultConditions(simulation.Conditions{Latency: simulation.Between(5*time.Millisecond, 40*time.Millisecond), Loss: 0.1})
	server := w.Host("post")
	server.Start(func(ctx context.Context) error {
		s, err := streams.StartServer(ctx, p.serve, "tcp", ":25", nil)
		if err != nil {
			return err
		}
		return s.ServeForever(ctx)
	})
	w.RunFor(time.Second)
	var all []*simulation.Host
	for i := range clients {
		h := w.Host(fmt.Sprint("client-", i+1))
		h.Start(func(ctx context.Context) error {
			return client(ctx, h.Name(), &tls.Config{RootCAs: ca.Pool(), ServerName: "post"})
		})
		all = append(all, h)
	}
	w.RunFor(150 * time.Millisecond) // in the middle of the first handshakes
	w.Link(server, all[0]).Cut()
	w.RunFor(2 * time.Second)
	w.Heal()
	if err := w.RunUntil(func() bool { return !slices.ContainsFunc(all, (*simulation.Host).Running) }); err != nil {
		w.Fatalf("%v", err)
	}
	for _, h := range all {
		if err := h.Err(); err != nil {
			w.Errorf("%s: %v", h.Name(), err)
		}
	}
	p.check(w)
}

// check fails the world unless each letter has come once, and by TLS.
func (p *post) check(w *simulation.World) {
	slices.Sort(p.letters)
	if n := len(slices.Compact(slices.Clone(p.letters))); n != clients*letters || len(p.letters) != n {
		w.Errorf("%d letters have come, %d of them different ones, of %d", len(p.letters), n, clients*letters)
	}
	if p.clear != 2*clients*letters {
		w.Errorf("%d lines came in clear, not %d", p.clear, 2*clients*letters)
	}
}

func main() {
	ca, err := authority.New()
	if err != nil {
		log.Fatal(err)
	}
	for seed := range uint64(seeds) {
		if err := simulation.Run(1+seed, func(w *simulation.World) { world(w, ca) }); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%d clients, %d letters each, a tenth of the network's segments lost: with %d seeds each came once, by TLS\n", clients, letters, seeds)
}
