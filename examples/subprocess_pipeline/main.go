// Subprocess_pipeline sends lines through two programs, one behind the other, and tells how
// far it has come: the first numbers the lines, the second writes them in capitals. The
// programs are this one, started again with the name of what it is to be, so that nothing
// else need be installed. Between them is a pipe of the system's, which this program does
// not look into.
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

// lines are how many there are, step is how many of them are told of at once.
const (
	lines = 1000
	step  = 250
)

// stages are what this program can be when it is started again.
var stages = map[string]func(number int, line string) string{
	"number":   func(number int, line string) string { return fmt.Sprintf("%d %s", number, line) },
	"capitals": func(_ int, line string) string { return strings.ToUpper(line) },
}

// stage is one of the programs: it reads lines and writes them changed.
func stage(change func(int, string) string) error {
	in, out := bufio.NewScanner(os.Stdin), bufio.NewWriter(os.Stdout)
	for number := 1; in.Scan(); number++ {
		if _, err := fmt.Fprintln(out, change(number, in.Text())); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	return out.Flush()
}

// pipeline starts both programs and joins them.
func pipeline(ctx context.Context) (first, second *subprocess.Process, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	between, end, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer between.Close() // the programs have ends of their own
	defer end.Close()
	first, err = subprocess.Exec(ctx, &subprocess.Options{Stdin: subprocess.Pipe, Stdout: subprocess.File(end)}, self, "number")
	if err != nil {
		return nil, nil, err
	}
	second, err = subprocess.Exec(ctx, &subprocess.Options{Stdin: subprocess.File(between), Stdout: subprocess.Pipe}, self, "capitals")
	return first, second, err
}

// feed writes all lines, no faster than the programs take them.
func feed(ctx context.Context, p *subprocess.Process) error {
	for i := range lines {
		if _, err := fmt.Fprintf(p.Stdin, "line with the letter %c\n", 'a'+rune(i%26)); err != nil {
			return err
		}
		if err := p.Stdin.Drain(ctx); err != nil {
			return err
		}
	}
	return p.Stdin.Close()
}

// watch reads what comes out, and tells now and then how far it is.
func watch(ctx context.Context, p *subprocess.Process) error {
	count := 0
	for line, err := range p.Stdout.Lines(ctx) {
		if err != nil {
			return err
		}
		if count++; count%step == 0 {
			fmt.Printf("%3d%%  %s\n", 100*count/lines, strings.TrimSpace(string(line)))
		}
	}
	return nil
}

func run(ctx context.Context) error {
	first, second, err := pipeline(ctx)
	if err != nil {
		return err
	}
	err = asyncio.WithTaskGroup(ctx, func(ctx context.Context, g *asyncio.TaskGroup) error {
		g.Go(func(ctx context.Context) error { return feed(ctx, first) })
		g.Go(func(ctx context.Context) error { return watch(ctx, second) })
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range []*subprocess.Process{first, second} {
		code, err := p.Wait(ctx)
		if err != nil {
			return err
		}
		fmt.Println("a program has ended with", code)
	}
	return nil
}

func main() {
	if len(os.Args) > 1 {
		change := stages[os.Args[1]]
		if change == nil {
			log.Fatalf("subprocess_pipeline: there is no stage %q; start it without arguments", os.Args[1])
		}
		if err := stage(change); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := asyncio.RunErr(context.Background(), run); err != nil {
		log.Fatal(err)
	}
}
