package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/streams"
)

// leaseTime is how long a lease lasts, by the replica's clock.
const leaseTime = 20 * time.Millisecond

// replica keeps the number, and says who may write it.
type replica struct {
	trusting bool // whoever says that he holds the lease does
	serving  bool
	number   int
	holder   string
	until    time.Duration
}

// serve is a replica's program.
func (r *replica) serve(ctx context.Context) error {
	server, err := streams.StartServer(ctx, r.talk, "tcp", ":700", nil)
	if err != nil {
		return err
	}
	r.serving = true
	return server.ServeForever(ctx)
}

// talk answers the requests of one client, a line each, with a line each.
func (r *replica) talk(ctx context.Context, in *streams.StreamReader, out *streams.StreamWriter) {
	defer out.Close()
	loop, err := asyncio.GetRunningLoop()
	if err != nil {
		return
	}
	for {
		line, err := in.ReadLine(ctx)
		if err != nil {
			return
		}
		answer := r.answer(loop.Time(), strings.Fields(string(line)))
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return
		}
	}
}

// answer answers one request.
func (r *replica) answer(now time.Duration, words []string) string {
	verb, client := words[0], words[1]
	free := r.holder == "" || now >= r.until
	switch verb {
	case "lease":
		if !free && r.holder != client {
			return "no"
		}
		r.holder, r.until = client, now+leaseTime
	case "read":
		return fmt.Sprint(r.number)
	case "write":
		if !r.trusting && (free || r.holder != client) {
			return "no"
		}
		fmt.Sscan(words[2], &r.number)
	case "release":
		if r.holder == client {
			r.holder = ""
		}
	}
	return "yes"
}
