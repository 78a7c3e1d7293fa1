package asyncio_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/iotest"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/internal/sock"
	"github.com/go-asyncio/asyncio/internal/testkit"
)

// flooder is what keeps a loop busy beside a quiet connection.
type flooder struct {
	again func()     // called in each pass: sees that there is more to do than a pass does
	done  func() int // how much was done so far
	most  int        // of it in a pass
	// pieces: a proactor may have done it in any number of pieces, and most is for others.
	pieces bool
}

// everyLoop are the mechanisms of most rows here.
var everyLoop = testkit.OrSimulated(testkit.Unpinned)

// quiet makes a connection of which send brings one message, and heard tells how many bytes
// have come. What the system has of it the next poll finds, on whatever machine.
func (n *netTest) quiet(ctx context.Context) (send func(), heard func() int, end func()) {
	n.Helper()
	if asyncio.IsSimulated(n.l) {
		client, server := n.pair(ctx)
		return func() { n.check(write(client.transport, []byte("x"))) },
			func() int { return len(server.data) },
			func() { client.transport.Abort(); server.transport.Abort() }
	}
	c := &counter{}
	t, peer := n.paired(c)
	return func() { _, err := sock.Write(peer, []byte("x")); n.check(err) },
		func() int { return c.bytes },
		func() { t.Abort(); n.check(sock.Close(peer)) }
}

// heardBeside sends messages to a quiet connection, one after the other, while a flooder is
// served: each is heard with the second poll at the latest (the one that finds it, and the
// pass of the one after that, if the test has its turn before the message), and in no pass
// the flooder has more than its share.
func (n *netTest) heardBeside(ctx context.Context, f flooder) {
	n.Helper()
	polls := func() int {
		stats, err := asyncio.ReadLoopStats(n.l)
		n.check(err)
		return int(stats.Polls)
	}
	send, heard, end := n.quiet(ctx)
	start := f.done()
	n.until(ctx, "the flooder", func() bool { f.again(); return f.done() > start })
	mostPasses, mostPolls, mostDone := 0, 0, 0
	for range 50 {
		before, asked, passes := heard(), polls(), 0
		send()
		for heard() == before && passes < 10_000 {
			f.again()
			done := f.done()
			n.check(asyncio.Sleep(ctx, 0))
			mostDone = max(mostDone, f.done()-done)
			passes++
		}
		mostPasses, mostPolls = max(mostPasses, passes), max(mostPolls, polls()-asked)
	}
	end()
	n.Logf("heard within %d passes and %d polls; the flooder had %d in one", mostPasses, mostPolls, mostDone)
	if mostPasses > n.slack()*(2*passesWithoutPoll+4) || mostPolls > n.slack()*2 {
		n.Errorf("a message was heard after %d passes and %d polls", mostPasses, mostPolls)
	}
	_, proactor := n.l.(*asyncio.ProactorEventLoop)
	if mostDone == 0 || mostDone > f.most && !(proactor && f.pieces) {
		n.Errorf("the flooder had %d in one pass, want %d at most", mostDone, f.most)
	}
}

// Of what is received in a pass: one receive, and over TLS a record that began in the one
// before.
const (
	oneReceive = 256 << 10
	oneRecord  = 16<<10 + 512
)

// TestFairnessOfTLS: what one receive has brought is decrypted in a pass, and no more,
// although more is there.
func TestFairnessOfTLS(t *testing.T) {
	t.Parallel()
	fairRow(t, "tls", everyLoop, func(ctx context.Context, n *netTest) {
		client, server := n.pairTLS(ctx, nil, nil)
		c := &counter{}
		n.check(server.transport.SetProtocol(c))
		piece := make([]byte, 64<<10)
		n.heardBeside(ctx, flooder{
			again: func() {
				for client.transport.GetWriteBufferSize() < 1<<20 {
					n.check(write(client.transport, piece))
				}
			},
			done: func() int { return c.bytes },
			most: oneReceive + oneRecord, pieces: true,
		})
		client.transport.Abort()
		server.transport.Abort()
		n.until(ctx, "the end", func() bool { return client.lost })
	})
}

