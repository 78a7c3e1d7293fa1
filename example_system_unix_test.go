//go:build unix

package asyncio_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"syscall"

	"github.com/go-asyncio/asyncio"
)

// ExampleEventLoop_addSignalHandler ends a program in order when it is told to.
func ExampleEventLoop_addSignalHandler() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		asked := asyncio.NewFuture[os.Signal](loop)
		err = loop.AddSignalHandler(syscall.SIGTERM, func() {
			if err := asked.SetResult(syscall.SIGTERM); err != nil {
				log.Print(err) // it was asked before
			}
		})
		if err != nil {
			return err
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil { // somebody asks
			return err
		}
		sig, err := asked.Await(ctx)
		fmt.Println(sig)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: terminated
}

// ExampleEventLoop_addReader watches a descriptor of one's own.
func ExampleEventLoop_addReader() {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		log.Fatal(err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		readable := asyncio.NewFuture[string](loop)
		fd := uintptr(ends[0])
		err = loop.AddReader(fd, func() {
			var p [16]byte
			n, err := syscall.Read(ends[0], p[:])
			if err != nil {
				err = readable.SetException(err)
			} else {
				err = readable.SetResult(string(p[:n]))
			}
			if err != nil {
				log.Print(err)
			}
		})
		if err != nil {
			return err
		}
		if _, err := syscall.Write(ends[1], []byte("tea")); err != nil {
			return err
		}
		what, err := readable.Await(ctx)
		if err != nil {
			return err
		}
		fmt.Println(what)
		_, err = loop.RemoveReader(fd) // before the descriptor is closed
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: tea
}

// ExampleEventLoop_connectReadPipe reads a pipe; the loop has its file from then on.
func ExampleEventLoop_connectReadPipe() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer w.Close()
		sink := &collector{end: asyncio.NewFuture[string](loop)}
		if _, _, err := loop.ConnectReadPipe(ctx, func() asyncio.Protocol { return sink }, r); err != nil {
			return err
		}
		if _, err := w.WriteString("tea"); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		fmt.Println(sink.end.Await(ctx))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: tea <nil>
}

// ExampleEventLoop_createUnixServer serves at a path, which is removed at the end.
func ExampleEventLoop_createUnixServer() {
	dir, err := os.MkdirTemp("", "tea")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	err = asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		path := filepath.Join(dir, "socket")
		sink := &collector{end: asyncio.NewFuture[string](loop)}
		server, err := loop.CreateUnixServer(ctx, func() asyncio.Protocol { return sink }, path, nil)
		if err != nil {
			return err
		}
		defer server.Close()
		t, _, err := loop.CreateUnixConnection(ctx, func() asyncio.Protocol { return asyncio.BaseProtocol{} }, path, nil)
		if err != nil {
			return err
		}
		if _, err := t.Write([]byte("tea")); err != nil {
			return err
		}
		if err := t.Close(); err != nil {
			return err
		}
		fmt.Println(sink.end.Await(ctx))
		return nil
	})
	if err != nil {
		log.Print(err)
	}
	// Output: tea <nil>
}

// child collects what a program writes, and hears of its end.
type child struct {
	asyncio.BaseSubprocessProtocol
	out  []byte
	over *asyncio.Future[string]
}

func (p *child) PipeDataReceived(fd int, data []byte) { p.out = append(p.out, data...) }

func (p *child) ConnectionLost(error) {
	if err := p.over.SetResult(string(p.out)); err != nil {
		log.Print(err)
	}
}

// ExampleEventLoop_subprocessExec runs a program by a protocol. Package subprocess has it as
// streams.
func ExampleEventLoop_subprocessExec() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		p := &child{over: asyncio.NewFuture[string](loop)}
		t, _, err := loop.SubprocessExec(ctx, func() asyncio.SubprocessProtocol { return p }, nil, "echo", "tea")
		if err != nil {
			return err
		}
		defer t.Close()
		out, err := p.over.Await(ctx)
		if err != nil {
			return err
		}
		code, _ := t.GetReturnCode()
		fmt.Printf("%q %d\n", out, code)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: "tea\n" 0
}
