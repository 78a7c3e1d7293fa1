package page

import (
	"image/color"
	"strings"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

// family is what a contender is one of; plots have a colour for each.
type family struct {
	name  string
	color color.RGBA
}

var (
	callbacks  = family{"asyncio, callbacks", color.RGBA{0xd9, 0x48, 0x01, 0xff}}
	coroutines = family{"asyncio, coroutines", color.RGBA{0xfd, 0x9a, 0x4a, 0xff}}
	inC        = family{"C", color.RGBA{0x63, 0x63, 0x63, 0xff}}
	inGo       = family{"Go", color.RGBA{0x6b, 0xae, 0xd6, 0xff}}
	inPython   = family{"Python", color.RGBA{0x74, 0xc4, 0x76, 0xff}}
)

// contender is how one is called on the page.
type contender struct {
	label  string
	family family
}

var contenders = map[string]contender{
	"c-epoll":                  {"C, bare epoll", inC},
	"c-uring":                  {"C, bare io_uring", inC},
	"libuv":                    {"libuv (C)", inC},
	"rawepoll":                 {"Go, bare epoll", inGo},
	"gnet":                     {"gnet", inGo},
	"nbio":                     {"nbio", inGo},
	"netpoll":                  {"netpoll", inGo},
	"gonet":                    {"Go net", inGo},
	"asyncio-epoll":            {"asyncio callbacks, epoll", callbacks},
	"asyncio-poll":             {"asyncio callbacks, poll", callbacks},
	"asyncio-proactor":         {"asyncio callbacks, io_uring", callbacks},
	"asyncio-proactor-pinned":  {"asyncio callbacks, io_uring, pinned", callbacks},
	"asyncio-streams":          {"asyncio streams, epoll", coroutines},
	"asyncio-proactor-streams": {"asyncio streams, io_uring", coroutines},
	"cpython":                  {"CPython protocol", inPython},
	"cpython-streams":          {"CPython streams", inPython},
	"uvloop":                   {"uvloop protocol", inPython},
	"uvloop-streams":           {"uvloop streams", inPython},
	"gnet-2":                   {"gnet, 2 loops", inGo},
	"asyncio-2":                {"asyncio callbacks, epoll, 2 loops", callbacks},
	"asyncio-2-streams":        {"asyncio streams, epoll, 2 loops", coroutines},
	"asyncio-2-proactor":       {"asyncio callbacks, io_uring, 2 loops", callbacks},
	"c-unix":                   {"C, bare epoll", inC},
	"libuv-unix":               {"libuv (C)", inC},
	"gnet-unix":                {"gnet", inGo},
	"gonet-unix":               {"Go net", inGo},
	"asyncio-unix":             {"asyncio callbacks, epoll", callbacks},
	"asyncio-unix-streams":     {"asyncio streams, epoll", coroutines},
	"asyncio-unix-proactor":    {"asyncio callbacks, io_uring", callbacks},
	"cpython-unix":             {"CPython protocol", inPython},
	"uvloop-unix":              {"uvloop protocol", inPython},
	"c-udp":                    {"C, recvmmsg and sendmmsg", inC},
	"gonet-udp":                {"Go net", inGo},
	"asyncio-udp":              {"asyncio callbacks, epoll", callbacks},
	"asyncio-udp-proactor":     {"asyncio callbacks, io_uring", callbacks},
	"gonet-tls":                {"Go net, crypto/tls", inGo},
	"nbio-tls":                 {"nbio, its own crypto/tls", inGo},
	"asyncio-tls":              {"asyncio callbacks, epoll", callbacks},
	"asyncio-tls-streams":      {"asyncio streams, epoll", coroutines},
	"asyncio-tls-proactor":     {"asyncio callbacks, io_uring", callbacks},
	"asyncio":                  {"asyncio", callbacks},
	"Sleep0":                   {"asyncio: Sleep(0)", coroutines},
	"Future":                   {"asyncio: future", coroutines},
	"FutureMadeInTurn":         {"asyncio: future, made too", coroutines},
	"iter.Pull":                {"iter.Pull, there and back", inGo},
	"channel":                  {"channel", inGo},
	"goroutine":                {"goroutine", inGo},
}

// named is how a contender is called; one that the page does not know keeps its name.
func named(name string) contender {
	if c, ok := contenders[name]; ok {
		return c
	}
	if results.Ours(name) {
		return contender{name, callbacks}
	}
	if strings.HasPrefix(name, "c-") {
		return contender{name, inC}
	}
	return contender{name, inGo}
}
