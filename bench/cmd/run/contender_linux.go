package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	reference = "c-epoll" // what every figure is compared with first
	peer      = "gnet"    // and second
)

// contender is one echo server of the comparison. It is left out, and the reason shown, if it
// cannot be built or does not start.
type contender struct {
	name   string
	binary string
	args   []string
	golang bool
	reason error
}

type kind struct {
	name   string
	source string // a Go package of this module, a C file, or the command of the library
	args   []string
}

const command = "../cmd/asyncio"

var kinds = []kind{
	{reference, "c/echo_epoll.c", nil},
	{"rawepoll", "peers/rawepoll", nil},
	{peer, "peers/gnet", nil},
	{"gonet", "peers/gonet", nil},
	{"netpoll", "peers/netpoll", nil},
	{"nbio", "peers/nbio", nil},
	{"asyncio-epoll", command, []string{"--loop", "selector", "--selector", "epoll"}},
	{"asyncio-poll", command, []string{"--loop", "selector", "--selector", "poll"}},
	{"asyncio-streams", command, []string{"--loop", "selector", "--selector", "epoll", "--api", "streams"}},
	{"asyncio-proactor", command, []string{"--loop", "proactor"}},
}

func allNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// tools is what is built once: the binaries by their source, or why there is none.
type tools struct {
	module, directory string
	built             map[string]error
}

func (t *tools) path(source string) string {
	return filepath.Join(t.directory, strings.ReplaceAll(strings.TrimPrefix(source, "../"), "/", "-"))
}

func buildTools(ctx context.Context, directory string) (*tools, error) {
	module, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m: %w", err)
	}
	path, folder, _ := strings.Cut(strings.TrimSpace(string(module)), " ")
	if !strings.HasSuffix(path, "/bench") {
		return nil, fmt.Errorf("the current module is %s: run it in the folder bench", path)
	}
	t := &tools{module: folder, directory: directory, built: make(map[string]error)}
	return t, t.build(ctx, "cmd/load")
}

// build makes the binary of a source once and remembers whether that worked.
func (t *tools) build(ctx context.Context, source string) error {
	if err, done := t.built[source]; done {
		return err
	}
	err := t.compile(ctx, source)
	t.built[source] = err
	return err
}

func (t *tools) compile(ctx context.Context, source string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", t.path(source), ".")
	build.Dir = filepath.Join(t.module, source)
	if strings.HasSuffix(source, ".c") {
		compiler, err := exec.LookPath("cc")
		if err != nil {
			return errors.New("there is no C compiler: install one that is called cc")
		}
		build = exec.CommandContext(ctx, compiler, "-O2", "-no-pie", "-o", t.path(source), filepath.Join(t.module, source))
	} else if _, err := os.Stat(build.Dir); err != nil {
		return fmt.Errorf("%s does not exist (yet)", source)
	}
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s does not build: %s", source, lastLine(string(output)))
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func prepare(ctx context.Context, s *settings, t *tools) ([]*contender, error) {
	var all []*contender
	for _, name := range s.contenders {
		at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no contender %q; there are %s", name, strings.Join(allNames(), ", "))
		}
		k := kinds[at]
		c := &contender{name: name, binary: t.path(k.source), golang: !strings.HasSuffix(k.source, ".c")}
		c.reason = t.build(ctx, k.source)
		if k.source == command {
			c.args = append([]string{"serve", "--quiet"}, k.args...)
		}
		c.args = append(c.args, "--listen", "127.0.0.1:0")
		all = append(all, c)
	}
	return all, ctx.Err()
}
