//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/cmd/asyncio/internal/platform"
	"github.com/go-asyncio/asyncio/internal/testkit/again"
)

// TestServeOutOfDescriptors: clients that find no descriptor wait, and are served when
// others have gone; the log says so once, and once that it is over.
func TestServeOutOfDescriptors(t *testing.T) {
	t.Parallel()
	const limit, clients = 64, 100
	c := exec.Command("sh", append([]string{"-c", `ulimit -n 64 && exec "$0" "$@"`},
		again.Line("serve", "--listen", "127.0.0.1:0", "--loops", "2", "--share", "handover", "--grace", "0s")...)...)
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	var conns []*net.TCPConn
	for range clients {
		conn, err := dialTCP(address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	log := bufio.NewReader(stderr)
	if line, err := log.ReadString('\n'); err != nil || !strings.Contains(line, "accepting rests until a client has gone") {
		t.Fatalf("the log says %q, %v", line, err)
	}
	time.Sleep(2 * time.Second) // it tries again, once a second, and says nothing of that
	for i, conn := range conns {
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if i < limit/2 { // one of those that were accepted
			_ = conn.Close()
		}
	}
	if line, err := log.ReadString('\n'); err != nil || !strings.Contains(line, "accepting goes on") {
		t.Fatalf("the log says %q, %v", line, err)
	}
	for _, conn := range conns[limit/2:] {
		if _, err := conn.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
}

// TestPlatformLimits: what the system allows is what is reported.
func TestPlatformLimits(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("sh", append([]string{"-c", `ulimit -S -n 64 && ulimit -H -n 128 && exec "$0" "$@"`},
		again.Line("platform", "--json")...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var p platform.Report
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	// The Go runtime has raised the soft limit to the hard one, or to one less.
	if l := p.Limits; l.MaxDescriptors != 128 || l.Descriptors != 128 && l.Descriptors != 127 {
		t.Errorf("%d descriptors, at most %d", l.Descriptors, l.MaxDescriptors)
	}
}