// TestFairnessOfSendfile: beside a file that is sent all the time, by the system or by reading
// it, and read by the same loop, others are heard.
func TestFairnessOfSendfile(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	for name, secure := range map[string]bool{"clear": false, "tls": true} {
		for how, open := range map[string]func(t testing.TB) io.ReadSeeker{
			"file":  func(t testing.TB) io.ReadSeeker { return fileOf(t, make([]byte, size)) },
			"reads": func(testing.TB) io.ReadSeeker { return bytes.NewReader(make([]byte, size)) },
		} {
			fairRow(t, name+"/"+how, everyLoop, func(ctx context.Context, n *netTest) {
				n.check(n.l.SetDefaultExecutor(here{})) // what is read is there at once
				withSender(ctx, n, secure, func(ctx context.Context, s *sender) {
					file, received := open(n), 0
					s.peer.onData = func(p []byte) { received += len(p); s.peer.data = nil }
					sending := asyncio.CreateTaskErr(n.l, func(ctx context.Context) error {
						for {
							if _, err := n.l.Sendfile(ctx, s.transport, file, nil); err != nil {
								return err
							}
						}
					})
					n.heardBeside(ctx, flooder{
						again: func() {},
						done:  func() int { return received },
						most:  oneReceive + oneRecord, pieces: true,
					})
					sending.Cancel()
					_, err := sending.Await(ctx)
					wantError(n, err, asyncio.ErrCancelled)
				})
			})
		}
	}
}

// TestFairnessOfReads: a file that is read by an executor that calls at once, and that the
// system takes at once, gives way as other operations do that need not wait.
func TestFairnessOfReads(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"clear": false, "tls": true} {
		fairRow(t, name, everyLoop, func(ctx context.Context, n *netTest) {
			n.check(n.l.SetDefaultExecutor(here{}))
			withSender(ctx, n, secure, func(ctx context.Context, s *sender) {
				reads, most := 0, 0
				_, stop := n.countPasses(func() {
					most = max(most, reads)
					reads = 0
				})
				const size = 10 * asyncio.Budget
				count := readerFunc(func(p []byte) (int, error) { reads++; return len(p), nil })
				s.sends(ctx, iotest.OneByteReader(io.LimitReader(count, size)), nil, size)
				stop()
				s.gets(ctx, make([]byte, size))
				if most = max(most, reads); most > asyncio.Budget {
					n.Errorf("%d reads in one pass, the budget is %d", most, asyncio.Budget)
				}
			})
		})
	}
}

// readerFunc is a reader that is a function.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestFairnessOfAccepting: of clients who wait all the time a pass takes one more than the
// backlog, and others are heard.
func TestFairnessOfAccepting(t *testing.T) {
	t.Parallel()
	// Not over a simulated loop, whose clients are its own, and wait for the same passes.
	fairRow(t, "accepting", testkit.Unpinned, func(ctx context.Context, n *netTest) {
		const backlog, waiting = 20, 60
		fd := boundSocket(n, sock.Stream)
		n.check(sock.Listen(fd, 300)) // where the first call counts, and below where the last does
		made := 0
		s, err := n.l.CreateServer(ctx, func() asyncio.Protocol {
			made++
			return &recorder{onMade: func(t asyncio.Transport) { t.Abort() }}
		}, "", "", &asyncio.ServerOptions{Sock: fd, Backlog: backlog})
		if err != nil {
			n.Fatal(err)
		}
		n.check(sock.Listen(s.Sockets()[0], 300))
		var clients []net.Conn
		closed := 0
		n.heardBeside(ctx, flooder{
			again: func() {
				for ; closed < made; closed++ {
					clients[closed].Close()
				}
				for len(clients) < made+waiting {
					clients = append(clients, dialPlain(n, s.Addrs()[0].String()))
				}
			},
			done: func() int { return made },
			most: backlog + 1,
		})
		s.Close()
		s.AbortClients()
		n.check(s.WaitClosed(ctx))
	})
}
