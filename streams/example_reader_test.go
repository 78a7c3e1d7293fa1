package streams_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// fed is a reader in which all that will come has come: for the examples, and for tests of
// code that reads.
func fed(text string, opts ...streams.Option) (*streams.StreamReader, error) {
	r, err := streams.NewStreamReader(opts...)
	if err != nil {
		return nil, err
	}
	if err := r.FeedData([]byte(text)); err != nil {
		return nil, err
	}
	r.FeedEOF()
	return r, nil
}

// ExampleOpenConnection asks a server and reads its answer to the end.
func ExampleOpenConnection() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			defer w.Close()
			name, err := r.ReadLine(ctx)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w, "hello %s", name)
			return err
		}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()

		r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		defer w.Close()
		if _, err := fmt.Fprintln(w, "Ada"); err != nil {
			return err
		}
		answer, err := r.ReadAll(ctx)
		fmt.Printf("%s", answer)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: hello Ada
}

// ExampleNewStreamReader feeds a reader by hand.
func ExampleNewStreamReader() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := streams.NewStreamReader()
		if err != nil {
			return err
		}
		if err := r.FeedData([]byte("tea\n")); err != nil {
			return err
		}
		r.FeedEOF()
		line, err := r.ReadLine(ctx)
		fmt.Printf("%q %v\n", line, err)
		_, err = r.ReadLine(ctx)
		fmt.Println(err == io.EOF, r.AtEOF())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "tea\n" <nil>
	// true true
}

// ExampleStreamReader_Lines goes through the lines of a stream until its end.
func ExampleStreamReader_Lines() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := fed("tea\ncake\n")
		if err != nil {
			return err
		}
		for line, err := range r.Lines(ctx) {
			if err != nil {
				return err
			}
			fmt.Printf("%q\n", line)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "tea\n"
	// "cake\n"
}

// ExampleStreamReader_ReadExactly reads a message with its length in front.
func ExampleStreamReader_ReadExactly() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := fed("\x03tea\x05ca")
		if err != nil {
			return err
		}
		for {
			length, err := r.ReadExactly(ctx, 1)
			if err != nil {
				return err
			}
			message, err := r.ReadExactly(ctx, int(length[0]))
			var short *streams.IncompleteReadError
			if errors.As(err, &short) {
				fmt.Printf("%q of %d bytes\n", short.Partial, short.Expected)
				return nil
			} else if err != nil {
				return err
			}
			fmt.Printf("%q\n", message)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "tea"
	// "ca" of 5 bytes
}

// ExampleStreamReader_ReadUntil reads up to a separator, within the reader's limit.
func ExampleStreamReader_ReadUntil() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := fed("tea;cake without an end", streams.WithLimit(8))
		if err != nil {
			return err
		}
		part, err := r.ReadUntil(ctx, []byte(";"))
		fmt.Printf("%q %v\n", part, err)
		_, err = r.ReadUntil(ctx, []byte(";"))
		var long *streams.LimitOverrunError
		fmt.Println(errors.As(err, &long))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "tea;" <nil>
	// true
}

// ExampleStreamReader_ReadInto reads into memory of the caller's.
func ExampleStreamReader_ReadInto() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := fed("tea and cake")
		if err != nil {
			return err
		}
		memory := make([]byte, 5)
		for {
			n, err := r.ReadInto(ctx, memory)
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			fmt.Printf("%q\n", memory[:n])
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "tea a"
	// "nd ca"
	// "ke"
}

// ExampleStreamReader_Peek looks at what comes and leaves it to be read.
func ExampleStreamReader_Peek() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := fed("GET /tea")
		if err != nil {
			return err
		}
		method, err := r.Peek(ctx, 3)
		if err != nil {
			return err
		}
		all, err := r.ReadAll(ctx)
		fmt.Printf("%s: %s\n", method, all)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: GET: GET /tea
}

// ExampleStreamReader_Next takes what comes as it comes, without a copy of its own: the piece
// is lent until the next read.
func ExampleStreamReader_Next() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := fed("tea and cake")
		if err != nil {
			return err
		}
		length := 0
		for {
			piece, err := r.Next(ctx)
			if err == io.EOF {
				fmt.Println(length)
				return nil
			} else if err != nil {
				return err
			}
			length += len(piece) // what is kept longer is copied
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 12
}

// ExampleStreamReader_Ready holds no memory while it waits: a buffer is taken when there is
// something to read, and given back before the next wait.
func ExampleStreamReader_Ready() {
	buffers := sync.Pool{New: func() any { return new([4]byte) }}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		r, err := fed("tea")
		if err != nil {
			return err
		}
		for {
			if err := r.Ready(ctx); err != nil {
				return err
			}
			buffer := buffers.Get().(*[4]byte)
			n, err := r.ReadInto(ctx, buffer[:]) // does not wait
			fmt.Printf("%q %v\n", buffer[:n], err)
			buffers.Put(buffer)
			if err != nil {
				return nil
			}
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// "tea" <nil>
	// "" EOF
}

// ExampleConn gives a connection to code that knows nothing of loops.
func ExampleConn() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		server, err := streams.StartServer(ctx, func(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
			conn := streams.Conn(ctx, r, w)
			defer conn.Close()
			_, err := io.Copy(conn, conn) // suspends this coroutine alone
			return err
		}, "tcp", "127.0.0.1:0", nil)
		if err != nil {
			return err
		}
		defer server.Close()

		r, w, err := streams.OpenConnection(ctx, "tcp", server.Addrs()[0].String(), nil)
		if err != nil {
			return err
		}
		conn := streams.Conn(ctx, r, w)
		defer conn.Close()
		return asyncio.ToThreadErr(ctx, func() error { // on a goroutine, which blocks
			if _, err := fmt.Fprint(conn, "tea"); err != nil {
				return err
			}
			answer := make([]byte, 3)
			_, err := io.ReadFull(conn, answer)
			fmt.Printf("%s\n", answer)
			return err
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: tea
}
