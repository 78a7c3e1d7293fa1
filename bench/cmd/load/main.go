// Command load drives an echo server and reports what it measured; see bench/README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-asyncio/asyncio/bench/internal/load"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var config load.Config
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&config.Address, "connect", "127.0.0.1:7777", "`address` of the echo server: an IP and a port, udp: or tls: before them, or unix:PATH")
	flags.IntVar(&config.Conns, "conns", 50, "connections")
	flags.IntVar(&config.Size, "size", 64, "bytes of a message")
	flags.IntVar(&config.Pipeline, "pipeline", 1, "messages under way on each connection")
	flags.DurationVar(&config.Warmup, "warmup", 200*time.Millisecond, "time before measuring starts")
	flags.DurationVar(&config.Duration, "duration", time.Second, "length of the measured window")
	flags.Uint64Var(&config.Messages, "messages", 0, "measure so many messages instead of a time")
	flags.BoolVar(&config.Together, "together", false, "send the next messages only when all of the last have come back")
	flags.BoolVar(&config.Busy, "busy", false, "poll without ever sleeping, so that the server never pays for waking the load")
	flags.BoolVar(&config.Reconnect, "reconnect", false, "make a connection for each message: --conns of them at a time")
	flags.IntVar(&config.Idle, "idle", 0, "open so many connections more, exchange one message on each, and say no more on them")
	flags.BoolVar(&config.Broadcast, "broadcast", false, "send on the first connection alone and expect every message on all, from a server that sends whatever it gets to all, and one byte to each that comes")
	flags.IntVar(&config.PID, "pid", 0, "process `id` of the server: report its CPU time too")
	flags.DurationVar(&config.Stall, "stall", 10*time.Second, "give up when nothing came back for so long")
	flood := flags.Int("flood", 0, "instead: on so many connections write as fast as is taken, discard what comes, and measure nothing, until SIGTERM")
	asJSON := flags.Bool("json", false, "report as one line of JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *flood > 0 {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return load.Flood(ctx, config.Address, *flood, func() { fmt.Println("flooding") })
	}
	result, err := load.Run(config)
	if err != nil {
		return err
	}
	if *asJSON {
		return result.WriteJSON(os.Stdout)
	}
	return result.WriteText(os.Stdout)
}
