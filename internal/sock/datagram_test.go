package sock

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"
)

// inboxed receives until so many datagrams have come, copied.
func inboxed(t *testing.T, b *Inbox, fd uintptr, size, want int) (all []Arrived) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(all) < want; {
		n, err := b.Receive(fd, size, false)
		if err != nil && !WouldBlock(err) {
			t.Fatal(err)
		}
		if n == 0 && time.Now().After(deadline) {
			t.Fatalf("%d came of %d", len(all), want)
		}
		for i := range n {
			a := *b.At(i)
			a.Data = bytes.Clone(a.Data)
			all = append(all, a)
		}
	}
	return all
}

// TestInbox: many at once, each with its sender, empty ones and those that are too long
// included.
func TestInbox(t *testing.T) {
	t.Parallel()
	for _, f := range families(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			x, y := udp(t, f), udp(t, f)
			to, err := SockName(y)
			ok(t, err)
			from, err := SockName(x)
			ok(t, err)
			const size = 100
			var b Inbox
			if n, err := b.Receive(y, size, false); n != 0 || !WouldBlock(err) {
				t.Errorf("of nothing: %d, %v", n, err)
			}
			lengths := []int{}
			for i := range 50 {
				n := i * 7 % 130
				lengths = append(lengths, n)
				if _, err := SendTo(x, bytes.Repeat([]byte{byte(i)}, n), to); err != nil {
					t.Fatal(err)
				}
			}
			for i, a := range inboxed(t, &b, y, size, len(lengths)) {
				want := bytes.Repeat([]byte{byte(i)}, min(lengths[i], size))
				if !bytes.Equal(a.Data, want) || a.From != from || a.Truncated != (lengths[i] > size) || a.Segment != 0 {
					t.Errorf("datagram %d of %d bytes: %d from %v, truncated: %v", i, lengths[i], len(a.Data), a.From, a.Truncated)
				}
				if a.Size != 0 && (!a.Truncated || a.Size != lengths[i]) {
					t.Errorf("datagram %d of %d bytes is said to have %d", i, lengths[i], a.Size)
				}
			}
			// Another size, and the longest there is.
			long := bytes.Repeat([]byte("x"), 30_000)
			if _, err := SendTo(x, long, to); err != nil {
				t.Fatal(err)
			}
			if a := inboxed(t, &b, y, 60_000, 1)[0]; !bytes.Equal(a.Data, long) {
				t.Errorf("%d bytes of %d", len(a.Data), len(long))
			}
			b.Free()
		})
	}
}

// TestOutbox: what is put there goes in order, each where it is to go; one that is refused is
// told of, and those after it can go.
func TestOutbox(t *testing.T) {
	t.Parallel()
	if !Gathers {
		var b Outbox
		if b.Put(nil, &Addr{}) || b.Len() != 0 {
			t.Error("it takes something")
		}
		return
	}
	x, y, z := udp(t, Inet4), udp(t, Inet4), udp(t, Inet4)
	var to [2]Addr
	for i, fd := range []uintptr{y, z} {
		a, err := SockName(fd)
		ok(t, err)
		to[i] = a
	}
	var b Outbox
	var in Inbox
	for range 3 {
		n := 0
		for b.Put(bytes.Repeat([]byte("x"), n%100), &to[n%2]) {
			n++
		}
		if n != OutboxMost || b.Len() != n {
			t.Fatalf("%d taken", n)
		}
		if p, a := b.At(51); len(p) != 51 || Decode(a) != to[1] {
			t.Errorf("the 51st: %d bytes to %v", len(p), Decode(a))
		}
		if i, err := b.Send(x, 0, n); i != n || err != nil {
			t.Fatal(i, err)
		}
		b.Reset()
		for i, fd := range []uintptr{y, z} {
			for k, a := range inboxed(t, &in, fd, 1000, n/2) {
				if len(a.Data) != (2*k+i)%100 {
					t.Fatalf("the %d. of %d is %d long", k, i, len(a.Data))
				}
			}
		}
	}
}

// TestOutboxRefused: at one that does not go the call stops, and those after it can go.
func TestOutboxRefused(t *testing.T) {
	t.Parallel()
	if !Gathers {
		t.Skip("the system has no call for several datagrams")
	}
	x, y := udp(t, Inet4), udp(t, Inet4)
	to, err := SockName(y)
	ok(t, err)
	var b Outbox
	var in Inbox
	b.Put([]byte("one"), &to)
	b.Put(nil, &Addr{family: Inet4}) // port 0
	b.Put([]byte("three"), &to)
	if i, err := b.Send(x, 0, 3); i != 1 || err != nil {
		t.Errorf("up to the wrong one: %d, %v", i, err)
	}
	if i, err := b.Send(x, 1, 3); i != 1 || err == nil {
		t.Errorf("the wrong one: %d, %v", i, err)
	}
	if i, err := b.Send(x, 2, 3); i != 3 || err != nil {
		t.Errorf("after the wrong one: %d, %v", i, err)
	}
	if got := inboxed(t, &in, y, 1000, 2); string(got[0].Data) != "one" || string(got[1].Data) != "three" {
		t.Errorf("%q and %q came", got[0].Data, got[1].Data)
	}
	b.Reset()
	if b.Put(make([]byte, outboxBytes+1), &to) {
		t.Error("more than there is room for")
	}
}

