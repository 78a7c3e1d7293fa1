//go:build unix

package subprocess_test

import (
	"os"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit/onloop"
	"github.com/go-asyncio/asyncio/subprocess"
)

func TestGroups(t *testing.T) {
	row(t, "subprocess.006.new-session", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdout, o.NewSession = subprocess.Pipe, true }), "leads", "exit:8")
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "leads session and group", string(stdout), "true true")
		onloop.Want(s, "return code", s.wait(p), 8)
	})

	row(t, "group", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdout, o.NewGroup = subprocess.Pipe, true }), "leads")
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "leads session and group", string(stdout), "false true")
	})

	row(t, "ignores", func(s *stage) {
		p := s.start(options(piped), "ignore", "out:ready", "stay", "exit:6")
		s.ready(p)
		s.Check(p.Terminate())
		s.Check(p.Stdin.Close())
		onloop.Want(s, "return code", s.wait(p), 6)
	})

	row(t, "closes its output and lives on", func(s *stage) {
		p := s.start(options(piped), "out:last", "close:1", "stay", "exit:6")
		data, err := p.Stdout.ReadAll(s.Ctx)
		s.Check(err)
		onloop.Want(s, "output", string(data), "last")
		if _, known := p.Returncode(); known {
			s.Error("it has ended")
		}
		s.Check(p.Stdin.Close())
		onloop.Want(s, "return code", s.wait(p), 6)
	})
}

// TestExtraFiles: a child has the files that it was given, from 3 on.
func TestExtraFiles(t *testing.T) {
	row(t, "extra files", func(s *stage) {
		r, w, err := os.Pipe()
		s.Must(err)
		p := s.start(options(func(o *subprocess.Options) {
			o.Stdout, o.ExtraFiles = subprocess.Pipe, []*os.File{nil, r}
		}), "copy:4")
		s.Check(r.Close())
		_, err = w.WriteString("by descriptor 4")
		s.Check(err)
		s.Check(w.Close())
		stdout, _, err := p.Communicate(s.Ctx, nil)
		s.Check(err)
		onloop.Want(s, "output", string(stdout), "by descriptor 4")
	})
}
