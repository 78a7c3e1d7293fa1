// Command sendfile measures what it costs to send a file: the CPU time, user and system, of a
// process that does nothing else, for the library's loops beside a loop in C. Linux only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/bench/internal/proc"
	"github.com/go-asyncio/asyncio/proactors"
	"github.com/go-asyncio/asyncio/selectors"
)

// reference is what the others are compared with.
const reference = "c-sendfile"

var (
	size    = flag.Int64("size", 1<<30, "how many bytes the file has")
	rounds  = flag.Int("rounds", 7, "how often each is measured")
	names   = flag.String("contenders", "c-sendfile,c-epoll,c-splice,asyncio-epoll,asyncio-poll,asyncio-select,asyncio-proactor,asyncio-reads", "who is measured")
	where   = flag.String("folder", "/dev/shm", "where the file is made: in memory, so that no disk has a part in it")
	sendCPU = flag.Int("send-cpu", 0, "the processor of the senders, -1 for any")
	nice    = flag.Int("nice", 0, "the priority of the senders")
	send    = flag.String("send", "", "used by the command itself: be this contender")
	to      = flag.String("connect", "", "used by the command itself: where to send to")
	path    = flag.String("file", "", "used by the command itself: what to send")
)

func main() {
	flag.Parse()
	if err := compare(); err != nil {
		fmt.Fprintln(os.Stderr, "sendfile:", err)
		os.Exit(1)
	}
}

// compare measures all contenders by turns, or is one of them.
func compare() error {
	if *send != "" {
		return contend(*send)
	}
	folder, err := os.MkdirTemp(*where, "sendfile")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file, c := filepath.Join(folder, "file"), filepath.Join(folder, "c")
	if err := makeFile(file); err != nil {
		return err
	}
	if out, err := exec.Command("cc", "-O2", "-o", c, "c/sendfile.c").CombinedOutput(); err != nil {
		return fmt.Errorf("c/sendfile.c: %w: %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	all := strings.Split(*names, ",")
	times := map[string][]time.Duration{}
	for range *rounds {
		for _, name := range all {
			command := exec.Command(self, "--send", name)
			if how, isC := strings.CutPrefix(name, "c-"); isC {
				command = exec.Command(c, how)
			}
			took, err := measure(command, file)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			times[name] = append(times[name], took)
		}
	}
	report(all, times)
	return nil
}

// makeFile makes the file.
func makeFile(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	chunk := make([]byte, 1<<20)
	for i := range chunk {
		chunk[i] = byte(i * i >> 5)
	}
	for left := *size; left > 0 && err == nil; left -= int64(len(chunk)) {
		_, err = f.Write(chunk[:min(left, int64(len(chunk)))])
	}
	return errors.Join(err, f.Close())
}

// measure runs a sender, takes what it sends, and returns what it says.
func measure(command *exec.Cmd, file string) (time.Duration, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	if len(command.Args) == 3 {
		command.Args = append(command.Args, "--connect", l.Addr().String(), "--file", file)
	} else {
		command.Args = append(command.Args, l.Addr().String(), file)
	}
	var out strings.Builder
	command.Stdout, command.Stderr = &out, os.Stderr
	if err := (proc.Place{CPU: *sendCPU, Nice: *nice}).Start(command); err != nil {
		return 0, err
	}
	got := make(chan error, 1)
	go func() { got <- take(l) }()
	err = command.Wait()
	if err != nil {
		return 0, err
	}
	if err := <-got; err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
	return time.Duration(ns), err
}

// take takes a connection and reads all that comes, without looking at it.
func take(l net.Listener) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{c}, make([]byte, 1<<20))
	if err == nil && n != *size {
		err = fmt.Errorf("%d bytes came, want %d", n, *size)
	}
	return err
}

// report prints medians, and medians of the ratios within a round.
func report(all []string, times map[string][]time.Duration) {
	fmt.Printf("%-20s %12s %12s\n", "contender", "CPU ms", "x "+reference)
	for _, name := range all {
		ratio := "-"
		if base := times[reference]; base != nil {
			var ratios []float64
			for i, t := range times[name] {
				ratios = append(ratios, float64(t)/float64(base[i]))
			}
			ratio = fmt.Sprintf("%.3f", median(ratios))
		}
		fmt.Printf("%-20s %12.1f %12s\n", name, float64(median(times[name]))/1e6, ratio)
	}
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// loopOf makes a contender's loop.
func loopOf(name string) (asyncio.EventLoop, error) {
	var s selectors.Selector
	var err error
	switch name {
	case "asyncio-proactor":
		p, err := proactors.NewDefaultProactor()
		if err != nil {
			return nil, err
		}
		return asyncio.NewProactorEventLoop(p)
	case "asyncio-poll":
		s, err = selectors.NewPollSelector()
	case "asyncio-select":
		s, err = selectors.NewSelectSelector()
	default:
		s, err = selectors.NewEpollSelector()
	}
	if err != nil {
		return nil, err
	}
	return asyncio.NewSelectorEventLoop(s)
}

// contend sends the file and prints what that has cost.
func contend(name string) error {
	loop, err := loopOf(name)
	if err != nil {
		return err
	}
	defer loop.Close()
	f, err := os.Open(*path)
	if err != nil {
		return err
	}
	defer f.Close()
	var file io.Reader = f
	if name == "asyncio-reads" {
		file = struct{ io.Reader }{f}
	}
	return loop.RunUntilComplete(asyncio.CreateTaskErr(loop, func(ctx context.Context) error {
		t, _, err := loop.CreateConnection(ctx, func() asyncio.Protocol { return &asyncio.BaseProtocol{} }, "tcp", *to, nil)
		if err != nil {
			return err
		}
		defer t.Close()
		before := used()
		if n, err := loop.Sendfile(ctx, t, file, nil); err != nil {
			return fmt.Errorf("%d bytes went: %w", n, err)
		}
		fmt.Println(used() - before)
		return nil
	}))
}

// used is the CPU time of this process, in nanoseconds.
func used() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
