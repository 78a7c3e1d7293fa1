package serve

import (
	"testing"

	"github.com/go-asyncio/asyncio"
)

func TestClientList(t *testing.T) {
	t.Parallel()
	w := &worker{}
	listed := func() (names string) {
		for c := w.clients.first(); c != nil; c = w.clients.next(c) {
			names += c.connection.(asyncio.Transport).GetExtraInfo("name").(string)
		}
		return names
	}
	if got := listed(); got != "" {
		t.Errorf("at first %q", got)
	}
	clients := make([]client, 4)
	for i := range clients {
		w.enter(&clients[i], named(string(rune('a'+i))))
	}
	for _, step := range []struct {
		leaves int
		left   string
	}{{1, "acd"}, {3, "ac"}, {0, "c"}, {2, ""}} {
		w.leave(&clients[step.leaves])
		if got := listed(); got != step.left || w.clients.n != len(step.left) {
			t.Errorf("after %d has left: %q, %d clients", step.leaves, got, w.clients.n)
		}
	}
	w.leave(&client{}) // was never in
	if w.clients.n != 0 || w.accepted != 4 {
		t.Errorf("%d clients of %d", w.clients.n, w.accepted)
	}
}

type namedTransport struct {
	asyncio.UnimplementedTransport
	name string
}

func named(name string) asyncio.Transport              { return &namedTransport{name: name} }
func (n *namedTransport) GetExtraInfo(name string) any { return n.name }
