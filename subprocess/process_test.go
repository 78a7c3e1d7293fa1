package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
	"github.com/go-asyncio/asyncio/internal/testkit/folder"
	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/subprocess"
)

func TestStreams(t *testing.T) {
	row(t, "subprocess.003.stdin-stdout", func(s *stage) {
		p := s.start(options(piped), "cat")
		_, err := p.Stdin.Write([]byte("some data"))
		s.Check(err)
		s.Check(p.Stdin.Drain(s.Ctx))
		s.Check(p.Stdin.Close())
		data, err := p.Stdout.ReadAll(s.Ctx)
		s.Check(err)
		onloop.Want(s, "output", string(data), "some data")
		onloop.Want(s, "return code", s.wait(p), 0)
	})

	row(t, "subprocess.004.communicate", func(s *stage) {
		input := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // more than pipes hold
		p := s.start(options(piped), "cat")
		stdout, stderr, err := p.Communicate(s.Ctx, input)
		s.Check(err)
		onloop.Want(s, "output", bytes.Equal(stdout, input), true)
		onloop.Want(s, "errors", len(stderr), 0)
		code, known := p.Returncode()
		onloop.Want(s, "return code", code, 0)
		onloop.Want(s, "known", known, true)
	})

	row(t, "subprocess.011.stdin-broken-pipe", func(s *stage) {
		p := s.start(options(piped), "exit:0")
		_, err := p.Stdin.Write(bytes.Repeat([]byte("x"), 1<<20))
		for err == nil {
			if err = p.Stdin.Drain(s.Ctx); err == nil {
				_, err = p.Stdin.Write(bytes.Repeat([]byte("x"), 1<<20))
			}
		}
		if !errors.Is(err, brokenPipe) && !errors.Is(err, syscall.ECONNRESET) {
			s.Errorf("writing ends with %v", err)
		}
		onloop.Want(s, "return code", s.wait(p), 0)
	})

	row(t, "subprocess.012.communicate-broken-pipe", func(s *stage) {
		p := s.start(options(piped), "exit:3")
		_, _, err := p.Communicate(s.Ctx, bytes.Repeat([]byte("x"), 1<<20))
		s.Check(err)
		onloop.Want(s, "return code", s.wait(p), 3)
	})

	row(t, "subprocess.013.pause-reading", func(s *stage) {
		p := s.start(options(piped, func(o *subprocess.Options) { o.Limit = 10 }), "big:21", "stay")
		paused := p.Transport().GetPipeTransport(1)
		for paused.IsReading() {
			s.Check(asyncio.Sleep(s.Ctx, 0))
		}
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "output", len(stdout), 21)
	})

	row(t, "subprocess.014.empty-input", func(s *stage) {
		p := s.start(options(piped), "count")
		stdout, _, err := p.Communicate(s.Ctx, []byte{})
		s.Check(err)
		onloop.Want(s, "output", string(stdout), "0")
	})

	row(t, "subprocess.701.communicate-no-input", func(s *stage) {
		p := s.start(options(piped), "cat")
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "output", string(stdout), "")
		onloop.Want(s, "there is output", stdout != nil, true)
		onloop.Want(s, "return code", s.wait(p), 0)
	})

	row(t, "subprocess.015.devnull-input", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdin, o.Stdout = subprocess.DevNull, subprocess.Pipe }), "count")
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "output", string(stdout), "0")
	})

	plainRow(t, "subprocess.016.devnull-output", func(s *stage) {
		p := s.start(options(silent), "out:unseen", "err:unseen")
		stdout, stderr, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "no output", stdout == nil && stderr == nil, true)
	})

	row(t, "subprocess.022.read-after-exit", func(s *stage) {
		const size = 256 << 10
		p := s.start(options(func(o *subprocess.Options) { o.Stdin, o.Stdout = subprocess.DevNull, subprocess.Pipe }), "big:262144")
		got, n := []byte(nil), 0
		for {
			piece, err := p.Stdout.Read(s.Ctx, 1<<10)
			if errors.Is(err, io.EOF) {
				break
			}
			s.Must(err)
			if got = append(got, piece...); n == 0 {
				n++
				for p.Stdout.Buffered() < 1<<15 {
					s.Check(asyncio.Sleep(s.Ctx, 0)) // it runs ahead
				}
			}
		}
		onloop.Want(s, "output", len(got), size)
		onloop.Want(s, "return code", s.wait(p), 0)
	})

	row(t, "lines", func(s *stage) {
		p := s.start(options(piped), "lines")
		for _, text := range []string{"one\n", "two\n"} {
			_, err := p.Stdin.Write([]byte(text))
			s.Check(err)
			line, err := p.Stdout.ReadLine(s.Ctx)
			s.Check(err)
			onloop.Want(s, "line", string(line), text)
		}
		s.Check(p.Stdin.Close())
		onloop.Want(s, "return code", s.wait(p), 0)
	})
}

