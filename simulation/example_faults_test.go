package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/simulation"
)

// ExampleWorld_Partition cuts a host off for a while.
func ExampleWorld_Partition() {
	err := simulation.Run(1, func(w *simulation.World) {
		a, b := w.Host("a"), w.Host("b")
		w.Partition([]*simulation.Host{a}, []*simulation.Host{b})
		b.Start(func(ctx context.Context) error {
			loop, err := asyncio.GetRunningLoop()
			if err != nil {
				return err
			}
			err = asyncio.Timeout(ctx, time.Minute, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
				_, _, err := loop.CreateConnection(ctx, func() asyncio.Protocol { return asyncio.BaseProtocol{} }, "tcp", "a:7", nil)
				return err
			})
			fmt.Println("cut off:", errors.Is(err, asyncio.ErrTimeout))
			return nil
		})
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		w.Heal()
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: cut off: true
}

// ExampleHost_Crash ends a host's program in the middle, and starts it again.
func ExampleHost_Crash() {
	err := simulation.Run(1, func(w *simulation.World) {
		starts := 0
		h := w.Host("server")
		h.Start(func(ctx context.Context) error {
			starts++
			return asyncio.Sleep(ctx, time.Hour)
		})
		w.RunFor(time.Minute)
		h.Crash()
		fmt.Println(errors.Is(h.Err(), simulation.ErrCrashed))
		h.Restart()
		if err := w.Run(); err != nil {
			w.Errorf("%v", err)
		}
		fmt.Println(starts, "starts in", w.Elapsed())
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// true
	// 2 starts in 1h1m0s
}

// ExampleDisk shows what a crash leaves: what was synced.
func ExampleDisk() {
	disk := simulation.NewDisk(1)
	err := func() error {
		f, err := disk.OpenFile("log", os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		if _, err := f.Write([]byte("tea")); err != nil {
			return err
		}
		if err := f.Sync(); err != nil { // the contents
			return err
		}
		return disk.SyncDir(".") // and the name
	}()
	if err != nil {
		log.Fatal(err)
	}
	disk.Crash()
	info, err := disk.Stat("log")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Name(), info.Size())
	// Output: log 3
}
