package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// serve runs handle on every connection until the test ends; all its goroutines have ended then.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	return serveOn(t, "tcp", "127.0.0.1:0", handle)
}

func serveOn(t *testing.T, network, address string, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

// altering echoes, each read passed through alter together with its place in the stream.
func altering(alter func(offset int, data []byte) []byte) func(net.Conn) {
	return func(c net.Conn) {
		buffer := make([]byte, 32<<10)
		for offset := 0; ; {
			n, err := c.Read(buffer)
			if err != nil {
				return
			}
			if _, err := c.Write(alter(offset, buffer[:n])); err != nil {
				return
			}
			offset += n
		}
	}
}

func intact(_ int, data []byte) []byte { return data }

func TestEchoIsMeasured(t *testing.T) {
	t.Parallel()
	for _, shape := range []struct {
		name                  string
		conns, size, pipeline int
		together              bool
	}{
		{"one", 1, 64, 1, false},
		{"many", 20, 64, 1, false},
		{"together", 20, 64, 2, true},
		{"pipelined", 5, 64, 16, false},
		{"one byte", 2, 1, 3, false},
		{"larger than any buffer", 2, 300_000, 2, false},
	} {
		t.Run(shape.name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, altering(intact))
			result, err := Run(Config{
				Address: address, Conns: shape.conns, Size: shape.size, Pipeline: shape.pipeline,
				Together: shape.together, Messages: 200, PID: os.Getpid(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if result.Messages < 200 || result.Bytes != result.Messages*uint64(shape.size) {
				t.Errorf("%d messages, %d bytes", result.Messages, result.Bytes)
			}
			if result.Verified < result.Bytes {
				t.Errorf("%d bytes were verified of %d", result.Verified, result.Bytes)
			}
			l := result.Latency
			if l.P50 == 0 || l.P50 > l.P99 || l.P99 > l.Max || result.PerSecond <= 0 {
				t.Errorf("latencies %+v at %g messages/s", l, result.PerSecond)
			}
			if result.Server == nil || result.Server.PerMessage <= 0 {
				t.Errorf("the server's CPU time is %+v", result.Server)
			}
		})
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := serveOn(t, "unix", filepath.Join(t.TempDir(), "s"), altering(intact))
	result, err := Run(Config{Address: "unix:" + path, Conns: 3, Size: 64, Pipeline: 2, Messages: 200})
	if err != nil || result.Messages < 200 || result.Verified < result.Bytes {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestWindowIsTimed(t *testing.T) {
	t.Parallel()
	for _, busy := range []bool{false, true} {
		result, err := Run(Config{
			Address: serve(t, altering(intact)), Conns: 3, Size: 64, Pipeline: 1,
			Warmup: 10 * time.Millisecond, Duration: 30 * time.Millisecond, Busy: busy,
		})
		if err != nil {
			t.Fatal(err)
		}
		if result.Elapsed < 30*time.Millisecond || result.Messages == 0 || result.Server != nil {
			t.Errorf("busy %t: %+v", busy, result)
		}
		if result.Verified <= result.Bytes {
			t.Errorf("busy %t: the warm-up was counted: %d bytes of %d verified", busy, result.Bytes, result.Verified)
		}
	}
}

func TestEveryFaultOfAServerIsFound(t *testing.T) {
	t.Parallel()
	at := func(offset int, data []byte, place int) bool { return offset <= place && place < offset+len(data) }
	const place = 1000
	faults := []struct {
		name   string
		handle func(net.Conn)
		check  func(error) bool
	}{
		{"a corrupted byte", altering(func(offset int, data []byte) []byte {
			if at(offset, data, place) {
				data[place-offset] ^= 0x20
			}
			return data
		}), func(err error) bool {
			var corrupted *CorruptionError
			return errors.As(err, &corrupted) && corrupted.Offset == place && corrupted.Got == corrupted.Want^0x20
		}},
		{"a lost byte", altering(func(offset int, data []byte) []byte {
			if at(offset, data, place) {
				return append(data[:place-offset:place-offset], data[place-offset+1:]...)
			}
			return data
		}), func(err error) bool { var corrupted *CorruptionError; return errors.As(err, &corrupted) }},
		{"a byte too many", altering(func(offset int, data []byte) []byte {
			if at(offset, data, place) {
				return append(bytes.Clone(data), 'x')
			}
			return data
		}), func(err error) bool {
			var corrupted *CorruptionError
			return errors.As(err, &corrupted) || strings.Contains(err.Error(), "came back, only")
		}},
		{"an early end", func(c net.Conn) { _, _ = io.CopyN(c, c, place) },
			func(err error) bool {
				return errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "reset")
			}},
		{"silence", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
			func(err error) bool { return strings.Contains(err.Error(), "nothing came back") }},
	}
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			_, err := Run(Config{
				Address: serve(t, fault.handle), Conns: 3, Size: 64, Pipeline: 2, Messages: 100_000,
				Stall: 200 * time.Millisecond,
			})
			if err == nil || !fault.check(err) {
				t.Fatalf("reported as: %v", err)
			}
		})
	}
}

func TestConnectionsMixedUpAreFound(t *testing.T) {
	t.Parallel()
	first := make(chan net.Conn, 1)
	second := make(chan net.Conn, 1)
	arrived := make(chan net.Conn, 2)
	go func() { a, b := <-arrived, <-arrived; first <- b; second <- a }()
	var mutex sync.Mutex
	n := 0
	address := serve(t, func(c net.Conn) {
		mutex.Lock()
		n++
		other := first
		if n == 2 {
			other = second
		}
		arrived <- c
		mutex.Unlock()
		_, _ = io.Copy(<-other, c)
	})
	_, err := Run(Config{Address: address, Conns: 2, Size: 64, Pipeline: 1, Messages: 100})
	var corrupted *CorruptionError
	if !errors.As(err, &corrupted) || corrupted.Offset != 0 {
		t.Fatalf("reported as: %v", err)
	}
}

func TestWrongConfigurationsAndAddresses(t *testing.T) {
	t.Parallel()
	good := Config{Address: "127.0.0.1:1", Conns: 1, Size: 1, Pipeline: 1, Messages: 1}
	for name, break_ := range map[string]func(*Config){
		"conns":      func(c *Config) { c.Conns = 0 },
		"size":       func(c *Config) { c.Size = 0 },
		"pipeline":   func(c *Config) { c.Pipeline = 0 },
		"duration":   func(c *Config) { c.Messages = 0 },
		"warm-up":    func(c *Config) { c.Warmup = -1 },
		"address":    func(c *Config) { c.Address = "nowhere" },
		"connection": func(*Config) {}, // nothing listens on port 1
	} {
		config := good
		break_(&config)
		if _, err := Run(config); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestResultIsWritten(t *testing.T) {
	t.Parallel()
	result, err := Run(Config{Address: serve(t, altering(intact)), Conns: 1, Size: 8, Pipeline: 1, Messages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var text, line bytes.Buffer
	if err := errors.Join(result.WriteText(&text), result.WriteJSON(&line)); err != nil {
		t.Fatal(err)
	}
	var read Result
	if err := json.Unmarshal(line.Bytes(), &read); err != nil || read.Messages != result.Messages || read.Latency != result.Latency {
		t.Errorf("%v: read back %+v of %+v", err, read, result)
	}
	if !strings.Contains(text.String(), "p99.9") || strings.Contains(text.String(), "server ") {
		t.Errorf("text: %s", text.String())
	}
}
