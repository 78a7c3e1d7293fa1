package load

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestConnectionsAreMadeAnew(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	address := serve(t, func(c net.Conn) {
		made.Add(1)
		_, _ = io.Copy(c, c)
	})
	result, err := Run(Config{Address: address, Conns: 4, Size: 64, Pipeline: 1, Messages: 100, Reconnect: true})
	if err != nil {
		t.Fatal(err)
	}
	if result.Messages < 100 || result.Verified < 100*64 || made.Load() < 100 {
		t.Errorf("%d messages, %d bytes, %d connections", result.Messages, result.Verified, made.Load())
	}
	_, err = Run(Config{
		Address: serve(t, func(c net.Conn) {}), Conns: 4, Size: 64, Pipeline: 1, Messages: 100, Reconnect: true,
	})
	if err == nil {
		t.Error("a server that hangs up is taken for one that echoes")
	}
	for _, wrong := range []Config{
		{Address: address, Pipeline: 2},
		{Address: address, Pipeline: 1, Idle: 1},
		{Address: "udp:" + address, Pipeline: 1},
		{Address: "[::1]:1", Pipeline: 1},
	} {
		wrong.Conns, wrong.Size, wrong.Messages, wrong.Reconnect = 1, 64, 1, true
		if _, err := Run(wrong); err == nil {
			t.Errorf("%+v is measured", wrong)
		}
	}
}

func TestIdleConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var open, most atomic.Int64
	handle := func(c net.Conn) {
		most.Store(max(open.Add(1), most.Load()))
		defer open.Add(-1)
		_, _ = io.Copy(c, c)
	}
	result, err := Run(Config{Address: serve(t, handle), Conns: 2, Size: 64, Pipeline: 1, Messages: 100, Idle: 30})
	if err != nil {
		t.Fatal(err)
	}
	if result.Messages < 100 || most.Load() < 30 {
		t.Errorf("%d messages beside %d connections", result.Messages, most.Load())
	}
	upper := altering(func(_ int, data []byte) []byte { data[0] ^= 1; return data })
	_, err = Run(Config{Address: serve(t, upper), Conns: 2, Size: 64, Pipeline: 1, Messages: 100, Idle: 3})
	var corrupted *CorruptionError
	if !errors.As(err, &corrupted) || corrupted.Conn != 2 {
		t.Errorf("reported as: %v", err)
	}
}

// room sends whatever comes from one to all, but for those who are to miss a message.
type room struct {
	mu      sync.Mutex
	members []net.Conn
	missing func(member, message int) bool
}

func (r *room) handle(c net.Conn) {
	r.mu.Lock()
	r.members = append(r.members, c)
	_, _ = c.Write([]byte{'!'})
	r.mu.Unlock()
	buffer := make([]byte, 64)
	for message := 0; ; message++ {
		if _, err := io.ReadFull(c, buffer); err != nil {
			return
		}
		r.mu.Lock()
		for i, m := range r.members {
			if r.missing == nil || !r.missing(i, message) {
				_, _ = m.Write(buffer)
			}
		}
		r.mu.Unlock()
	}
}

func TestBroadcastReachesAll(t *testing.T) {
	t.Parallel()
	for _, pipeline := range []int{1, 3} {
		config := Config{Conns: 10, Size: 64, Pipeline: pipeline, Messages: 200, Broadcast: true, Stall: 200 * time.Millisecond}
		config.Address = serve(t, (&room{}).handle)
		result, err := Run(config)
		if err != nil {
			t.Fatal(err)
		}
		if result.Messages < 200 || result.Verified < 200*64 {
			t.Errorf("%d messages, %d bytes", result.Messages, result.Verified)
		}
		config.Address = serve(t, (&room{missing: func(member, message int) bool { return member == 7 && message == 1 }}).handle)
		_, err = Run(config)
		var corrupted *CorruptionError // the next one comes instead, if there is one
		if err == nil || !errors.As(err, &corrupted) && !strings.Contains(err.Error(), "nothing came back") {
			t.Errorf("a message that one has missed is reported as: %v", err)
		}
	}
	_, err := Run(Config{Address: "127.0.0.1:1", Conns: 2, Size: 64, Pipeline: 1, Messages: 1, Broadcast: true, Idle: 1})
	if err == nil || !strings.Contains(err.Error(), "--idle") {
		t.Errorf("%v", err)
	}
}
