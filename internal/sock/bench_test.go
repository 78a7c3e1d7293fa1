package sock

import "testing"

// BenchmarkWriteRead sends 64 bytes through a pair of sockets and receives
// them: two system calls.
func BenchmarkWriteRead(b *testing.B) {
	w, r, err := Pair()
	if err != nil {
		b.Fatal(err)
	}
	defer Close(w)
	defer Close(r)
	p := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if n, err := Write(w, p); n != len(p) || err != nil {
			b.Fatal(n, err)
		}
		if n, err := Read(r, p); n != len(p) || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkEncode is what an address costs in a call, besides the call.
func BenchmarkEncode(b *testing.B) {
	a := loopback(Inet6).WithPort(80)
	var raw RawAddr
	b.ReportAllocs()
	for b.Loop() {
		a.Encode(&raw)
	}
}
