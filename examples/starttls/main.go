// Starttls is a mail server that upgrades its connections to TLS in mid-stream, as SMTP's
// STARTTLS has it (RFC 3207), and takes mail only then. The client is package net/smtp's, in a
// coroutine of the same loop. Another one shows what becomes of clear text that somebody in
// between has put in behind STARTTLS.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/smtp"
	"strings"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/authority"
	"github.com/go-asyncio/asyncio/streams"
)

// post is the mail server.
type post struct {
	config *tls.Config
	mail   []letter
}

// letter is what has come.
type letter struct{ from, to, text string }

// session is one connection.
type session struct {
	*post
	r *streams.StreamReader
	w *streams.StreamWriter
	l letter
}

func (p *post) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	s := &session{post: p, r: r, w: w}
	if err := s.say(ctx, "220 post.example at your service"); err != nil {
		return err
	}
	for {
		line, err := r.ReadLine(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		more, err := s.answer(ctx, strings.ToUpper(verb), rest)
		if err != nil || !more {
			return err
		}
	}
}

// say answers with some lines.
func (s *session) say(ctx context.Context, lines ...string) error {
	if _, err := s.w.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		return err
	}
	return s.w.Drain(ctx)
}

// answer deals with one command. It reports whether there is another one to come.
func (s *session) answer(ctx context.Context, verb, rest string) (more bool, err error) {
	secure := s.w.GetExtraInfo("ssl_object") != nil
	switch {
	case verb == "EHLO" && secure:
		return true, s.say(ctx, "250 post.example")
	case verb == "EHLO":
		return true, s.say(ctx, "250-post.example", "250 STARTTLS")
	case verb == "STARTTLS" && !secure:
		return s.upgrade(ctx)
	case verb == "QUIT":
		return false, s.say(ctx, "221 goodbye")
	case !secure:
		return true, s.say(ctx, "530 first say STARTTLS")
	case verb == "MAIL":
		s.l.from = rest
		return true, s.say(ctx, "250 go on")
	case verb == "RCPT":
		s.l.to = rest
		return true, s.say(ctx, "250 go on")
	case verb == "DATA":
		return true, s.take(ctx)
	}
	return true, s.say(ctx, "502 that I do not know")
}

// upgrade has TLS begin. What the client has said before counts no more. A client that does
// not come to it, or has clear text where TLS should begin, is no mistake of the server's.
func (s *session) upgrade(ctx context.Context) (more bool, err error) {
	if err := s.say(ctx, "220 go ahead"); err != nil {
		return false, err
	}
	if err := s.w.StartTLS(ctx, s.config); err != nil {
		fmt.Println("server: no TLS:", err)
		return false, nil
	}
	s.l = letter{}
	return true, nil
}

// take takes a letter's text.
func (s *session) take(ctx context.Context) error {
	if err := s.say(ctx, "354 end with a dot"); err != nil {
		return err
	}
	text, err := s.r.ReadUntil(ctx, []byte("\r\n.\r\n"))
	if err != nil {
		return err
	}
	s.l.text = strings.TrimSpace(strings.TrimSuffix(string(text), ".\r\n"))
	s.mail = append(s.mail, s.l)
	return s.say(ctx, "250 it is on its way")
}

// send sends a letter with package net/smtp, whose calls suspend this coroutine.
func send(ctx context.Context, address string, trusted *tls.Config) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	c, err := smtp.NewClient(streams.Conn(ctx, r, w), "localhost")
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.StartTLS(trusted); err != nil {
		return err
	}
	state, _ := c.TLSConnectionState()
	fmt.Println("client: speaks", tls.VersionName(state.Version))
	if err := errors.Join(c.Mail("ada@example.org"), c.Rcpt("bob@example.org")); err != nil {
		return err
	}
	body, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(body, "Dear Bob,\r\nall is well.\r\n"); err != nil {
		return err
	}
	return errors.Join(body.Close(), c.Quit())
}

// putIn says STARTTLS together with what is to be taken for what came by TLS.
func putIn(ctx context.Context, address string) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := w.Write([]byte("STARTTLS\r\nMAIL FROM:<mallory@example.org>\r\n")); err != nil {
		return err
	}
	var heard []string
	for line, err := range r.Lines(ctx) {
		if err != nil {
			break // the server has ended it
		}
		if line := string(line); strings.HasPrefix(line, "2") {
			heard = append(heard, strings.TrimSpace(line))
		}
	}
	fmt.Printf("intruder: heard %q, and then the end\n", heard)
	return nil
}

func run(ctx context.Context) error {
	ca, err := authority.New()
	if err != nil {
		return err
	}
	p := &post{}
	if p.config, err = ca.Server("localhost"); err != nil {
		return err
	}
	server, err := streams.StartServer(ctx, p.serve, "tcp", "127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	address := server.Addrs()[0].String()
	err = send(ctx, address, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
	if err == nil {
		err = putIn(ctx, address)
	}
	server.Close()
	if err := errors.Join(err, server.WaitClosed(ctx)); err != nil {
		return err
	}
	for _, l := range p.mail {
		fmt.Printf("mail %s %s: %q\n", l.from, l.to, l.text)
	}
	return nil
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
