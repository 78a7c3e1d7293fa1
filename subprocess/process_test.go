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
	"github.com/go-asyncio/asyncio/subprocess"
)

func TestStreams(t *testing.T) {
	row(t, "subprocess.003.stdin-stdout", func(s *stage) {
		p := s.start(options(piped), "cat")
		_, err := p.Stdin.Write([]byte("some data"))
		s.check(err)
		s.check(p.Stdin.Drain(s.ctx))
		s.check(p.Stdin.Close())
		data, err := p.Stdout.ReadAll(s.ctx)
		s.check(err)
		want(s, "output", string(data), "some data")
		want(s, "return code", s.wait(p), 0)
	})

	row(t, "subprocess.004.communicate", func(s *stage) {
		input := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // more than pipes hold
		p := s.start(options(piped), "cat")
		stdout, stderr, err := p.Communicate(s.ctx, input)
		s.check(err)
		want(s, "output", bytes.Equal(stdout, input), true)
		want(s, "errors", len(stderr), 0)
		code, known := p.Returncode()
		want(s, "return code", code, 0)
		want(s, "known", known, true)
	})

	row(t, "subprocess.011.stdin-broken-pipe", func(s *stage) {
		p := s.start(options(piped), "exit:0")
		_, err := p.Stdin.Write(bytes.Repeat([]byte("x"), 1<<20))
		for err == nil {
			if err = p.Stdin.Drain(s.ctx); err == nil {
				_, err = p.Stdin.Write(bytes.Repeat([]byte("x"), 1<<20))
			}
		}
		if !errors.Is(err, brokenPipe) && !errors.Is(err, syscall.ECONNRESET) {
			s.Errorf("writing ends with %v", err)
		}
		want(s, "return code", s.wait(p), 0)
	})

	row(t, "subprocess.012.communicate-broken-pipe", func(s *stage) {
		p := s.start(options(piped), "exit:3")
		_, _, err := p.Communicate(s.ctx, bytes.Repeat([]byte("x"), 1<<20))
		s.check(err)
		want(s, "return code", s.wait(p), 3)
	})

	row(t, "subprocess.013.pause-reading", func(s *stage) {
		p := s.start(options(piped, func(o *subprocess.Options) { o.Limit = 10 }), "big:21", "stay")
		paused := p.Transport().GetPipeTransport(1)
		for paused.IsReading() {
			s.check(asyncio.Sleep(s.ctx, 0))
		}
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "output", len(stdout), 21)
	})

	row(t, "subprocess.014.empty-input", func(s *stage) {
		p := s.start(options(piped), "count")
		stdout, _, err := p.Communicate(s.ctx, []byte{})
		s.check(err)
		want(s, "output", string(stdout), "0")
	})

	row(t, "subprocess.701.communicate-no-input", func(s *stage) {
		p := s.start(options(piped), "cat")
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "output", string(stdout), "")
		want(s, "there is output", stdout != nil, true)
		want(s, "return code", s.wait(p), 0)
	})

	row(t, "subprocess.015.devnull-input", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdin, o.Stdout = subprocess.DevNull, subprocess.Pipe }), "count")
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "output", string(stdout), "0")
	})

	plainRow(t, "subprocess.016.devnull-output", func(s *stage) {
		p := s.start(options(silent), "out:unseen", "err:unseen")
		stdout, stderr, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "no output", stdout == nil && stderr == nil, true)
	})

	row(t, "subprocess.022.read-after-exit", func(s *stage) {
		const size = 256 << 10
		p := s.start(options(func(o *subprocess.Options) { o.Stdin, o.Stdout = subprocess.DevNull, subprocess.Pipe }), "big:262144")
		got, n := []byte(nil), 0
		for {
			piece, err := p.Stdout.Read(s.ctx, 1<<10)
			if errors.Is(err, io.EOF) {
				break
			}
			s.must(err)
			if got = append(got, piece...); n == 0 {
				n++
				for p.Stdout.Buffered() < 1<<15 {
					s.check(asyncio.Sleep(s.ctx, 0)) // it runs ahead
				}
			}
		}
		want(s, "output", len(got), size)
		want(s, "return code", s.wait(p), 0)
	})

	row(t, "lines", func(s *stage) {
		p := s.start(options(piped), "lines")
		for _, text := range []string{"one\n", "two\n"} {
			_, err := p.Stdin.Write([]byte(text))
			s.check(err)
			line, err := p.Stdout.ReadLine(s.ctx)
			s.check(err)
			want(s, "line", string(line), text)
		}
		s.check(p.Stdin.Close())
		want(s, "return code", s.wait(p), 0)
	})
}

