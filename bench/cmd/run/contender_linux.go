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

	// And of unix sockets.
	referenceUnix = "c-unix"
	peerUnix      = "gnet-unix"
)

// bases are what a contender is compared with.
func bases(name string) (first, second string) {
	at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if at < 0 {
		return reference, peer
	}
	switch k := kinds[at]; {
	case k.tls:
		return referenceTLS, peerTLS
	case k.udp:
		return referenceUDP, peerUDP
	case k.unix:
		return referenceUnix, peerUnix
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
	apart  bool   // it is measured only when it is named
	binary string // of one more server, that is not ours to build
	room   *room  // what it broadcasts by, nil if there is nothing
}

// room is a server that sends whatever it gets to all of its clients.
type room struct {
	source string
	args   []string
}

const (
	command = "../cmd/asyncio"
	libuv   = "c/echo_uv.c"
	python  = "peers/python/echo.py"
	ourRoom = "peers/asyncioroom"
)

// itself is a room of the same source.
func itself(source string, args ...string) *room {
	return &room{source, append([]string{"--broadcast"}, args...)}
}

var kinds = []kind{
	{name: reference, source: "c/echo_epoll.c", room: &room{"c/broadcast_epoll.c", nil}},
	{name: "c-uring", source: "c/echo_uring.c"},
	{name: "libuv", source: libuv, room: itself(libuv)},
	{name: "rawepoll", source: "peers/rawepoll"},
	{name: peer, source: "peers/gnet", room: itself("peers/gnet")},
	{name: "gonet", source: "peers/gonet", room: itself("peers/gonet")},
	{name: "netpoll", source: "peers/netpoll", room: itself("peers/netpoll")},
	{name: "nbio", source: "peers/nbio", room: itself("peers/nbio")},
	{name: "asyncio-epoll", source: command, args: []string{"--loop", "selector", "--selector", "epoll"}, room: &room{ourRoom, nil}},
	{name: "asyncio-poll", source: command, args: []string{"--loop", "selector", "--selector", "poll"}},
	{name: "asyncio-streams", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--api", "streams"}, room: &room{ourRoom, []string{"--api", "streams"}}},
	{name: "asyncio-proactor", source: command, args: []string{"--loop", "proactor"}, room: &room{ourRoom, []string{"--loop", "proactor"}}},
	{name: "asyncio-proactor-pinned", source: command, args: []string{"--loop", "proactor", "--pinned"}},
	{name: "asyncio-proactor-streams", source: command, args: []string{"--loop", "proactor", "--api", "streams"}, room: &room{ourRoom, []string{"--loop", "proactor", "--api", "streams"}}},
	{name: "cpython", source: python, room: itself(python)},
	{name: "cpython-streams", source: python, args: []string{"--api", "streams"}, room: itself(python, "--api", "streams")},
	{name: "uvloop", source: python, args: []string{uvloop}, room: itself(python, uvloop)},
	{name: "uvloop-streams", source: python, args: []string{uvloop, "--api", "streams"}, room: itself(python, uvloop, "--api", "streams")},
	{name: "gnet-2", source: "peers/gnet", args: []string{"--loops", "2"}, apart: true},
	{name: "asyncio-2", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--loops", "2"}, apart: true},
	{name: "asyncio-2-streams", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--loops", "2", "--api", "streams"}, apart: true},
	{name: "asyncio-2-proactor", source: command, args: []string{"--loop", "proactor", "--loops", "2"}, apart: true},
	{name: referenceUnix, source: "c/echo_epoll.c", unix: true},
	{name: "libuv-unix", source: libuv, unix: true},
	{name: peerUnix, source: "peers/gnet", unix: true},
	{name: "gonet-unix", source: "peers/gonet", unix: true},
	{name: "asyncio-unix", source: command, args: []string{"--loop", "selector", "--selector", "epoll"}, unix: true},
	{name: "asyncio-unix-streams", source: command, args: []string{"--loop", "selector", "--selector", "epoll", "--api", "streams"}, unix: true},
	{name: "asyncio-unix-proactor", source: command, args: []string{"--loop", "proactor"}, unix: true},
	{name: "cpython-unix", source: python, unix: true},
	{name: "uvloop-unix", source: python, args: []string{uvloop}, unix: true},
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

// usualNames are measured by default.
func usualNames() []string {
	return slices.DeleteFunc(allNames(), func(name string) bool {
		return slices.ContainsFunc(kinds, func(k kind) bool { return k.name == name && k.apart })
	})
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
		if source == libuv {
			flags, err := exec.CommandContext(ctx, "pkg-config", "--cflags", "--libs", "libuv").Output()
			if err != nil {
				return errors.New("pkg-config knows no libuv: install libuv1-dev and pkg-config")
			}
			build.Args = append(build.Args, strings.Fields(string(flags))...)
		}
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
		if s.broadcast && k.binary == "" {
			if k.room == nil {
				all = append(all, &contender{name: name, reason: errors.New("it has no server that broadcasts")})
				continue
			}
			k.source, k.args = k.room.source, k.room.args
		}
		all = append(all, t.contender(ctx, k))
	}
	return all, ctx.Err()
}

// contender is what a kind is started as, or why it cannot be.
func (t *tools) contender(ctx context.Context, k kind) *contender {
	c := &contender{name: k.name, binary: k.binary, args: k.args, tls: k.tls}
	switch {
	case c.binary != "":
	case k.source == python:
		c.binary, c.reason = interpreter(ctx, slices.Contains(k.args, uvloop))
		c.args = append([]string{filepath.Join(t.module, python)}, k.args...)
	default:
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
		listen = "unix:" + filepath.Join(t.directory, k.name)
	}
	c.args = append(slices.Clone(c.args), "--listen", listen)
	return c
}
