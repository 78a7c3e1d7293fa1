package transport_test

import "testing"

// TestDatagramsOfOnePass: of a long queue a bounded number goes with one event, in order, and
// the rest with the next ones.
func TestDatagramsOfOnePass(t *testing.T) {
	t.Parallel()
	b := newPost(t)
	b.pass()
	const count, most = 300, 64
	b.does(func() {
		for i := range count {
			if err := b.Send([]byte{byte(i)}, peer(i+1)); err != nil {
				t.Fatal(err)
			}
		}
	})
	events := 0
	for b.Sending() {
		before := len(b.eng.wire)
		b.does(func() { b.eng.writable(count) })
		if events++; len(b.eng.wire)-before > most || events > count {
			t.Fatalf("%d datagrams went with one event, the %dth", len(b.eng.wire)-before, events)
		}
	}
	if len(b.eng.wire) != count || events != (count+most-1)/most {
		t.Errorf("%d datagrams of %d went with %d events", len(b.eng.wire), count, events)
	}
	for i, l := range b.eng.wire {
		if l.to != i+1 {
			t.Fatalf("datagram %d is %v", i, l)
		}
	}
}
