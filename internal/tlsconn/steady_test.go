package tlsconn_test

import (
	"crypto/tls"
	"testing"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// TestSteady: a message costs no allocation but those of crypto/tls itself, in each direction.
func TestSteady(t *testing.T) { // not parallel: it counts allocations
	if testkit.RaceDetector {
		t.Skip("the race detector allocates")
	}
	for name, version := range versions {
		for _, size := range []int{64, 16 << 10} {
			theirs := alone(t, version, size)
			ours := within(t, version, size)
			t.Logf("TLS %s, %d bytes: crypto/tls alone allocates %v times to read and %v to write, with us %v and %v", name, size, theirs.read, theirs.write, ours.read, ours.write)
			if ours.read > theirs.read || ours.write > theirs.write {
				t.Errorf("TLS %s, %d bytes: %+v, and crypto/tls alone %+v", name, size, ours, theirs)
			}
		}
	}
}

// cost is how many allocations a message costs.
type cost struct{ read, write float64 }

// messagesCounted is how many are read, and written.
const messagesCounted = 200

// recordsOf makes the records of messages, one for each, once they are as long as they get.
func recordsOf(write func(p []byte), take func() []byte, size int) (records [][]byte) {
	p := make([]byte, size)
	for sent := 0; sent < 1<<20; sent += 16 << 10 {
		write(make([]byte, 16<<10))
	}
	records = append(records, take())
	for range 2*messagesCounted + 2 {
		write(p)
		records = append(records, take())
	}
	return records
}

// alone counts for crypto/tls over memory.
func alone(t *testing.T, version uint16, size int) (c cost) {
	forClient, forServer := configs(version)
	one := newSide(t, true, forClient)
	in := make([]byte, 64<<10)
	g := newGoes(t, false, forServer, func(server *tls.Conn) error {
		if err := server.Handshake(); err != nil {
			return err
		}
		g := server.NetConn().(*goes)
		for !one.began && g.yield(struct{}{}) {
		}
		records := recordsOf(one.write, one.take, size)
		receive := func(record []byte, size int) {
			g.in = record
			for got := 0; got < size; {
				n, err := server.Read(in)
				if err != nil {
					t.Error(err)
					return
				}
				got += n
			}
		}
		receive(records[0], 1<<20)
		i := 0
		c.read = testing.AllocsPerRun(messagesCounted, func() {
			i++
			receive(records[i], size)
		})
		return nil
	})
	exchange(one, g, whole)
	if !g.done || g.err != nil {
		t.Fatal(g.done, g.err)
	}
	client := newGoes(t, true, forClient, func(client *tls.Conn) error {
		if err := client.Handshake(); err != nil {
			return err
		}
		g := client.NetConn().(*goes)
		write := func() {
			g.out = g.out[:0]
			if _, err := client.Write(in[:size]); err != nil {
				t.Error(err)
			}
		}
		for range 100 {
			write()
		}
		c.write = testing.AllocsPerRun(messagesCounted, write)
		return nil
	})
	exchange(client, newSide(t, false, forServer), whole)
	if !client.done || client.err != nil {
		t.Fatal(client.done, client.err)
	}
	return c
}

// within counts for a Conn.
func within(t *testing.T, version uint16, size int) (c cost) {
	one, other := pair(t, version)
	got := 0
	other.SetProtocol(counter{other, &got})
	records := recordsOf(one.write, one.take, size)
	other.Feed(records[0])
	i, before := 0, got
	c.read = testing.AllocsPerRun(messagesCounted, func() {
		i++
		other.Feed(records[i])
	})
	if got-before != i*size {
		t.Fatalf("%d bytes of %d", got-before, i*size)
	}
	p := make([]byte, size)
	one.out = make([]byte, 0, 64<<10)
	c.write = testing.AllocsPerRun(messagesCounted, func() {
		one.out = one.out[:0]
		one.write(p)
	})
	return c
}

// counter is a protocol that counts.
type counter struct {
	*side
	got *int
}

func (c counter) DataReceived(p []byte) { *c.got += len(p) }
