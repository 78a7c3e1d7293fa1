package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// slow is how many bytes may wait for a guest who does not read, before he is put out.
const slow = 256 << 10

// shy is how long a guest may take to say his name.
const shy = 30 * time.Second

// lobby is the room in which everybody begins.
const lobby = "lobby"

// hall is all rooms and guests. It belongs to the loop: between two waits of a coroutine
// nobody else runs, so it needs no lock.
type hall struct {
	guests map[string]*guest   // by name
	rooms  map[string][]*guest // by name, those who came first before the others; none is empty
}

// guest is somebody who has said his name.
type guest struct {
	name, room string
	w          *streams.StreamWriter
	why        string // why he goes, if not by his own will
}

func newHall() *hall {
	return &hall{guests: map[string]*guest{}, rooms: map[string][]*guest{}}
}

// serve has somebody in the hall until he goes.
func (h *hall) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close() // sends what was written before
	g, err := h.admit(ctx, r, w)
	if err == nil {
		err = h.listen(ctx, g, r)
		h.leave(g)
	}
	var long *streams.LimitOverrunError
	switch {
	case errors.Is(err, asyncio.ErrCancelled):
		return err
	case errors.As(err, &long):
		fmt.Fprintf(w, "* no line may be longer than %d bytes\n", longest)
	case errors.Is(err, asyncio.ErrTimeout):
		fmt.Fprintln(w, "* you have not said who you are")
	case err != nil: // a connection that breaks is its guest's affair, and no fault of the server's
		slog.Debug("a guest is lost", "address", w.Transport().RemoteAddr(), "why", err)
	}
	return nil
}

// nameable is what a guest or a room may be called.
var nameable = regexp.MustCompile(`^[\p{L}\p{N}_-]{1,20}$`)

// admit asks for a name until there is one that is free.
func (h *hall) admit(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) (*guest, error) {
	var g *guest
	err := asyncio.Timeout(ctx, shy, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
		for g == nil {
			fmt.Fprintln(w, "* who are you?")
			line, err := r.ReadLine(ctx)
			if err != nil {
				return err
			}
			name := strings.TrimSpace(string(line))
			switch {
			case !nameable.MatchString(name):
				fmt.Fprintln(w, "* a name has up to 20 letters and digits")
			case h.guests[name] != nil:
				fmt.Fprintln(w, "* that name is taken")
			default: // no wait since the look: it is still free
				g = &guest{name: name, w: w}
				h.guests[name] = g
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	g.send("* welcome; /join ROOM, /rooms, /who, /quit")
	h.enter(g, lobby)
	return g, nil
}

// listen does what a guest says, until he goes.
func (h *hall) listen(ctx context.Context, g *guest, r *streams.StreamReader) error {
	for line, err := range r.Lines(ctx) {
		if err != nil {
			return err
		}
		said := strings.TrimSpace(string(line))
		word, rest, _ := strings.Cut(said, " ")
		switch {
		case said == "":
		case word == "/quit":
			return nil
		case word == "/join" && nameable.MatchString(rest):
			h.part(g, "went to "+rest)
			h.enter(g, rest)
		case said == "/rooms":
			for _, name := range h.names() {
				g.send(fmt.Sprintf("* %s: %d", name, len(h.rooms[name])))
			}
		case said == "/who":
			for _, other := range h.rooms[g.room] {
				g.send("* " + other.name)
			}
		case strings.HasPrefix(word, "/"):
			g.send("* there are /join ROOM, /rooms, /who, /quit")
		default:
			h.tell(g, g.name+": "+said)
		}
		// Answers to a guest who asks much and reads little wait for him, here.
		if err := g.w.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// names returns the names of all rooms, in order.
func (h *hall) names() []string {
	names := make([]string, 0, len(h.rooms))
	for name := range h.rooms {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// enter puts a guest into a room, which hears of it.
func (h *hall) enter(g *guest, room string) {
	g.room = room
	h.rooms[room] = append(h.rooms[room], g)
	h.tell(g, fmt.Sprintf("* %s came", g.name))
	g.send("* you are in " + room)
}

// part takes a guest out of his room, which hears why.
func (h *hall) part(g *guest, why string) {
	h.tell(g, fmt.Sprintf("* %s %s", g.name, why))
	left := slices.DeleteFunc(h.rooms[g.room], func(other *guest) bool { return other == g })
	if h.rooms[g.room] = left; len(left) == 0 {
		delete(h.rooms, g.room)
	}
}

// leave takes a guest out of the hall.
func (h *hall) leave(g *guest) {
	if g.why == "" {
		g.why = "went"
	}
	h.part(g, g.why)
	delete(h.guests, g.name)
}

// tell has all in a guest's room hear something, but himself.
func (h *hall) tell(from *guest, line string) {
	for _, g := range h.rooms[from.room] {
		if g != from {
			g.send(line)
		}
	}
}

// send sends a line, and never waits: what one guest does not read must not hold up the room.
// It is kept for him up to a limit, and that is the end of his stay.
func (g *guest) send(line string) {
	if g.w.IsClosing() {
		return // he goes, which his own coroutine hears, too
	}
	if _, err := fmt.Fprintln(g.w, line); err != nil {
		return // and so it does of this
	}
	if g.w.Transport().GetWriteBufferSize() > slow {
		g.why = "was put out: he does not read"
		g.w.Transport().Abort() // his coroutine's read ends
	}
}

// close tells everybody that it is the end, and ends what they hear. What they still have on
// the way is read, until they end their side: to close the connection over it could cost
// them the last lines.
func (h *hall) close() {
	for _, g := range h.guests {
		g.why = "went: the hall closes"
		g.send("* the hall closes")
		if err := g.w.WriteEOF(); err != nil {
			g.w.Transport().Abort()
		}
	}
}
