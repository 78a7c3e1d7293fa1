package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// replicas are the hosts that keep the number.
var replicas = []string{"r1", "r2", "r3"}

// client adds to the number.
type client struct {
	name  string
	added int // how many increments a majority has taken
	to    []connection
}

type connection struct {
	in  *streams.StreamReader
	out *streams.StreamWriter
}

// work is a client's program: it adds one, five times.
func (c *client) work(ctx context.Context) error {
	for _, name := range replicas {
		in, out, err := streams.OpenConnection(ctx, "tcp", name+":700", nil)
		if err != nil {
			return err
		}
		defer out.Close()
		c.to = append(c.to, connection{in, out})
	}
	rand := simulation.HostOf(ctx).Rand()
	for c.added < 5 {
		added, err := c.add(ctx)
		if err != nil {
			return err
		}
		if added {
			c.added++
		}
		if err := asyncio.Sleep(ctx, time.Duration(rand.IntN(5000))*time.Microsecond); err != nil {
			return err
		}
	}
	return nil
}

// add adds one, if a majority gives the lease and takes the new number.
func (c *client) add(ctx context.Context) (bool, error) {
	yes, err := c.ask(ctx, "lease "+c.name)
	if err != nil {
		return false, err
	}
	added := false
	if count(yes, "yes") >= 2 {
		numbers, err := c.ask(ctx, "read "+c.name)
		if err != nil {
			return false, err
		}
		highest := 0
		for _, text := range numbers {
			var n int
			fmt.Sscan(text, &n)
			highest = max(highest, n)
		}
		if yes, err = c.ask(ctx, fmt.Sprintf("write %s %d", c.name, highest+1)); err != nil {
			return false, err
		}
		added = count(yes, "yes") >= 2
	}
	_, err = c.ask(ctx, "release "+c.name)
	return added, err
}

// ask asks all replicas at once, and waits for all answers.
func (c *client) ask(ctx context.Context, request string) ([]string, error) {
	for _, r := range c.to {
		if _, err := fmt.Fprintln(r.out, request); err != nil {
			return nil, err
		}
	}
	var answers []string
	for _, r := range c.to {
		line, err := r.in.ReadLine(ctx)
		if err != nil {
			return nil, err
		}
		answers = append(answers, strings.TrimSpace(string(line)))
	}
	return answers, nil
}

// count counts an answer.
func count(answers []string, answer string) (n int) {
	for _, a := range answers {
		if a == answer {
			n++
		}
	}
	return n
}

// incrementing is the world: three replicas, two clients. Afterwards the number must be at
// least what has been added.
func incrementing(w *simulation.World, trusting bool) {
	var kept []*replica
	for _, name := range replicas {
		r := &replica{trusting: trusting}
		kept = append(kept, r)
		w.Host(name).Start(r.serve)
	}
	if err := w.RunUntil(func() bool { return kept[0].serving && kept[1].serving && kept[2].serving }); err != nil {
		w.Fatalf("%v", err)
	}
	var clients []*client
	for _, name := range []string{"ann", "bob"} {
		c := &client{name: name}
		clients = append(clients, c)
		w.Host(name).Start(c.work)
	}
	if err := w.RunUntil(func() bool { return w.Host("ann").Done() && w.Host("bob").Done() }); err != nil {
		w.Fatalf("%v", err)
	}
	added, number := 0, 0
	for _, c := range clients {
		if err := w.Host(c.name).Err(); err != nil {
			w.Fatalf("%s: %v", c.name, err)
		}
		added += c.added
	}
	for _, r := range kept {
		number = max(number, r.number)
	}
	if number < added {
		w.Errorf("%d increments were taken, and the number is %d", added, number)
	}
}
