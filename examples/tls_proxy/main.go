// Tls_proxy is a reverse proxy that terminates TLS: clients speak TLS to it, it speaks in
// clear to the servers behind it, and picks the one whose name the client asks for. Two
// coroutines a client copy, and whoever does not read holds up only what is for him.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/authority"
	"github.com/go-asyncio/asyncio/streams"
)

// proxy knows the servers behind it by the names that clients use.
type proxy struct{ behind map[string]string }

// piece is how much is copied at a time.
const piece = 64 << 10

// serve has one client talk to the server that it asks for.
func (p *proxy) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	state, _ := w.GetExtraInfo("ssl_object").(tls.ConnectionState)
	address, ok := p.behind[state.ServerName]
	if !ok {
		return fmt.Errorf("nobody is called %q", state.ServerName) // see choose
	}
	br, bw, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	defer bw.Close()
	up := asyncio.GoErr(ctx, func(ctx context.Context) error {
		if err := pass(ctx, r, bw); err != nil {
			return err
		}
		return bw.WriteEOF() // the server may still have something to say
	})
	err = pass(ctx, br, w)
	up.Cancel()
	if _, upErr := up.Await(ctx); !up.Cancelled() {
		err = errors.Join(err, upErr)
	}
	if errors.Is(err, net.ErrClosed) {
		return nil // one side has gone early, which is its own affair
	}
	return err
}

// pass copies until the end. Drain waits for a reader that is slower, and so for the writer.
func pass(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	for {
		p, err := r.Read(ctx, piece)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(p); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil {
			return err
		}
	}
}

// choose refuses clients in the handshake that ask for a name that nobody has.
func (p *proxy) choose(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if _, ok := p.behind[hello.ServerName]; !ok {
		return nil, fmt.Errorf("nobody is called %q", hello.ServerName)
	}
	return nil, nil // as the configuration has it
}

// backend starts a server in clear, which says its name in every answer.
func backend(ctx context.Context, name string) (*asyncio.Server, error) {
	return streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		defer w.Close()
		line, err := r.ReadLine(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s has heard: %s", name, line)
		return err
	}, "tcp", "127.0.0.1:0", nil)
}

// ask says a line to who is called name, by way of the proxy.
func ask(ctx context.Context, address, name string, trusted *tls.Config) (string, error) {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, &asyncio.ConnectionOptions{TLS: trusted, ServerName: &name})
	if err != nil {
		return "", err
	}
	defer w.Close()
	if _, err := fmt.Fprintln(w, "hello"); err != nil {
		return "", err
	}
	answer, err := r.ReadAll(ctx)
	return string(answer), err
}

func run(ctx context.Context) error {
	ca, err := authority.New()
	if err != nil {
		return err
	}
	p := &proxy{behind: map[string]string{}}
	var servers []*asyncio.Server
	for _, name := range []string{"one.example", "two.example"} {
		s, err := backend(ctx, name)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		p.behind[name] = s.Addrs()[0].String()
	}
	config, err := ca.Server("one.example", "two.example")
	if err != nil {
		return err
	}
	config.GetConfigForClient = p.choose
	front, err := streams.StartServer(ctx, p.serve, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{
		TLS: config, TLSHandshakeTimeout: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	servers = append(servers, front)

	for _, name := range []string{"one.example", "two.example", "three.example"} {
		answer, err := ask(ctx, front.Addrs()[0].String(), name, &tls.Config{RootCAs: ca.Pool()})
		if err != nil {
			fmt.Printf("%s: %v\n", name, err)
			continue
		}
		fmt.Printf("%s: %s", name, answer)
	}
	for _, s := range servers {
		s.Close()
	}
	for _, s := range servers {
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
	}
	fmt.Println("all are closed")
	return nil
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
