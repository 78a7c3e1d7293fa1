// Simulated_retry is a client that pays, and tries again, at a bank that crashes again and
// again, in virtual time.
//
// Each payment has a number of its own, and the bank books a number once: a client that hears
// nothing cannot know whether the bank has crashed before it had booked the payment or after
// that, and sends it again under the same number. It waits longer after each attempt, and gives
// up after a few. Half a minute of this passes in a moment, and the same each time.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
	"github.com/go-asyncio/asyncio/streams"
)

// ledger is what the bank has written down. No crash takes it away.
type ledger struct {
	booked  map[int]int // amounts, by the payments' numbers
	balance int
	again   int // payments that were booked already
}

// book books a payment, once.
func (l *ledger) book(number, amount int) {
	if _, known := l.booked[number]; known {
		l.again++
		return
	}
	l.booked[number] = amount
	l.balance += amount
}

// bank is the main function of the bank's host. It starts anew after each crash.
func (l *ledger) bank(ctx context.Context) error {
	s, err := streams.StartServer(ctx, l.serve, "tcp", ":7000", nil)
	if err != nil {
		return err
	}
	return s.ServeForever(ctx)
}

// serve books what comes on a connection.
func (l *ledger) serve(ctx context.Context, r *streams.StreamReader, w *streams.StreamWriter) error {
	defer w.Close()
	for {
		line, err := r.ReadLine(ctx)
		if err != nil || len(line) == 0 {
			return nil // the client has gone
		}
		var number, amount int
		if _, err := fmt.Sscan(string(line), &number, &amount); err != nil {
			return err
		}
		if err := asyncio.Sleep(ctx, 40*time.Millisecond); err != nil { // the work before the entry
			return err
		}
		l.book(number, amount)
		if err := asyncio.Sleep(ctx, 40*time.Millisecond); err != nil { // and after it
			return err
		}
		if _, err := fmt.Fprintf(w, "booked %d\n", number); err != nil {
			return nil
		}
	}
}

const (
	payments = 25
	attempts = 8                      // for each payment
	patience = 500 * time.Millisecond // with each attempt
	pause    = 50 * time.Millisecond  // after the first attempt, and twice as long after each other
)

// client is the main function of the client's host.
func client(ctx context.Context) error {
	for number := 1; number <= payments; number++ {
		if err := pay(ctx, number, 10*number); err != nil {
			return err
		}
		if err := asyncio.Sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// pay tries until the bank says that it has booked.
func pay(ctx context.Context, number, amount int) error {
	h := simulation.HostOf(ctx)
	wait := pause
	for attempt := 1; ; attempt++ {
		err := asyncio.Timeout(ctx, patience, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
			return try(ctx, number, amount)
		})
		if err == nil {
			if attempt > 1 {
				fmt.Printf("%8v  payment %d: booked at attempt %d\n", since(h), number, attempt)
			}
			return nil
		}
		fmt.Printf("%8v  payment %d: %s\n", since(h), number, why(err))
		if attempt == attempts {
			return fmt.Errorf("payment %d: given up after %d attempts: %w", number, attempts, err)
		}
		// Some more or less, lest clients that failed together come back together.
		some := time.Duration(h.Rand().Int64N(int64(wait)))
		if err := asyncio.Sleep(ctx, wait/2+some); err != nil {
			return err
		}
		wait *= 2
	}
}

// since is how long the world has gone on.
func since(h *simulation.Host) time.Duration { return h.World().Elapsed().Round(time.Millisecond) }

// why says it in few words.
func why(err error) string {
	switch {
	case errors.Is(err, asyncio.ErrTimeout):
		return "no answer"
	case errors.Is(err, io.EOF):
		return "the connection has ended"
	}
	return err.Error()
}

// try sends a payment and waits for the answer.
func try(ctx context.Context, number, amount int) error {
	r, w, err := streams.OpenConnection(ctx, "tcp", "bank:7000", nil)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, err := fmt.Fprintf(w, "%d %d\n", number, amount); err != nil {
		return err
	}
	line, err := r.ReadLine(ctx)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("booked %d\n", number); string(line) != want {
		return fmt.Errorf("the bank says %q, not %q", line, want)
	}
	return nil
}

// world has the bank crash while the client pays.
func world(w *simulation.World) {
	l := &ledger{booked: map[int]int{}}
	bank, customer := w.Host("bank"), w.Host("customer")
	bank.Start(l.bank)
	if w.RunFor(100 * time.Millisecond); !bank.Running() {
		w.Fatalf("the bank: %v", bank.Err())
	}
	customer.Start(client)
	w.RandomFaults(simulation.FaultPlan{
		Hosts: []*simulation.Host{bank}, Kinds: []simulation.FaultKind{simulation.FaultCrash},
		Within: 15 * time.Second, Count: 40, Longest: 700 * time.Millisecond,
	})
	if err := w.RunUntil(customer.Done); err != nil {
		w.Fatalf("%v", err)
	}
	if err := customer.Err(); err != nil {
		w.Fatalf("the customer: %v", err)
	}
	fmt.Printf("%8v  %d payments are booked, %d of them were sent again when they were\n", w.Elapsed().Round(time.Millisecond), len(l.booked), l.again)
	if want := 10 * payments * (payments + 1) / 2; l.balance != want || len(l.booked) != payments {
		w.Fatalf("the balance is %d, not %d", l.balance, want)
	}
	fmt.Println("the balance is what was paid")
}

func main() {
	if err := simulation.Run(15, world); err != nil {
		log.Fatal(err)
	}
}
