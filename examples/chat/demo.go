package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/examples/internal/ending"
	"github.com/go-asyncio/asyncio/streams"
)

// talker is somebody at the other end of a connection.
type talker struct {
	name string
	r    *streams.StreamReader
	w    *streams.StreamWriter
}

// visit comes into the hall at address and says a name.
func visit(ctx context.Context, address, name string) (*talker, error) {
	r, w, err := streams.OpenConnection(ctx, "tcp", address, nil)
	if err != nil {
		return nil, err
	}
	t := &talker{name, r, w}
	err = errors.Join(t.hear(ctx, 1), t.say(ctx, name))
	if err != nil {
		w.Close()
	}
	return t, err
}

// say says a line.
func (t *talker) say(ctx context.Context, line string) error {
	if _, err := fmt.Fprintln(t.w, line); err != nil {
		return err
	}
	return t.w.Drain(ctx)
}

// hear waits for some lines and prints them.
func (t *talker) hear(ctx context.Context, lines int) error {
	for range lines {
		line, err := t.r.ReadLine(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		fmt.Printf("%-7s hears  %s", t.name, line)
	}
	return nil
}

// demonstrate opens a hall, has guests talk in it, and closes it.
func demonstrate(ctx context.Context) error {
	h := newHall()
	server, err := start(ctx, h, "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := server.Addrs()[0].String()
	talkers := map[string]*talker{}
	defer func() {
		for _, t := range talkers {
			t.w.Close()
		}
	}()
	if err := play(ctx, address, talkers); err != nil {
		return err
	}
	if err := flood(ctx, address, talkers["Ada"]); err != nil {
		return err
	}
	ended := asyncio.GoErr(ctx, func(ctx context.Context) error {
		return ending.Close(ctx, server, 10*time.Second, h.close)
	})
	for _, name := range []string{"Ada", "Bob"} {
		t := talkers[name]
		if err := t.hear(ctx, 1); err != nil {
			return err
		}
		if _, err := t.r.ReadLine(ctx); !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %v instead of the end", name, err)
		}
		if err := t.w.Close(); err != nil {
			return err
		}
	}
	if _, err := ended.Await(ctx); err != nil {
		return err
	}
	fmt.Println("the hall is closed, with", len(h.guests), "guests in it")
	return nil
}

// play has guests come and talk.
func play(ctx context.Context, address string, talkers map[string]*talker) error {
	// Who does what, and who then hears how many lines.
	for _, step := range []struct {
		who, says string
		hears     []string
	}{
		{"Ada", "", []string{"Ada", "Ada"}},
		{"Bob", "", []string{"Bob", "Bob", "Ada"}},
		{"Bob", "good evening", []string{"Ada"}},
		{"Cleo", "", []string{"Cleo", "Cleo", "Ada", "Bob"}},
		{"Cleo", "/join chess", []string{"Cleo", "Ada", "Bob"}},
		{"Bob", "/join chess", []string{"Bob", "Ada", "Cleo"}},
		{"Bob", "your move", []string{"Cleo"}},
		{"Ada", "/rooms", []string{"Ada", "Ada"}},
		{"Cleo", "/quit", []string{"Bob"}},
	} {
		if step.says == "" {
			t, err := visit(ctx, address, step.who)
			if err != nil {
				return err
			}
			talkers[step.who] = t
		} else if err := talkers[step.who].say(ctx, step.says); err != nil {
			return err
		}
		for _, name := range step.hears {
			if err := talkers[name].hear(ctx, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// flood has somebody come who does not read, and Ada talk to him until he is put out.
func flood(ctx context.Context, address string, ada *talker) error {
	mallory, err := visit(ctx, address, "Mallory")
	if err != nil {
		return err
	}
	defer mallory.w.Close()
	if err := errors.Join(mallory.hear(ctx, 2), ada.hear(ctx, 1)); err != nil {
		return err
	}
	if err := mallory.w.Transport().PauseReading(); err != nil {
		return err
	}
	talk := asyncio.GoErr(ctx, func(ctx context.Context) error {
		for {
			if err := ada.say(ctx, strings.Repeat("x", longest-1)); err != nil {
				return err
			}
		}
	})
	err = ada.hear(ctx, 1)
	talk.Cancel()
	if _, talkErr := talk.Await(ctx); !talk.Cancelled() {
		err = errors.Join(err, talkErr)
	}
	return err
}
