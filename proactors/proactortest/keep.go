package proactortest

import (
	"bytes"
	"runtime"
	"sync"

	"github.com/go-asyncio/asyncio/proactors"
)

// testKeep: what a Keeper has kept stays as it is while others are received, however much of it there
// is, until it is released, by whoever; what is never released stays beyond the end of the
// proactor, and takes nothing from others. What is small is not kept.
func testKeep(b *bench) {
	keeper, ok := b.p.(proactors.Keeper)
	if !ok {
		return // its users copy
	}
	const size, rounds = 16 << 10, 600 // more than there is memory to receive into
	x, y := b.pair()
	type part struct {
		proactors.Kept
		mem []byte
		at  int // in the stream
	}
	data := pattern(size + 251)
	var parts []part
	var got, kept int
	var o op
	o.on = func(c proactors.Completion) {
		b.must(c.Err())
		if k := keeper.Keep(c); k.Held() {
			parts = append(parts, part{k, b.p.Memory(c), got})
			kept += int(c.N)
		} else if c.N >= size/2 {
			b.Errorf("%d bytes are not kept", c.N)
		}
		got += int(c.N)
		b.p.Release(c)
		if keeper.Keep(proactors.Completion{}).Held() {
			b.Error("something is kept of a completion that lends nothing")
		}
		if c.Flags&proactors.More == 0 {
			b.submit(&o, o.request)
		}
	}
	b.submit(&o, proactors.Request{Kind: proactors.Receive, Repeat: true, FD: x})
	intact := func(p part) {
		for i := 0; i < len(p.mem); {
			n := p.at + i
			want := data[n/size%251:][:size][n%size:]
			want = want[:min(len(want), len(p.mem)-i)]
			if !bytes.Equal(p.mem[i:i+len(want)], want) {
				b.Fatalf("what was kept at %d has changed", n)
			}
			i += len(want)
		}
	}
	var release sync.WaitGroup
	for i := range rounds {
		b.put(y, data[i%251:][:size])
		b.until("all of it", func() bool { return got == (i+1)*size })
		for len(parts) > 300 { // in no order
			j := i * 31 % len(parts)
			p := parts[j]
			intact(p)
			parts[j] = parts[len(parts)-1]
			parts = parts[:len(parts)-1]
			if i%3 == 0 {
				p.Release()
			} else if i%3 == 1 {
				release.Go(p.Release)
			}
		}
	}
	release.Wait()
	if kept < got/2 {
		b.Errorf("%d bytes of %d were kept", kept, got)
	}
	before := len(parts)
	b.put(y, []byte("small"))
	b.until("the small one", func() bool { return got == rounds*size+len("small") })
	if len(parts) != before {
		b.Error("a few bytes are kept, and all the memory that they lie in")
	}
	b.must(b.p.Close())
	runtime.GC()
	for i := range parts {
		intact(parts[i])
		parts[i].Release()
	}
	if keeper.Keep(proactors.Completion{N: size, Flags: proactors.Lent}).Held() {
		b.Error("something is kept of a proactor that is closed")
	}
}
