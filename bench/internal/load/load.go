// Package load drives an echo server: it keeps a fixed number of messages under way on every
// connection, checks every byte that comes back, and measures latency and the CPU time of both
// sides. It is one thread over bare epoll that allocates nothing while it measures, so that the
// server, not the load, is what a figure is about.
package load

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/hist"
)

// tlsPrefix before an address asks for TLS 1.3.
const tlsPrefix = "tls:"

// Config says what to send and for how long.
type Config struct {
	Address   string        // of the echo server, "127.0.0.1:7777"; tls: before it asks for TLS
	Conns     int           // connections, all opened before the first message
	Size      int           // bytes of a message
	Pipeline  int           // messages under way on each connection
	Warmup    time.Duration // sent before measuring starts, not counted
	Duration  time.Duration // of the measured window, unless Messages is set
	Messages  uint64        // if positive: measure this many messages instead of a time
	Together  bool          // send the next messages only when all of the last have come back
	Busy      bool          // never sleep: the server then never pays for waking the load
	PID       int           // of the server, 0 if its CPU time is not wanted
	Reconnect bool          // each message makes a connection of its own
	Idle      int           // so many connections more, on which one message is exchanged and then none
	Broadcast bool          // only the first connection sends, and every one receives it: for a server that does that
	Stall     time.Duration // give up when nothing came back for so long; 0 means 10 s
}

// Quantiles are latencies in nanoseconds, from the message's being handed over for sending to its
// last byte's being checked.
type Quantiles struct {
	Mean float64 `json:"mean"`
	P50  uint64  `json:"p50"`
	P90  uint64  `json:"p90"`
	P99  uint64  `json:"p99"`
	P999 uint64  `json:"p99.9"`
	Max  uint64  `json:"max"`
}

// CPU is what a process used in the measured window.
type CPU struct {
	Nanoseconds int64   `json:"ns"`           // user and system, by its CPU clock
	PerMessage  float64 `json:"ns_per_msg"`   // of the measured messages
	Busy        float64 `json:"busy"`         // share of the window, 1 is one core
	SystemShare float64 `json:"system_share"` // of its time, by the kernel's coarser utime and stime
}

// Result is one measured window.
type Result struct {
	Conns     int           `json:"conns"`
	Size      int           `json:"size"`
	Pipeline  int           `json:"pipeline"`
	Elapsed   time.Duration `json:"elapsed_ns"`
	Messages  uint64        `json:"messages"` // in the window
	Verified  uint64        `json:"verified"` // bytes checked in the whole run, warm-up and end included
	PerSecond float64       `json:"messages_per_s"`
	Bytes     uint64        `json:"bytes"` // in the window, one way
	Latency   Quantiles     `json:"latency_ns"`
	Load      CPU           `json:"load_cpu"`
	Server    *CPU          `json:"server_cpu,omitempty"`
}

// CorruptionError is a byte that came back other than it was sent.
type CorruptionError struct {
	Conn      int    // index of the connection
	Offset    uint64 // of the byte in the connection's stream
	Got, Want byte
}

func (e *CorruptionError) Error() string {
	return fmt.Sprintf("connection %d: byte %d came back as %#02x, sent as %#02x", e.Conn, e.Offset, e.Got, e.Want)
}

// check answers a configuration that cannot be measured, before anything is opened.
func (c *Config) check() error {
	switch {
	case c.Conns < 1:
		return fmt.Errorf("conns is %d, at least 1 is needed", c.Conns)
	case c.Size < 1:
		return fmt.Errorf("size is %d, at least 1 is needed", c.Size)
	case c.Pipeline < 1:
		return fmt.Errorf("pipeline is %d, at least 1 is needed", c.Pipeline)
	case c.Messages == 0 && c.Duration <= 0:
		return fmt.Errorf("neither a duration nor a number of messages is set")
	case c.Idle < 0:
		return fmt.Errorf("idle is %d, which is no number of connections", c.Idle)
	case c.Idle > 0 && c.Broadcast:
		return fmt.Errorf("idle connections would receive what is sent to all: leave --idle or --broadcast out")
	case c.Reconnect && (c.Broadcast || c.Together || c.Pipeline > 1):
		return fmt.Errorf("a connection that is made anew has one message: leave --broadcast, --together and --pipeline out")
	case c.Warmup < 0:
		return fmt.Errorf("warm-up is negative")
	}
	return nil
}

func quantiles(h *hist.Histogram) Quantiles {
	return Quantiles{
		Mean: h.Mean(), P50: h.Quantile(0.5), P90: h.Quantile(0.9),
		P99: h.Quantile(0.99), P999: h.Quantile(0.999), Max: h.Max(),
	}
}

// WriteJSON writes the result as one line.
func (r *Result) WriteJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }

// WriteText writes the result for people.
func (r *Result) WriteText(w io.Writer) error {
	us := func(ns uint64) float64 { return float64(ns) / 1e3 }
	l := r.Latency
	_, err := fmt.Fprintf(w, `%d connections, %d bytes, %d under way on each, %.2f s
messages   %d, %.0f/s, %.1f MB/s one way
latency    p50 %.1f us  p90 %.1f us  p99 %.1f us  p99.9 %.1f us  max %.1f us  mean %.1f us
verified   %d bytes, all intact
load       %.0f ns CPU per message, busy %.0f %%
`,
		r.Conns, r.Size, r.Pipeline, r.Elapsed.Seconds(),
		r.Messages, r.PerSecond, float64(r.Bytes)/r.Elapsed.Seconds()/1e6,
		us(l.P50), us(l.P90), us(l.P99), us(l.P999), us(l.Max), l.Mean/1e3,
		r.Verified, r.Load.PerMessage, r.Load.Busy*100)
	if err == nil && r.Server != nil {
		_, err = fmt.Fprintf(w, "server     %.0f ns CPU per message, busy %.0f %%, %.0f %% of it in the kernel\n",
			r.Server.PerMessage, r.Server.Busy*100, r.Server.SystemShare*100)
	}
	return err
}
