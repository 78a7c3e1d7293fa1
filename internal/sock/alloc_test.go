package sock

import (
	"runtime"
	"testing"
)

// TestNoAllocation is not parallel: AllocsPerRun counts the whole process.
func TestNoAllocation(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		// Elsewhere the calls are those of golang.org/x/sys, which allocate for addresses.
		t.Skip("only the calls of Linux and Windows are made without allocating")
	}
	a, b := pair(t)
	msg, buf := []byte("0123456789"), make([]byte, 64)
	bufs := [][]byte{msg, nil, msg}
	var v Vec
	check := func(name string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(200, f); n != 0 {
			t.Errorf("%s: %v allocations a call", name, n)
		}
	}
	var got int
	var err error
	want := func(n int) {
		if got != n || err != nil {
			t.Fatalf("%d bytes, error %v; want %d", got, err, n)
		}
	}
	check("Write and Read", func() {
		got, err = Write(a, msg)
		want(10)
		got, err = Read(b, buf)
		want(10)
	})
	check("Writev", func() {
		got, err = Writev(a, bufs, &v)
		want(20)
		got, err = Read(b, buf)
		want(20)
	})
	check("would block", func() {
		if _, err := Read(b, buf); !WouldBlock(err) {
			t.Fatal(err)
		}
	})
	for _, f := range families(t) {
		u1, u2 := udp(t, f), udp(t, f)
		to, e := SockName(u2)
		if e != nil {
			t.Fatal(e)
		}
		var from Addr
		check("SendTo and RecvFrom "+f.String(), func() {
			got, err = SendTo(u1, msg, to)
			want(10)
			got, err = RecvFrom(u2, buf, &from)
			want(10)
		})
		var in Inbox
		check("SendTo and Inbox "+f.String(), func() {
			got, err = SendTo(u1, msg, to)
			want(10)
			if got, err = in.Receive(u2, 100, false); got == 1 {
				got = len(in.At(0).Data)
			}
			want(10)
		})
		check("SockName "+f.String(), func() { SockName(u1) })
	}
}
