// Command unix_chat is a chat room on a unix socket, with three who talk in it: what one
// says the others hear. Only programs of the same user may come in, which the system vouches
// for. The room and its guests share one event loop here; they could as well be programs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/go-asyncio/asyncio"
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

// serve has one guest in the room until he goes: his first line is his name.
func (r *room) serve(ctx context.Context, in *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	who, told := w.GetExtraInfo("peercred").(asyncio.PeerCredentials)
	if told && who.UID != os.Getuid() {
		return fmt.Errorf("user %d is turned away", who.UID)
	}
	name, err := in.ReadLine(ctx)
	if err != nil {
		return err
	}
	g := &guest{name: string(name[:len(name)-1]), w: w}
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
	for i := range r.guests {
		if r.guests[i] == g {
			r.guests = append(r.guests[:i], r.guests[i+1:]...)
			break
		}
	}
	r.tell(g, fmt.Sprintf("* %s has gone\n", g.name))
}

// talker is somebody at the other end of a connection.
type talker struct {
	name string
	r    *streams.StreamReader
	w    *streams.StreamWriter
}

// enter comes into the room, is welcomed, and noticed by those who are there.
func enter(ctx context.Context, path, name string, there ...*talker) (*talker, error) {
	r, w, err := streams.OpenUnixConnection(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	t := &talker{name, r, w}
	return t, t.say(ctx, name, append([]*talker{t}, there...)...)
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
		fmt.Printf("%-5s hears  %s", t.name, line)
	}
	return nil
}

func talk(ctx context.Context, path string) error {
	ada, err := enter(ctx, path, "Ada")
	if err != nil {
		return err
	}
	defer ada.w.Close()
	bob, err := enter(ctx, path, "Bob", ada)
	if err != nil {
		return err
	}
	defer bob.w.Close()
	cleo, err := enter(ctx, path, "Cleo", ada, bob)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return bob.say(ctx, "good evening", ada, cleo) },
		func() error { return ada.say(ctx, "good evening, Bob", bob, cleo) },
		func() error { return cleo.say(ctx, "I only look in", ada, bob) },
		cleo.w.Close,
		func() error { return hear(ctx, ada, bob) },
		func() error { return ada.say(ctx, "so we are alone", bob) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "chat")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "room")
	r := &room{}
	server, err := streams.StartUnixServer(ctx, r.serve, path, nil)
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Fprintln(os.Stderr, "unix_chat:", err)
		return nil
	}
	if err != nil {
		return err
	}
	err = talk(ctx, path)
	server.Close()
	err = errors.Join(err, server.WaitClosed(ctx))
	if _, gone := os.Lstat(path); errors.Is(gone, fs.ErrNotExist) {
		fmt.Println("the room is closed, and its socket's file is gone")
	}
	return err
}

func main() {
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