func TestEnds(t *testing.T) {
	plainRow(t, "subprocess.005.shell", func(s *stage) {
		p, err := subprocess.Shell(s.ctx, nil, "exit 7")
		s.must(err)
		want(s, "return code", s.wait(p), 7)
	})

	plainRow(t, "subprocess.007.kill", func(s *stage) {
		p := s.start(options(silent), "sleep")
		s.check(p.Kill())
		want(s, "return code", s.wait(p), killed())
	})

	row(t, "subprocess.008.kill-shell-with-child", func(s *stage) {
		// What it leaves behind keeps its output open until it reads the end of its input.
		p := s.start(options(piped), "leave:stay", "out:ready", "sleep")
		s.ready(p)
		s.check(p.Kill())
		want(s, "return code", s.wait(p), killed())
		s.check(p.Stdin.Close())
		_, err := p.Stdout.ReadAll(s.ctx)
		s.check(err)
	})

	plainRow(t, "subprocess.009.terminate", func(s *stage) {
		p := s.start(options(silent), "sleep")
		s.check(p.Terminate())
		want(s, "return code", s.wait(p), terminated())
	})

	row(t, "subprocess.010.send-signal", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdout = subprocess.Pipe }), "out:ready", "sleep")
		s.ready(p)
		s.check(p.SendSignal(aSignal))
		want(s, "return code", s.wait(p), codeOfSignal(aSignal))
	})

	plainRow(t, "subprocess.017.cancel-wait", func(s *stage) {
		p := s.start(options(silent), "sleep")
		waiting := s.task(func(ctx context.Context) error { _, err := p.Wait(ctx); return err })
		s.passes()
		waiting.Cancel()
		_, err := waiting.Await(s.ctx)
		s.wantError(err, asyncio.ErrCancelled)
		s.check(p.Kill())
		want(s, "return code", s.wait(p), killed())
	})

	plainRow(t, "subprocess.019.close-kills-running", func(s *stage) {
		p := s.start(options(silent), "sleep")
		s.check(p.Close())
		want(s, "return code", s.wait(p), killed())
		s.check(p.Close())
	})

	plainRow(t, "subprocess.703.concurrent-wait", func(s *stage) {
		p := s.start(options(silent), "exit:42")
		for begun := s.loop.Time(); ; {
			if _, known := p.Returncode(); known {
				break
			}
			if s.loop.Time()-begun > patience {
				s.Fatal("it does not end")
			}
			s.check(asyncio.Sleep(s.ctx, 0))
		}
		var all []func(context.Context) (int, error)
		for range 10 {
			all = append(all, p.Wait)
		}
		codes, err := asyncio.Gather(s.ctx, all...)
		s.check(err)
		want(s, "codes", len(codes), 10)
		for _, code := range codes {
			want(s, "code", code, 42)
		}
	})

	plainRow(t, "subprocess.704.wait-after-exit", func(s *stage) {
		p := s.start(options(silent), "exit:4")
		want(s, "return code", s.wait(p), 4)
		again := asyncio.CreateTask(s.loop, p.Wait, asyncio.WithEagerStart(true))
		want(s, "done", again.Done(), true)
		code, err := again.Result()
		s.check(err)
		want(s, "return code", code, 4)
	})

	row(t, "subprocess.706.signal-race", func(s *stage) {
		for range 10 {
			p := s.start(options(piped), "out:ready", "stay", "exit:0")
			s.ready(p)
			s.check(p.Stdin.Close())
			for {
				if err := p.SendSignal(harmless); err != nil {
					break
				}
				if _, known := p.Returncode(); known {
					break
				}
				s.check(asyncio.Sleep(s.ctx, 0))
			}
			want(s, "return code", s.wait(p), 0)
		}
	})
}

