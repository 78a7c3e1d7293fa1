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

	// The same for servers of datagrams.
	referenceUDP = "c-udp"
	peerUDP      = "gonet-udp"

	// And of TLS.
	referenceTLS = "gonet-tls"
	peerTLS      = "nbio-tls"
)

// bases are what a contender is compared with.
func bases(name string) (first, second string) {
	if slices.ContainsFunc(kinds, func(k kind) bool { return k.name == name && k.tls }) {
		return referenceTLS, peerTLS
	}
	if slices.ContainsFunc(kinds, func(k kind) bool { return k.name == name && k.udp }) {
		return referenceUDP, peerUDP
	}
	return reference, peer
}

// contender is one echo server of the comparison. It is left out, and the reason shown, if it
// cannot be built or does not start.
type contender struct {
	name   string
	binary string
	args   []string
	tls    bool
	reason error
}

type kind struct {
	name   string
	source string // a Go package of this module, a C file, or the command of the library
	args   []string
	unix   bool   // it listens on a unix socket
	udp    bool   // it echoes datagrams
	tls    bool   // it speaks TLS
	binary string // of one more server, that is not ours to build
}

const command = "../cmd/asyncio"

var kinds = []kind{
	{name: reference, source: "c/echo_epoll.c"},
	{name: "c-uring", source: "c/echo_uring.c"},
	{name: "rawepoll", source: "peers/rawepoll"},
	{name: peer, source: "peers/gnet"},
	{name: "gonet", source: "peers/gonet"},
	{name: "netpoll", source: "peers/netpoll"},
	{name: "nbio", source: "peers/nbio"},
	{name: "asyncio-epoll", source: command, args: []string{"--loop", "selector", "--selector", "epoll"}},
	{name: "asyncio-poll", source: command, args: []string{"--loop", "selector", "--selector", "poll"}},
	{name: "asyncio-streams", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--api", "streams"}},
	{name: "asyncio-proactor", source: command, args: []string{"--loop", "proactor"}},
	{name: "asyncio-proactor-pinned", source: command, args: []string{"--loop", "proactor", "--pinned"}},
	{name: "gonet-unix", source: "peers/gonet", unix: true},
	{name: "asyncio-unix", source: command, args: []string{"--loop", "selector", "--selector", "epoll"}, unix: true},
	{name: "asyncio-unix-streams", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--api", "streams"}, unix: true},
	{name: "asyncio-unix-proactor", source: command, args: []string{"--loop", "proactor"}, unix: true},
	{name: referenceUDP, source: "c/echo_udp.c", udp: true},
	{name: peerUDP, source: "peers/gonetudp", udp: true},
	{name: "asyncio-udp", source: command, args: []string{"--loop", "selector", "--selector", "epoll"}, udp: true},
	{name: "asyncio-udp-proactor", source: command, args: []string{"--loop", "proactor"}, udp: true},
	{name: referenceTLS, source: "peers/gonettls", tls: true},
	{name: peerTLS, source: "peers/nbiotls", tls: true},
	{name: "asyncio-tls", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--tls-self-signed"}, tls: true},
	{name: "asyncio-tls-streams", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--api", "streams", "--tls-self-signed"}, tls: true},
	{name: "asyncio-tls-proactor", source: command, args: []string{"--loop", "proactor", "--tls-self-signed"}, tls: true},
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
	known := slices.Concat(kinds, s.extra)
	var all []*contender
	for _, name := range s.contenders {
		at := slices.IndexFunc(known, func(k kind) bool { return k.name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no contender %q; there are %s", name, strings.Join(allNames(), ", "))
		}
		k := known[at]
		c := &contender{name: name, binary: k.binary, args: k.args, tls: k.tls}
		if c.binary == "" {
			c.binary, c.reason = t.path(k.source), t.build(ctx, k.source)
		}
		if k.source == command {
			c.args = append([]string{"serve", "--quiet"}, c.args...)
		}
		listen := "127.0.0.1:0"
		switch {
		case k.udp:
			listen = "udp:" + listen
		case k.unix:
			listen = "unix:" + filepath.Join(t.directory, name)
		}
		c.args = append(slices.Clone(c.args), "--listen", listen)
		all = append(all, c)
	}
	return all, ctx.Err()
}