func TestEnds(t *testing.T) {
	plainRow(t, "subprocess.005.shell", func(s *stage) {
		p, err := subprocess.Shell(s.Ctx, nil, "exit 7")
		s.Must(err)
		onloop.Want(s, "return code", s.wait(p), 7)
	})

	plainRow(t, "subprocess.007.kill", func(s *stage) {
		p := s.start(options(silent), "sleep")
		s.Check(p.Kill())
		onloop.Want(s, "return code", s.wait(p), killed())
	})

	row(t, "subprocess.008.kill-shell-with-child", func(s *stage) {
		// What it leaves behind keeps its output open until it reads the end of its input.
		p := s.start(options(piped), "leave:stay", "out:ready", "sleep")
		s.ready(p)
		s.Check(p.Kill())
		onloop.Want(s, "return code", s.wait(p), killed())
		s.Check(p.Stdin.Close())
		_, err := p.Stdout.ReadAll(s.Ctx)
		s.Check(err)
	})

	plainRow(t, "subprocess.009.terminate", func(s *stage) {
		p := s.start(options(silent), "sleep")
		s.Check(p.Terminate())
		onloop.Want(s, "return code", s.wait(p), terminated())
	})

	row(t, "subprocess.010.send-signal", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdout = subprocess.Pipe }), "out:ready", "sleep")
		s.ready(p)
		s.Check(p.SendSignal(aSignal))
		onloop.Want(s, "return code", s.wait(p), codeOfSignal(aSignal))
	})

	plainRow(t, "subprocess.017.cancel-wait", func(s *stage) {
		p := s.start(options(silent), "sleep")
		waiting := s.Start(func(ctx context.Context) error { _, err := p.Wait(ctx); return err })
		s.Passes(5)
		waiting.Cancel()
		_, err := waiting.Await(s.Ctx)
		s.Fails(err, asyncio.ErrCancelled)
		s.Check(p.Kill())
		onloop.Want(s, "return code", s.wait(p), killed())
	})

	plainRow(t, "subprocess.019.close-kills-running", func(s *stage) {
		p := s.start(options(silent), "sleep")
		s.Check(p.Close())
		onloop.Want(s, "return code", s.wait(p), killed())
		s.Check(p.Close())
	})

	plainRow(t, "subprocess.703.concurrent-wait", func(s *stage) {
		p := s.start(options(silent), "exit:42")
		for begun := s.Loop.Time(); ; {
			if _, known := p.Returncode(); known {
				break
			}
			if s.Loop.Time()-begun > onloop.Patience {
				s.Fatal("it does not end")
			}
			s.Check(asyncio.Sleep(s.Ctx, 0))
		}
		var all []func(context.Context) (int, error)
		for range 10 {
			all = append(all, p.Wait)
		}
		codes, err := asyncio.Gather(s.Ctx, all...)
		s.Check(err)
		onloop.Want(s, "codes", len(codes), 10)
		for _, code := range codes {
			onloop.Want(s, "code", code, 42)
		}
	})

	plainRow(t, "subprocess.704.wait-after-exit", func(s *stage) {
		p := s.start(options(silent), "exit:4")
		onloop.Want(s, "return code", s.wait(p), 4)
		again := asyncio.CreateTask(s.Loop, p.Wait, asyncio.WithEagerStart(true))
		onloop.Want(s, "done", again.Done(), true)
		code, err := again.Result()
		s.Check(err)
		onloop.Want(s, "return code", code, 4)
	})

	row(t, "subprocess.706.signal-race", func(s *stage) {
		for range 10 {
			p := s.start(options(piped), "out:ready", "stay", "exit:0")
			s.ready(p)
			s.Check(p.Stdin.Close())
			for {
				if err := p.SendSignal(harmless); err != nil {
					break
				}
				if _, known := p.Returncode(); known {
					break
				}
				s.Check(asyncio.Sleep(s.Ctx, 0))
			}
			onloop.Want(s, "return code", s.wait(p), 0)
		}
	})
}

