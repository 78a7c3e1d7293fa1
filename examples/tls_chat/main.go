// Tls_chat is a chat room over TLS: guests are known by their certificates, and who has none
// is turned away. What one says the others hear. The room and its guests share one event
// loop here; they could as well be programs.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/authority"
	"github.com/go-asyncio/asyncio/streams"
)

// slow is how many bytes may wait for one who does not read, before he is put out.
const slow = 1 << 20

// room is who is there. It belongs to the loop, and needs no lock.
type room struct{ guests []*guest }

// guest is one of the room's connections.
type guest struct {
	name string
	w    *streams.StreamWriter
}

// serve has one guest in the room until he goes. By then the handshake is done, and his
// certificate was checked.
func (r *room) serve(ctx context.Context, in *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	who, ok := w.GetExtraInfo("peercert").(*x509.Certificate)
	if !ok {
		return errors.New("somebody without a certificate has got in")
	}
	g := &guest{name: who.Subject.CommonName, w: w}
	r.guests = append(r.guests, g)
	defer r.leave(g)
	if _, err := fmt.Fprintf(w, "* welcome, %s\n", g.name); err != nil {
		return err
	}
	r.tell(g, fmt.Sprintf("* %s has come\n", g.name))
	for line, err := range in.Lines(ctx) {
		if err != nil {
			return err
		}
		r.tell(g, fmt.Sprintf("%s: %s", g.name, line))
	}
	return nil
}

// tell has all but one hear something.
func (r *room) tell(from *guest, text string) {
	for _, g := range r.guests {
		if g == from {
			continue
		}
		_, _ = g.w.Write([]byte(text)) // who has gone is noticed where he is read from
		if g.w.Transport().GetWriteBufferSize() > slow {
			g.w.Transport().Abort()
		}
	}
}

// leave ends a guest's stay.
func (r *room) leave(g *guest) {
	r.guests = slices.DeleteFunc(r.guests, func(other *guest) bool { return other == g })
	r.tell(g, fmt.Sprintf("* %s has gone\n", g.name))
}

// talker is somebody at the other end of a connection.
type talker struct {
	name string
	r    *streams.StreamReader
	w    *streams.StreamWriter
}

// town is where the room is, and who gives out certificates.
type town struct {
	address string
	ca      *authority.Authority
}

// enter has somebody come into the room, be welcomed, and noticed by those who are there.
func (t *town) enter(ctx context.Context, name string, there ...*talker) (*talker, error) {
	cert, err := t.ca.Person(name)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: t.ca.Pool(), Certificates: []tls.Certificate{cert}}
	r, w, err := streams.OpenConnection(ctx, "tcp", t.address, &asyncio.ConnectionOptions{TLS: config})
	if err != nil {
		return nil, err
	}
	comer := &talker{name, r, w}
	return comer, hear(ctx, append([]*talker{comer}, there...)...)
}

// say says a line, and waits until those who are to hear it have heard.
func (t *talker) say(ctx context.Context, line string, to ...*talker) error {
	if _, err := fmt.Fprintln(t.w, line); err != nil {
		return err
	}
	if err := t.w.Drain(ctx); err != nil {
		return err
	}
	return hear(ctx, to...)
}

// hear waits for one line for each.
func hear(ctx context.Context, all ...*talker) error {
	for _, t := range all {
		line, err := t.r.ReadLine(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%-4s hears  %s", t.name, line)
	}
	return nil
}

// intrude tries to come in without a certificate. In TLS 1.3 the handshake is done for a
// client before the server has seen what it sends: the refusal comes with the first read.
func (t *town) intrude(ctx context.Context) error {
	config := &tls.Config{RootCAs: t.ca.Pool()}
	r, w, err := streams.OpenConnection(ctx, "tcp", t.address, &asyncio.ConnectionOptions{TLS: config})
	if err == nil {
		defer w.Close()
		_, err = r.ReadLine(ctx)
	}
	fmt.Println("somebody without a certificate:", err)
	return nil
}

func (t *town) talk(ctx context.Context) error {
	ada, err := t.enter(ctx, "Ada")
	if err != nil {
		return err
	}
	defer ada.w.Close()
	bob, err := t.enter(ctx, "Bob", ada)
	if err != nil {
		return err
	}
	defer bob.w.Close()
	for _, step := range []func() error{
		func() error { return bob.say(ctx, "good evening", ada) },
		func() error { return ada.say(ctx, "good evening, Bob", bob) },
		func() error { return t.intrude(ctx) },
		bob.w.Close,
		func() error { return hear(ctx, ada) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func run(ctx context.Context) error {
	ca, err := authority.New()
	if err != nil {
		return err
	}
	config, err := ca.Server("localhost", "127.0.0.1")
	if err != nil {
		return err
	}
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	r := &room{}
	server, err := streams.StartServer(ctx, r.serve, "tcp", "127.0.0.1:0", &asyncio.ServerOptions{
		TLS: config, TLSHandshakeTimeout: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	err = (&town{server.Addrs()[0].String(), ca}).talk(ctx)
	server.Close()
	if err := errors.Join(err, server.WaitClosed(ctx)); err != nil {
		return err
	}
	fmt.Println("the room is closed")
	return nil
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
