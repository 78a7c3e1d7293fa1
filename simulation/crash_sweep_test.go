package simulation_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit/certs"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// crashStory is what a client and a server do, in which one of them crashes.
type crashStory struct {
	server, client *tls.Config
	early          bool // TLS is there from the start, if there is any
	begun, ended   int  // coroutines of the story's
	heard          map[string]int
}

// note counts a coroutine until its end, and how it ends unless its host has crashed.
func (y *crashStory) note(h *simulation.Host, f func() error) error {
	y.begun++
	crashed := true
	defer func() { y.ended++ }()
	defer func() {
		if crashed {
			y.heard[h.Name()+" crashed"]++
		}
	}()
	err := f()
	crashed = false
	y.heard[h.Name()+" "+crashWord(err)]++
	return nil
}

// crashWord is what TCP may say of a peer that has crashed.
func crashWord(err error) string {
	switch {
	case err == nil:
		return "well"
	case errors.Is(err, asyncio.ErrTimeout):
		return "silence"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "end"
	case sock.Refused(err):
		return "refused"
	case sock.Disconnected(err), timedOut(err):
		return "reset"
	}
	return err.Error()
}

// serve answers lines, and has TLS begin when it is asked to.
func (y *crashStory) serve(ctx context.Context) error {
	h := simulation.HostOf(ctx)
	o := &asyncio.ServerOptions{}
	if y.early {
		o.TLS = y.server
	}
	s, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
		return y.note(h, func() error {
			return asyncio.Timeout(ctx, 30*time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error { return y.answer(ctx, r, w) })
		})
	}, "tcp", ":7", o)
	if err != nil {
		return err
	}
	return s.ServeForever(ctx)
}

