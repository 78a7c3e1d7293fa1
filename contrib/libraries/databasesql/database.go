// Package databasesql uses database/sql from an event loop, here with
// github.com/lib/pq: by asyncio.ToThread, while the loop goes on.
//
//	rows, err := asyncio.ToThread(ctx, func() ([]Row, error) { return query(ctx, db) })
//
// In a coroutine of the loop database/sql must not be called. A pool whose connections are
// all in use waits on a channel, and that holds the loop. Its mutexes are held while a driver
// reads and writes; and where a context can be done, as a task's can, goroutines of the
// pool's and the driver's watch it, so that a transaction waits for one that may itself wait
// for the loop. It may seem to work, with connections of the loop, until the pool is full or a
// context ends.
//
// The connections themselves may live on the loop, as those of Open do. Nothing is gained by
// it for a database beside a loop but one place to look at; the driver's own dialer serves
// as well.
package databasesql

import (
	"context"
	"database/sql"
	"net"
	"time"

	"github.com/lib/pq"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/contrib/libraries/loopnet"
)

// Open makes a pool of connections to PostgreSQL that live on the loop. Use and close it by
// asyncio.ToThread, or on goroutines that are none of the loop's, while the loop runs.
func Open(loop asyncio.EventLoop, source string) (*sql.DB, error) {
	connector, err := pq.NewConnector(source)
	if err != nil {
		return nil, err
	}
	connector.Dialer(dialer{loop})
	return sql.OpenDB(connector), nil
}

// dialer is what the driver connects by.
type dialer struct{ loop asyncio.EventLoop }

var _ pq.DialerContext = dialer{}

// Dial implements pq.Dialer.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements pq.Dialer.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext implements pq.DialerContext.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return loopnet.Dial(ctx, d.loop, network, address)
}
