package enginetest

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio/internal/buffers"
	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/proactors"
)

// testKeep: a Keeper leaves what has come where it is while more comes, the stream ends, and the
// engine is closed; it keeps nothing but all of what a Received is telling of, and nothing
// that is small or the handler's own.
func testKeep(t *testing.T, b *bench) {
	client, server := b.peers()
	keeper, ok := server.s.(engine.Keeper)
	if !ok {
		return // its users copy
	}
	over, ok := b.e.(interface{ Proactor() proactors.Proactor })
	if ok {
		_, ok = over.Proactor().(proactors.Keeper)
	}
	type part struct {
		buffers.Kept
		mem []byte
		at  int
	}
	var parts []part
	kept := 0
	none := func(what string, k buffers.Kept) {
		if k.Held() {
			t.Errorf("kept: %s", what)
		}
	}
	server.on = func(p []byte) {
		none("a part", keeper.Keep(p[1:]))
		none("a part", keeper.Keep(p[:len(p)-1]))
		none("a copy", keeper.Keep(bytes.Clone(p)))
		none("nothing", keeper.Keep(nil))
		none("what another stream has", client.s.(engine.Keeper).Keep(make([]byte, len(p))))
		if k := keeper.Keep(p); k.Held() {
			parts = append(parts, part{k, p, len(server.got) - len(p)})
			kept += len(p)
		} else if ok && server.lend == nil && len(p) >= 16<<10 {
			t.Errorf("%d bytes are not kept", len(p))
		}
	}
	want := pattern(2 << 20)
	for at := 0; at < len(want); at += 32 << 10 {
		client.put(want[at : at+32<<10])
		b.until("the data", func() bool { return len(server.got) == at+32<<10 })
	}
	if ok != (kept > 0) {
		t.Errorf("%d bytes were kept", kept)
	}
	if kept == 0 {
		return
	}
	intact := func() {
		t.Helper()
		for _, p := range parts {
			if !bytes.Equal(p.mem, want[p.at:p.at+len(p.mem)]) {
				t.Fatal("what was kept has changed")
			}
		}
	}
	intact()
	for i := range parts {
		if i%2 == 0 {
			parts[i].Release()
			parts[i].mem = nil
		}
	}
	none("what is over", keeper.Keep(parts[1].mem))
	before := len(parts)
	client.put(want[:10])
	b.until("the small one", func() bool { return len(server.got) == len(want)+10 })
	mine := make([]byte, 64<<10)
	server.lends(func() []byte { return mine })
	client.put(want[:64<<10])
	b.until("the last data", func() bool { return len(server.got) == len(want)+10+64<<10 })
	if len(parts) != before {
		t.Error("what is small or the handler's own was kept")
	}
	b.must(server.s.Close())
	intact()
	b.must(b.e.Close())
	runtime.GC()
	intact()
	parts[1].Release()
}
