package proactors

import (
	"bytes"
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// fill writes to a socket until the system takes no more.
func fill(t *testing.T, fd uintptr, p []byte) {
	t.Helper()
	for {
		if _, err := sock.Write(fd, p); sock.WouldBlock(err) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestReceivesShareMemory: among peers that send without end, and that have asked for more
// than there is memory for, each is heard within a bounded number of Waits, whether or not
// its receive repeats.
func TestReceivesShareMemory(t *testing.T) {
	t.Parallel()
	for _, repeat := range []bool{false, true} {
		t.Run(fmt.Sprintf("repeat=%v", repeat), func(t *testing.T) {
			t.Parallel()
			shareMemory(t, repeat)
		})
	}
}

func shareMemory(t *testing.T, repeat bool) {
	// There are 256 buffers, four of them at first: twice as many in each Wait that finds none.
	const peers, waits, most = 300, 60, 10
	p := openUring(t)
	var ops [peers]Operation
	var own, peer [peers]uintptr
	number := map[*Operation]int{}
	for i := range ops {
		own[i], peer[i] = pair(t)
		number[&ops[i]] = i
	}
	full := make([]byte, 64<<10)
	var last [peers]int // the Wait in which each was heard
	for now := 1; now <= waits; now++ {
		for i := range ops {
			fill(t, peer[i], full)
			if ops[i].InFlight() {
				continue
			}
			if err := p.Submit(&ops[i], &Request{Kind: Receive, FD: own[i], Repeat: repeat}); err != nil {
				t.Fatal(err)
			}
		}
		done, err := p.Wait(0)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range done {
			if c.N > 0 {
				last[number[c.Op]] = now
			}
			if c.Flags&Lent != 0 {
				p.Release(c)
			}
		}
		for i := range last {
			if now-last[i] > most {
				t.Fatalf("peer %d was not heard in %d Waits", i, now-last[i])
			}
		}
	}
}

// TestLettersAreShared: a socket to which datagrams come without end does not keep another
// one's from being received.
func TestLettersAreShared(t *testing.T) {
	t.Parallel()
	// The kernel completes an operation on the thread that has submitted it, and when that is
	// another one the system's scheduler decides when.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := openUring(t)
	var ops [2]Operation
	var own, peer [2]uintptr
	for i := range ops {
		own[i], peer[i] = datagramPair(t)
		if err := p.Submit(&ops[i], &Request{Kind: ReceiveFrom, FD: own[i]}); err != nil {
			t.Fatal(err)
		}
	}
	send := func(i, n int, text string) {
		for range n { // what finds no room is lost
			if _, err := sock.Write(peer[i], []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for round := range 50 {
		later := fmt.Sprintf("after %d", round)
		send(0, 4*letterCount, "before")
		send(1, 1, "quiet")
		// Only a Wait that brings what was sent after the quiet datagram has certainly had that
		// to bring, too: on a busy machine a system may deliver late.
		for late, heard := 0, false; !heard; {
			if late > 4 {
				t.Fatalf("not heard in %d Waits", late)
			}
			done, err := p.Wait(0)
			if err != nil {
				t.Fatal(err)
			}
			if len(done) > letterCount {
				t.Errorf("%d completions in a Wait", len(done))
			}
			after := false
			for _, c := range done {
				heard = heard || c.Op == &ops[1]
				if c.Flags&Lent != 0 {
					after = after || bytes.HasSuffix(p.Memory(c), []byte(later))
					p.Release(c)
				}
			}
			if after {
				late++
			}
			send(0, 4*letterCount, later)
		}
	}
}

// datagramPair returns two sockets of datagrams that are connected with each other.
func datagramPair(t *testing.T) (a, b uintptr) {
	t.Helper()
	any, err := sock.InetAddr(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	var fds [2]uintptr
	var addrs [2]sock.Addr
	for i := range fds {
		fd, err := sock.Open(sock.Inet4, sock.Datagram)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { sock.Close(fd) })
		if err := sock.Bind(fd, any); err != nil {
			t.Fatal(err)
		}
		if addrs[i], err = sock.SockName(fd); err != nil {
			t.Fatal(err)
		}
		fds[i] = fd
	}
	for i, fd := range fds {
		if err := sock.Connect(fd, addrs[1-i]); err != nil {
			t.Fatal(err)
		}
	}
	return fds[0], fds[1]
}