// answer answers on a connection until the client has ended it.
func (y *crashStory) answer(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for {
		line, err := r.ReadLine(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		if string(line) == "TLS\n" {
			if err := w.StartTLS(ctx, y.server); err != nil {
				return err
			}
		}
	}
}

// ask has some lines be answered on a connection.
func (y *crashStory) ask(ctx context.Context) error {
	o := &asyncio.ConnectionOptions{}
	if y.early {
		o.TLS = y.client
	}
	r, w, err := streams.OpenConnection(ctx, "tcp", "server:7", o)
	if err != nil {
		return err
	}
	defer w.Close()
	for i := range 6 {
		line := fmt.Sprintln("line", i)
		if i == 2 && y.client != nil && !y.early {
			line = "TLS\n"
		}
		if _, err := w.Write([]byte(line)); err != nil {
			return err
		}
		if got, err := r.ReadLine(ctx); err != nil || string(got) != line {
			return fmt.Errorf("%q came for %q: %w", got, line, err)
		}
		if line == "TLS\n" {
			if err := w.StartTLS(ctx, y.client); err != nil {
				return err
			}
		}
	}
	return errors.Join(w.Close(), w.WaitClosed(ctx))
}

// sweepCrash has a host crash after each number of steps of a story, and start again, until
// the story is over before that. What the other one hears is counted.
func sweepCrash(t *testing.T, victim string, story func() *crashStory) map[string]int {
	heard := map[string]int{}
	for steps, over := 0, false; !over; steps += 1 + steps/15 {
		simulation.Test(t, func(w *simulation.World) {
			y := story()
			y.heard = heard
			server, client := w.Host("server"), w.Host("client")
			server.Start(y.serve)
			w.RunFor(time.Second)
			once := false
			client.Start(func(ctx context.Context) error {
				if once {
					return nil // it has crashed
				}
				once = true
				return y.note(client, func() error {
					return asyncio.Timeout(ctx, 30*time.Second, func(ctx context.Context, _ *asyncio.TimeoutScope) error { return y.ask(ctx) })
				})
			})
			for range steps {
				w.Step()
			}
			over = client.Done()
			h := w.Host(victim)
			loop := h.Loop()
			h.Crash()
			w.RunFor(time.Second)
			if n := len(asyncio.AllTasks(loop)); n != 0 || !loop.IsClosed() {
				w.Errorf("%s, after %d steps: %d tasks are left, closed: %v", victim, steps, n, loop.IsClosed())
			}
			h.Restart() // its port is free
			w.RunFor(2 * time.Minute)
			if !server.Running() || client.Running() || y.begun != y.ended {
				w.Errorf("%s, after %d steps: the server runs: %v, the client: %v; of %d coroutines %d have ended", victim, steps, server.Running(), client.Running(), y.begun, y.ended)
			}
			if n := len(asyncio.AllTasks(server.Loop())); n != 1 {
				w.Errorf("%s, after %d steps: the server has %d tasks, not one", victim, steps, n)
			}
		})
	}
	return heard
}

// TestCrashSweep: a crash at each step of a connection, of a TLS handshake and of StartTLS leaves
// nothing, and the peer hears what TCP would tell it.
func TestCrashSweep(t *testing.T) {
	for name, early := range map[string]bool{"connection": true, "TLS": true, "StartTLS": false} {
		for _, victim := range []string{"server", "client"} {
			t.Run(name+"/"+victim, func(t *testing.T) {
				heard := sweepCrash(t, victim, func() *crashStory {
					y := &crashStory{early: early}
					if name != "connection" {
						a := certs.New()
						y.server, y.client = a.Server(), a.Client()
						y.client.ServerName = "localhost"
					}
					return y
				})
				t.Log(heard)
				other := map[string]string{"server": "client", "client": "server"}[victim]
				for _, must := range []string{victim + " crashed", other + " well", other + " silence"} {
					if heard[must] == 0 {
						t.Errorf("never %s: %v", must, heard)
					}
				}
				known := 0
				for _, word := range []string{"crashed", "well", "silence", "end", "refused", "reset"} {
					known += heard["server "+word] + heard["client "+word]
				}
				for _, n := range heard {
					known -= n
				}
				if known != 0 {
					t.Errorf("something else was heard: %v", heard)
				}
			})
		}
	}
}

// asking is one that waits for an answer.
type asking struct {
	asyncio.BaseDatagramProtocol
	got  int
	wake asyncio.Waiter
}

func (a *asking) DatagramReceived([]byte, net.Addr) {
	a.got++
	a.wake.Wake()
}

// TestCrashSweepOfDatagrams: a crash at each step of an exchange of datagrams leaves nothing, and
// who asks again is answered when the host is back.
func TestCrashSweepOfDatagrams(t *testing.T) {
	for steps, over := 0, false; !over; steps++ {
		simulation.Test(t, func(w *simulation.World) {
			server, client := w.Host("server"), w.Host("client")
			server.Start(func(ctx context.Context) error {
				_, _, err := server.Loop().CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return &echoing{} },
					&asyncio.DatagramOptions{LocalAddress: "0.0.0.0:7"})
				if err != nil {
					return err
				}
				return asyncio.Sleep(ctx, time.Hour)
			})
			w.RunFor(time.Second)
			asked := 0
			client.Start(func(ctx context.Context) error {
				p := &asking{}
				tr, _, err := client.Loop().CreateDatagramEndpoint(ctx, func() asyncio.DatagramProtocol { return p },
					&asyncio.DatagramOptions{RemoteAddress: net.JoinHostPort(server.Addr().String(), "7")})
				if err != nil {
					return err
				}
				defer tr.Abort()
				for p.got < 3 {
					asked++
					if err := tr.SendTo([]byte("what?"), nil); err != nil {
						return err
					}
					err := asyncio.Timeout(ctx, 100*time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error { return p.wake.Wait(ctx) })
					if err != nil && !errors.Is(err, asyncio.ErrTimeout) {
						return err
					}
				}
				return nil
			})
			for range steps {
				w.Step()
			}
			over = client.Done()
			loop := server.Loop()
			server.Crash()
			w.RunFor(time.Second)
			if n := len(asyncio.AllTasks(loop)); n != 0 || !loop.IsClosed() {
				w.Errorf("after %d steps: %d tasks are left, closed: %v", steps, n, loop.IsClosed())
			}
			server.Restart()
			w.RunFor(time.Minute)
			if !client.Done() || client.Err() != nil || asked < 3 || asked > 20 {
				w.Errorf("after %d steps: over: %v, %v, asked %d times", steps, client.Done(), client.Err(), asked)
			}
		})
	}
}