func TestOptions(t *testing.T) {
	row(t, "subprocess.702.env-shell", func(s *stage) {
		env := append(os.Environ(), "FOO=bar")
		p, err := subprocess.Shell(s.Ctx, &subprocess.Options{Stdout: subprocess.Pipe, Env: env}, printVariable)
		s.Must(err)
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "a shell's", strings.TrimSpace(string(stdout)), "bar")

		p = s.start(options(func(o *subprocess.Options) { o.Stdout, o.Env = subprocess.Pipe, append(o.Env, "FOO=baz") }), "env:FOO")
		stdout, _, err = p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "a program's", string(stdout), "baz")
	})

	row(t, "directory", func(s *stage) {
		dir := folder.New(s)
		p := s.start(options(func(o *subprocess.Options) { o.Stdout, o.Dir = subprocess.Pipe, dir }), "dir")
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		there, err := os.Stat(string(stdout))
		s.Must(err)
		here, err := os.Stat(dir)
		s.Must(err)
		onloop.Want(s, "the folder", os.SameFile(there, here), true)
	})

	row(t, "files", func(s *stage) {
		name := folder.New(s) + "/file"
		s.Must(os.WriteFile(name, []byte("from a file"), 0o600))
		in, err := os.Open(name)
		s.Must(err)
		out, err := os.Create(name + ".out")
		s.Must(err)
		p := s.start(options(func(o *subprocess.Options) { o.Stdin, o.Stdout = subprocess.File(in), subprocess.File(out) }), "cat")
		s.Check(in.Close())
		s.Check(out.Close())
		onloop.Want(s, "return code", s.wait(p), 0)
		got, err := os.ReadFile(name + ".out")
		s.Check(err)
		onloop.Want(s, "output", string(got), "from a file")
	})

	plainRow(t, "input without a pipe", func(s *stage) {
		p := s.start(options(silent), "exit:0")
		_, _, err := p.Communicate(s.Ctx, []byte("x"))
		s.Fails(err, asyncio.ErrInvalidArgument)
		onloop.Want(s, "return code", s.wait(p), 0)
		_, err = subprocess.Exec(s.Ctx, options(func(o *subprocess.Options) { o.Limit = -1 }), os.Args[0])
		s.Fails(err, asyncio.ErrInvalidArgument)
	})
}

// TestElsewhere: a goroutine that is no loop's starts a child, talks to it and waits.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	testkit.Over(t, withPipes, func(t *testing.T, m testkit.Mechanism) {
		s := newStage(t, m)
		_, err := subprocess.Exec(t.Context(), options(silent), os.Args[0], "exit:0")
		s.Fails(err, asyncio.ErrNoRunningLoop)
		var running sync.WaitGroup
		running.Go(func() { s.Check(s.Loop.RunForever()) })
		defer running.Wait()
		defer s.Loop.Stop()
		line := again.Line("cat", "exit:5")
		p, err := subprocess.Exec(t.Context(), options(piped, func(o *subprocess.Options) { o.Loop = s.Loop }), line[0], line[1:]...)
		s.Must(err)
		stdout, _, err := p.Communicate(t.Context(), []byte("hello"))
		s.Check(err)
		onloop.Want(s, "output", string(stdout), "hello")
		code, err := p.Wait(t.Context())
		s.Check(err)
		onloop.Want(s, "return code", code, 5)
	})
}

// TestCommunicateAgain: a Communicate that was cancelled has lost nothing.
func TestCommunicateAgain(t *testing.T) {
	row(t, "again", func(s *stage) {
		p := s.start(options(piped), "out:first ", "cat")
		ready := make(chan struct{})
		waiting := s.Start(func(ctx context.Context) error {
			close(ready)
			_, _, err := p.Communicate(ctx, bytes.Repeat([]byte("x"), 1<<20))
			return err
		})
		<-allow(s, ready)
		s.Passes(5)
		waiting.Cancel()
		_, err := waiting.Await(s.Ctx)
		if err != nil {
			s.Fails(err, asyncio.ErrCancelled)
		}
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "output", len(stdout), len("first ")+1<<20)
	})
}

// allow lets the loop go on until the channel is closed.
func allow(s *stage, c chan struct{}) chan struct{} {
	for {
		select {
		case <-c:
			return c
		default:
			s.Check(asyncio.Sleep(s.Ctx, 0))
		}
	}
}
