package asyncio_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// keeping is a protocol that keeps what it can.
type keeping struct {
	asyncio.BaseProtocol
	t     *testing.T
	over  asyncio.DataKeeper
	parts []keptPart
	got   []byte
}

type keptPart struct {
	asyncio.KeptData
	mem []byte
	at  int
}

func (p *keeping) ConnectionMade(t asyncio.Transport) { p.over, _ = t.(asyncio.DataKeeper) }

func (p *keeping) DataReceived(data []byte) {
	if p.over.KeepData(data[1:]).Held() || p.over.KeepData(bytes.Clone(data)).Held() {
		p.t.Error("something else is kept than what was received")
	}
	elsewhere := make(chan bool)
	go func() { elsewhere <- p.over.KeepData(data).Held() }()
	if <-elsewhere {
		p.t.Error("kept by another goroutine")
	}
	if k := p.over.KeepData(data); k.Held() {
		p.parts = append(p.parts, keptPart{k, data, len(p.got)})
	}
	p.got = append(p.got, data...)
}

// TestKeepData: over io_uring what has come can stay where it is, beyond the connection's end
// and the loop's, and nothing else writes there; elsewhere nothing is kept. Outside of
// DataReceived nothing is.
func TestKeepData(t *testing.T) {
	t.Parallel()
	want := bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyz"), 20_000)
	for _, m := range testkit.Available(t, testkit.Unpinned) {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			p := &keeping{t: t}
			t.Run("loop", func(t *testing.T) {
				n := newNetTestOn(t, m)
				here, there := connected(t)
				sent := make(chan error, 1)
				go func() {
					_, err := there.Write(want)
					sent <- err
				}()
				runIn(t, n.l, func(ctx context.Context) {
					transport, _, err := n.l.CreateConnection(ctx, func() asyncio.Protocol { return p }, "", "", &asyncio.ConnectionOptions{Conn: here})
					must(t, err)
					for len(p.got) < len(want) {
						must(t, asyncio.Sleep(ctx, instant))
					}
					must(t, <-sent)
					for i, part := range p.parts {
						if p.over.KeepData(part.mem).Held() {
							t.Error("kept once DataReceived has returned")
						}
						if i%2 == 0 {
							part.Release()
							p.parts[i].mem = nil
						}
					}
					must(t, transport.Close())
					must(t, asyncio.Sleep(ctx, instant))
				})
			})
			runtime.GC()
			if keeps := m.Name == "uring"; keeps != (len(p.parts) > 0) {
				t.Errorf("%d pieces were kept", len(p.parts))
			}
			for _, part := range p.parts {
				if !bytes.Equal(part.mem, want[part.at:][:len(part.mem)]) {
					t.Fatal("what was kept has changed")
				}
			}
			if !bytes.Equal(p.got, want) {
				t.Error("other data came")
			}
		})
	}
}
