// Command programs is the tenth program of from-asyncio.md: another program and its pipes.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/subprocess"
)

func run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child, err := subprocess.Exec(ctx, &subprocess.Options{Stdin: subprocess.Pipe, Stdout: subprocess.Pipe}, self, "child")
	if err != nil {
		return err
	}
	out, _, err := child.Communicate(ctx, []byte("hello\n"))
	if err != nil {
		return err
	}
	fmt.Print(string(out))
	code, _ := child.Returncode()
	fmt.Println("it ended with", code)
	return nil
}

func main() {
	if len(os.Args) > 1 { // it is the other program, too
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(strings.ToUpper(line))
		os.Exit(3)
	}
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