func TestOptions(t *testing.T) {
	row(t, "subprocess.702.env-shell", func(s *stage) {
		env := append(os.Environ(), "FOO=bar")
		p, err := subprocess.Shell(s.ctx, &subprocess.Options{Stdout: subprocess.Pipe, Env: env}, printVariable)
		s.must(err)
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "a shell's", strings.TrimSpace(string(stdout)), "bar")

		p = s.start(options(func(o *subprocess.Options) { o.Stdout, o.Env = subprocess.Pipe, append(o.Env, "FOO=baz") }), "env:FOO")
		stdout, _, err = p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "a program's", string(stdout), "baz")
	})

	row(t, "directory", func(s *stage) {
		dir := folder.New(s)
		p := s.start(options(func(o *subprocess.Options) { o.Stdout, o.Dir = subprocess.Pipe, dir }), "dir")
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		there, err := os.Stat(string(stdout))
		s.must(err)
		here, err := os.Stat(dir)
		s.must(err)
		want(s, "the folder", os.SameFile(there, here), true)
	})

	row(t, "files", func(s *stage) {
		name := folder.New(s) + "/file"
		s.must(os.WriteFile(name, []byte("from a file"), 0o600))
		in, err := os.Open(name)
		s.must(err)
		out, err := os.Create(name + ".out")
		s.must(err)
		p := s.start(options(func(o *subprocess.Options) { o.Stdin, o.Stdout = subprocess.File(in), subprocess.File(out) }), "cat")
		s.check(in.Close())
		s.check(out.Close())
		want(s, "return code", s.wait(p), 0)
		got, err := os.ReadFile(name + ".out")
		s.check(err)
		want(s, "output", string(got), "from a file")
	})

	plainRow(t, "input without a pipe", func(s *stage) {
		p := s.start(options(silent), "exit:0")
		_, _, err := p.Communicate(s.ctx, []byte("x"))
		s.wantError(err, asyncio.ErrInvalidArgument)
		want(s, "return code", s.wait(p), 0)
		_, err = subprocess.Exec(s.ctx, options(func(o *subprocess.Options) { o.Limit = -1 }), os.Args[0])
		s.wantError(err, asyncio.ErrInvalidArgument)
	})
}

// TestElsewhere: a goroutine that is no loop's starts a child, talks to it and waits.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	testkit.Over(t, withPipes, func(t *testing.T, m testkit.Mechanism) {
		s := newStage(t, m)
		_, err := subprocess.Exec(t.Context(), options(silent), os.Args[0], "exit:0")
		s.wantError(err, asyncio.ErrNoRunningLoop)
		var running sync.WaitGroup
		running.Go(func() { s.check(s.loop.RunForever()) })
		defer running.Wait()
		defer s.loop.Stop()
		line := again.Line("cat", "exit:5")
		p, err := subprocess.Exec(t.Context(), options(piped, func(o *subprocess.Options) { o.Loop = s.loop }), line[0], line[1:]...)
		s.must(err)
		stdout, _, err := p.Communicate(t.Context(), []byte("hello"))
		s.check(err)
		want(s, "output", string(stdout), "hello")
		code, err := p.Wait(t.Context())
		s.check(err)
		want(s, "return code", code, 5)
	})
}

// TestCommunicateAgain: a Communicate that was cancelled has lost nothing.
func TestCommunicateAgain(t *testing.T) {
	row(t, "again", func(s *stage) {
		p := s.start(options(piped), "out:first ", "cat")
		ready := make(chan struct{})
		waiting := s.task(func(ctx context.Context) error {
			close(ready)
			_, _, err := p.Communicate(ctx, bytes.Repeat([]byte("x"), 1<<20))
			return err
		})
		<-allow(s, ready)
		s.passes()
		waiting.Cancel()
		_, err := waiting.Await(s.ctx)
		if err != nil {
			s.wantError(err, asyncio.ErrCancelled)
		}
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "output", len(stdout), len("first ")+1<<20)
	})
}

// allow lets the loop go on until the channel is closed.
func allow(s *stage, c chan struct{}) chan struct{} {
	for {
		select {
		case <-c:
			return c
		default:
			s.check(asyncio.Sleep(s.ctx, 0))
		}
	}
}
