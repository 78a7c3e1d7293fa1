// Pty_shell drives a shell on a pseudo-terminal as a user would: it types, reads what the
// terminal echoes and what the shell answers, makes the terminal larger, and says good-bye
// by Ctrl-D. The terminal's side of the user is two pipes of the loop's, one for each way.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// script is a shell that is the same everywhere: it runs each line that it reads.
const script = `while read -r line; do eval "$line"; done; echo good-bye`

func main() {
	t, err := openTerminal()
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Println("this system has no pseudo-terminal that a program gets at without a C library")
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	if err := asyncio.RunErr(context.Background(), func(ctx context.Context) error { return session(ctx, t) }); err != nil {
		log.Fatal(err)
	}
}

// session is one session of a user's.
func session(ctx context.Context, t *terminal) error {
	shell := exec.Command("sh", "-c", script)
	if err := t.run(shell); err != nil {
		return errors.Join(err, t.input.Close(), t.output.Close(), t.size.Close())
	}
	defer t.size.Close()
	screen, keyboard, err := connect(ctx, t.output, t.input)
	if err != nil {
		return err
	}
	for _, typed := range []string{"echo hello", "stty size", "resize", "stty size"} {
		if typed == "resize" {
			if err := t.resize(40, 132); err != nil {
				return err
			}
			fmt.Println("(the window is made larger)")
			continue
		}
		if err := converse(ctx, screen, keyboard, typed); err != nil {
			return err
		}
	}
	const endOfInput = "\x04" // Ctrl-D
	if _, err := keyboard.Write([]byte(endOfInput)); err != nil {
		return err
	}
	rest, err := screen.ReadAll(ctx) // to the hang-up: the shell has closed its side
	if err != nil {
		return err
	}
	fmt.Print(strings.ReplaceAll(string(rest), "\r\n", "\n"))
	if err := keyboard.Close(); err != nil {
		return err
	}
	_, err = asyncio.ToThread(ctx, func() (struct{}, error) { return struct{}{}, shell.Wait() })
	fmt.Println("the shell has ended:", shell.ProcessState)
	return err
}

// converse types a line, and shows its echo and the one line of the answer.
func converse(ctx context.Context, screen *streams.StreamReader, keyboard asyncio.Transport, line string) error {
	if _, err := keyboard.Write([]byte(line + "\n")); err != nil {
		return err
	}
	for _, who := range []string{"$ ", ""} {
		text, err := screen.ReadLine(ctx)
		if err != nil && err != io.EOF {
			return err
		}
		fmt.Println(who + strings.TrimRight(string(text), "\r\n"))
	}
	return nil
}

// connect makes pipes of the loop's: one is read as a stream, the other written.
func connect(ctx context.Context, output, input *os.File) (*streams.StreamReader, asyncio.Transport, error) {
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return nil, nil, err
	}
	screen, err := streams.NewStreamReader()
	if err != nil {
		return nil, nil, err
	}
	protocol, err := streams.NewStreamReaderProtocol(screen, nil)
	if err != nil {
		return nil, nil, err
	}
	if _, _, err := loop.ConnectReadPipe(ctx, func() asyncio.Protocol { return protocol }, output); err != nil {
		return nil, nil, err
	}
	keyboard, _, err := loop.ConnectWritePipe(ctx, func() asyncio.Protocol { return asyncio.BaseProtocol{} }, input)
	return screen, keyboard, err
}