// TestQueuedError: the error and whom it is about, of IPv4 and IPv6.
func TestQueuedError(t *testing.T) {
	t.Parallel()
	for _, f := range families(t) {
		fd, closed := udp(t, f), udp(t, f)
		if err := SetRecvErr(fd, true); errors.Is(err, errors.ErrUnsupported) {
			t.Skip("the system has no queue of errors")
		} else {
			ok(t, err)
		}
		if to, found, err := QueuedError(fd); found {
			t.Fatalf("at first: %v, %v", err, to)
		}
		nobody, err := SockName(closed)
		ok(t, err)
		ok(t, Connect(closed, nobody)) // it hears nobody but itself
		if _, err := SendTo(fd, []byte("hello"), nobody); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); ; {
			to, found, err := QueuedError(fd)
			if found {
				if !isRefused(err) || to != nobody {
					t.Errorf("%v of %v, want refused by %v", err, to, nobody)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("nothing is queued")
			}
		}
		if to, found, err := QueuedError(fd); found {
			t.Errorf("another: %v, %v", err, to)
		}
		ok(t, SetRecvErr(fd, false))
	}
}

// TestSegments: what is sent in one piece comes as several, and what comes in one piece is
// several.
func TestSegments(t *testing.T) {
	t.Parallel()
	x, y := udp(t, Inet4), udp(t, Inet4)
	if err := errors.Join(SetUDPSegment(x, 10), SetUDPGRO(y, true)); err != nil {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Fatal(err)
		}
		t.Skip("the system cuts no datagrams")
	}
	to, err := SockName(y)
	ok(t, err)
	if _, err := SendTo(x, []byte("0123456789abcdefghijxyz"), to); err != nil {
		t.Fatal(err)
	}
	var b Inbox
	var got []string
	for deadline := time.Now().Add(20 * time.Second); len(got) < 3; {
		n, err := b.Receive(y, 100, true)
		if err != nil && (!WouldBlock(err) || time.Now().After(deadline)) {
			t.Fatal(got, err)
		}
		for i := range n {
			for more := true; more; {
				var p []byte
				p, more = b.At(i).Next()
				got = append(got, string(p))
			}
		}
	}
	if fmt.Sprint(got) != "[0123456789 abcdefghij xyz]" {
		t.Errorf("got %q", got)
	}
}

// TestMulticast: a member of a group gets what is sent to it, until it leaves, and who is
// none gets nothing.
func TestMulticast(t *testing.T) {
	t.Parallel()
	iface := multicastInterface(t)
	group := Addr{family: Inet4, ip: [16]byte{239, 255, 77, 7}}
	fd, err := Open(Inet4, Datagram)
	ok(t, err)
	closing(t, fd)
	ok(t, Bind(fd, Addr{family: Inet4}))
	own, err := SockName(fd)
	ok(t, err)
	group = group.WithPort(own.Port())
	x := udp(t, Inet4)
	ok(t, SetMulticastInterface(x, iface))
	ok(t, SetMulticastTTL(x, 0))
	ok(t, SetMulticastLoop(x, true))
	ok(t, JoinGroup(fd, group, iface))
	if err := JoinGroup(fd, group, iface); err == nil {
		t.Error("a member joins again")
	}
	if _, err := SendTo(x, []byte("to all"), group); err != nil {
		t.Fatal(err)
	}
	var b Inbox
	if a := inboxed(t, &b, fd, 100, 1)[0]; string(a.Data) != "to all" {
		t.Errorf("%q came", a.Data)
	}
	ok(t, LeaveGroup(fd, group, iface))
	if err := LeaveGroup(fd, group, iface); err == nil {
		t.Error("who is no member leaves")
	}
	for _, wrong := range []Addr{{}, own, {family: Unix, path: "x"}} {
		if err := JoinGroup(fd, wrong, iface); err == nil {
			t.Errorf("%v is joined", wrong)
		}
	}
	if err := SetMulticastTTL(x, 256); err == nil {
		t.Error("256 hops are taken")
	}
}

// multicastInterface is one by which a machine reaches itself.
func multicastInterface(t *testing.T) int {
	t.Helper()
	list, err := net.Interfaces()
	ok(t, err)
	for _, i := range list {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return i.Index
		}
	}
	t.Skip("no loopback interface")
	return 0
}

// TestMulticast6 is TestMulticast as far as each system with IPv6 has it: memberships.
func TestMulticast6(t *testing.T) {
	t.Parallel()
	fd, err := Open(Inet6, Datagram)
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	closing(t, fd)
	iface := multicastInterface(t)
	group := Addr{family: Inet6, ip: [16]byte{0: 0xff, 1: 0x01, 15: 0x77}} // on this interface only
	ok(t, SetMulticastTTL(fd, 3))
	ok(t, SetMulticastLoop(fd, true))
	ok(t, SetMulticastInterface(fd, iface))
	ok(t, JoinGroup(fd, group, iface))
	ok(t, LeaveGroup(fd, group, iface))
	if err := LeaveGroup(fd, group, iface); err == nil {
		t.Error("who is no member leaves")
	}
}

// TestDelayed: what may be the error of an earlier datagram, and what is for good.
func TestDelayed(t *testing.T) {
	t.Parallel()
	fd := udp(t, Inet4)
	_, err := SendTo(fd, make([]byte, 70_000), Addr{family: Inet4, port: 9, ip: [16]byte{127, 0, 0, 1}})
	if err == nil || Unusable(err) {
		t.Errorf("too long: %v", err)
	}
	_, err = RecvFrom(Invalid, make([]byte, 10), nil)
	if !Unusable(err) || Delayed(err) {
		t.Errorf("no descriptor: %v", err)
	}
	if Unusable(nil) || Delayed(nil) {
		t.Error("no error at all")
	}
}
