//go:build unix

package subprocess_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/subprocess"
)

// ExampleExec reads what a program writes, line by line.
func ExampleExec() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		p, err := subprocess.Exec(ctx, &subprocess.Options{Stdout: subprocess.Pipe}, "printf", "tea\\ncake\\n")
		if err != nil {
			return err
		}
		defer p.Close()
		for line, err := range p.Stdout.Lines(ctx) {
			if err != nil {
				return err
			}
			fmt.Printf("%s", line)
		}
		code, err := p.Wait(ctx)
		fmt.Println("exit", code)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// tea
	// cake
	// exit 0
}

// ExampleShell has the shell run a command.
func ExampleShell() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		p, err := subprocess.Shell(ctx, nil, "exit 3")
		if err != nil {
			return err
		}
		fmt.Println(p.Wait(ctx))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 3 <nil>
}

// ExampleProcess_Communicate gives a program its input and takes all of its output.
func ExampleProcess_Communicate() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		p, err := subprocess.Exec(ctx, &subprocess.Options{Stdin: subprocess.Pipe, Stdout: subprocess.Pipe}, "cat")
		if err != nil {
			return err
		}
		defer p.Close()
		out, _, err := p.Communicate(ctx, []byte("tea"))
		fmt.Printf("%s\n", out)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: tea
}

// ExampleProcess_Terminate ends a program that takes too long, by SIGTERM.
func ExampleProcess_Terminate() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		p, err := subprocess.Exec(ctx, nil, "sleep", "3600")
		if err != nil {
			return err
		}
		defer p.Close()
		err = asyncio.Timeout(ctx, time.Millisecond, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			_, err := p.Wait(ctx)
			return err
		})
		fmt.Println(err)
		if err := p.Terminate(); err != nil {
			return err
		}
		fmt.Println(p.Wait(ctx))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// timeout
	// -15 <nil>
}
