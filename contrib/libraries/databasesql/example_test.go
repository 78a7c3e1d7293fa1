package databasesql

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// count asks the database, while the loop goes on.
func count(ctx context.Context, db *sql.DB) (int, error) {
	return asyncio.ToThread(ctx, func() (n int, err error) {
		err = db.QueryRowContext(ctx, "select count(*) from visits").Scan(&n)
		return n, err
	})
}

// Example has a coroutine ask a database, which here is one of the loop's coroutines itself.
func Example() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			p := &postgres{answer: func(string) (string, error) { return "7", nil }}
			return p.serve(streams.Conn(ctx, r, w))
		}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.WaitClosed(ctx)
		defer server.Close()
		db, err := Open(server.GetLoop(), sourceOf(server))
		if err != nil {
			return err
		}
		defer asyncio.ToThreadErr(ctx, db.Close)
		n, err := count(ctx, db)
		fmt.Println(n)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 7
}
