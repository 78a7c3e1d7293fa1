//go:build unix

package subprocess_test

import (
	"os"
	"testing"

	"github.com/go-asyncio/asyncio/subprocess"
)

func TestGroups(t *testing.T) {
	row(t, "subprocess.006.new-session", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdout, o.NewSession = subprocess.Pipe, true }), "leads", "exit:8")
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "leads session and group", string(stdout), "true true")
		want(s, "return code", s.wait(p), 8)
	})

	row(t, "group", func(s *stage) {
		p := s.start(options(func(o *subprocess.Options) { o.Stdout, o.NewGroup = subprocess.Pipe, true }), "leads")
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "leads session and group", string(stdout), "false true")
	})

	row(t, "ignores", func(s *stage) {
		p := s.start(options(piped), "ignore", "out:ready", "stay", "exit:6")
		s.ready(p)
		s.check(p.Terminate())
		s.check(p.Stdin.Close())
		want(s, "return code", s.wait(p), 6)
	})

	row(t, "closes its output and lives on", func(s *stage) {
		p := s.start(options(piped), "out:last", "close:1", "stay", "exit:6")
		data, err := p.Stdout.ReadAll(s.ctx)
		s.check(err)
		want(s, "output", string(data), "last")
		if _, known := p.Returncode(); known {
			s.Error("it has ended")
		}
		s.check(p.Stdin.Close())
		want(s, "return code", s.wait(p), 6)
	})
}

// TestExtraFiles: a child has the files that it was given, from 3 on.
func TestExtraFiles(t *testing.T) {
	row(t, "extra files", func(s *stage) {
		r, w, err := os.Pipe()
		s.must(err)
		p := s.start(options(func(o *subprocess.Options) {
			o.Stdout, o.ExtraFiles = subprocess.Pipe, []*os.File{nil, r}
		}), "copy:4")
		s.check(r.Close())
		_, err = w.WriteString("by descriptor 4")
		s.check(err)
		s.check(w.Close())
		stdout, _, err := p.Communicate(s.ctx, nil)
		s.check(err)
		want(s, "output", string(stdout), "by descriptor 4")
	})
}
