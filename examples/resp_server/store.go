package main

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-asyncio/asyncio"
)

// store is the keys and their values. It belongs to the loop, and needs no lock.
type store struct {
	loop   asyncio.EventLoop
	values map[string]*value
}

// value is what a key has, and when it ends. A zero timer can be cancelled, too.
type value struct {
	data []byte
	end  asyncio.TimerHandle
}

// command is what can be asked, and with how many arguments, its name included.
type command struct {
	least, most int
	do          func(s *store, out []byte, args [][]byte) []byte
}

var commands = map[string]command{
	"PING": {1, 2, func(_ *store, out []byte, args [][]byte) []byte {
		if len(args) == 1 {
			return append(out, "+PONG\r\n"...)
		}
		return bulk(out, args[1])
	}},
	"ECHO":   {2, 2, func(_ *store, out []byte, args [][]byte) []byte { return bulk(out, args[1]) }},
	"DBSIZE": {1, 1, func(s *store, out []byte, _ [][]byte) []byte { return integer(out, int64(len(s.values))) }},
	"QUIT":   {1, 1, func(_ *store, out []byte, _ [][]byte) []byte { return append(out, "+OK\r\n"...) }},
	"GET": {2, 2, func(s *store, out []byte, args [][]byte) []byte {
		if v := s.values[string(args[1])]; v != nil {
			return bulk(out, v.data)
		}
		return append(out, "$-1\r\n"...)
	}},
	"EXISTS": {2, mostArgs, func(s *store, out []byte, args [][]byte) []byte {
		n := 0
		for _, key := range args[1:] {
			if s.values[string(key)] != nil {
				n++
			}
		}
		return integer(out, int64(n))
	}},
	"DEL": {2, mostArgs, func(s *store, out []byte, args [][]byte) []byte {
		n := 0
		for _, key := range args[1:] {
			if s.drop(string(key)) {
				n++
			}
		}
		return integer(out, int64(n))
	}},
	"INCR": {2, 2, (*store).incr},
	"SET":  {3, 5, (*store).set},
}

// execute does what a client asks, adds the answer to out, and reports whether he is done.
func (s *store) execute(out []byte, args [][]byte) (_ []byte, quit bool) {
	name := string(bytes.ToUpper(args[0]))
	c, ok := commands[name]
	switch {
	case !ok:
		return fmt.Appendf(out, "-ERR unknown command %.64q\r\n", args[0]), false
	case len(args) < c.least || len(args) > c.most:
		return fmt.Appendf(out, "-ERR wrong number of arguments for '%s'\r\n", name), false
	}
	return c.do(s, out, args), name == "QUIT"
}

// set gives a key a value, for some time if that is said. The arguments are parts of the
// memory into which the next ones are read: what is kept is copied.
func (s *store) set(out []byte, args [][]byte) []byte {
	var ttl time.Duration
	if len(args) > 3 {
		unit := map[string]time.Duration{"EX": time.Second, "PX": time.Millisecond}[string(bytes.ToUpper(args[3]))]
		if unit == 0 || len(args) != 5 {
			return append(out, "-ERR syntax error\r\n"...)
		}
		n, err := strconv.ParseInt(string(args[4]), 10, 64)
		if err != nil || n <= 0 || n > int64(math.MaxInt64/unit) {
			return append(out, "-ERR invalid expire time in 'set' command\r\n"...)
		}
		ttl = time.Duration(n) * unit
	}
	key := string(args[1])
	v := &value{data: bytes.Clone(args[2])}
	if ttl > 0 {
		end, err := s.loop.CallLater(ttl, func() { s.drop(key) })
		if err != nil {
			return fmt.Appendf(out, "-ERR %v\r\n", err)
		}
		v.end = end
	}
	s.drop(key) // its timer, too
	s.values[key] = v
	return append(out, "+OK\r\n"...)
}

// incr adds one to a number.
func (s *store) incr(out []byte, args [][]byte) []byte {
	v := s.values[string(args[1])]
	if v == nil {
		v = &value{data: []byte("0")}
	}
	n, err := strconv.ParseInt(string(v.data), 10, 64)
	if err != nil || n == math.MaxInt64 {
		return append(out, "-ERR value is not an integer or out of range\r\n"...)
	}
	v.data = strconv.AppendInt(nil, n+1, 10)
	s.values[string(args[1])] = v
	return integer(out, n+1)
}

// drop forgets a key and its timer, and reports whether it was there.
func (s *store) drop(key string) bool {
	v := s.values[key]
	if v == nil {
		return false
	}
	v.end.Cancel()
	delete(s.values, key)
	return true
}

// bulk adds a string of bytes.
func bulk(out, p []byte) []byte {
	out = append(out, '$')
	out = strconv.AppendInt(out, int64(len(p)), 10)
	out = append(out, "\r\n"...)
	out = append(out, p...)
	return append(out, "\r\n"...)
}

// integer adds a number.
func integer(out []byte, n int64) []byte {
	out = append(out, ':')
	out = strconv.AppendInt(out, n, 10)
	return append(out, "\r\n"...)
}
