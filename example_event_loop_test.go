package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-asyncio/asyncio"
	"github.com/go-asyncio/asyncio/selectors"
)

// ExampleNewEventLoop runs a loop by hand: callbacks in the order of the calls, then a timer.
func ExampleNewEventLoop() {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	defer loop.Close()
	for _, word := range []string{"first", "second"} {
		if _, err := loop.CallSoon(func() { fmt.Println(word) }); err != nil {
			log.Fatal(err)
		}
	}
	_, err = loop.CallLater(time.Millisecond, func() {
		fmt.Println("later")
		loop.Stop()
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := loop.RunForever(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// first
	// second
	// later
}

// ExampleNewSelectorEventLoop makes a loop over a certain selector.
func ExampleNewSelectorEventLoop() {
	selector, err := selectors.NewSelectSelector()
	if err != nil {
		log.Fatal(err)
	}
	loop, err := asyncio.NewSelectorEventLoop(selector) // it closes the selector, too
	if err != nil {
		log.Fatal(err)
	}
	defer loop.Close()
	backend, err := asyncio.LoopBackend(loop)
	fmt.Println(backend.Kind, backend.Name, err)
	// Output: selector select <nil>
}

// ExampleNewProactorEventLoop takes a proactor where there is one, and says why not.
func ExampleNewProactorEventLoop() {
	factory := func() (asyncio.EventLoop, error) {
		loop, err := asyncio.NewProactorEventLoop(nil)
		if errors.Is(err, errors.ErrUnsupported) { // err has the reason
			return asyncio.NewSelectorEventLoop(nil)
		} else if err != nil {
			return nil, err
		}
		return loop, nil
	}
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		return asyncio.Sleep(ctx, time.Millisecond)
	}, asyncio.WithLoopFactory(factory))
	fmt.Println(err)
	// Output: <nil>
}

// ExampleEventLoop_callLater sets a timer and takes it back.
func ExampleEventLoop_callLater() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		alarm, err := loop.CallLater(time.Hour, func() { fmt.Println("too late") })
		if err != nil {
			return err
		}
		fmt.Println(alarm.Cancel(), alarm.Cancel(), alarm.Cancelled())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: true false true
}

// ExampleEventLoop_callSoonThreadsafe hands a callback to a loop from another goroutine.
func ExampleEventLoop_callSoonThreadsafe() {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	defer loop.Close()
	failed := make(chan error, 1)
	go func() {
		_, err := loop.CallSoonThreadsafe(func() {
			fmt.Println("on the loop")
			loop.Stop()
		})
		failed <- err
	}()
	if err := loop.RunForever(); err != nil {
		log.Fatal(err)
	}
	if err := <-failed; err != nil {
		log.Fatal(err)
	}
	// Output: on the loop
}

// ExampleEventLoop_runUntilComplete runs a loop until a future is done.
func ExampleEventLoop_runUntilComplete() {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	defer loop.Close()
	task := asyncio.CreateTask(loop, func(ctx context.Context) (string, error) {
		return "tea", asyncio.Sleep(ctx, time.Millisecond)
	})
	if err := loop.RunUntilComplete(task); err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.Result())
	// Output: tea <nil>
}

// ExampleEventLoop_setExceptionHandler hears of what nobody else catches.
func ExampleEventLoop_setExceptionHandler() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		heard := asyncio.NewFuture[error](loop)
		err = loop.SetExceptionHandler(func(loop asyncio.EventLoop, c asyncio.ExceptionContext) {
			if err := heard.SetResult(c.Err); err != nil {
				loop.DefaultExceptionHandler(c)
			}
		})
		if err != nil {
			return err
		}
		if _, err := loop.CallSoon(func() { panic("no tea") }); err != nil {
			return err
		}
		what, err := heard.Await(ctx)
		var p *asyncio.PanicError
		fmt.Println(errors.As(what, &p), what)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: true panic: no tea
}

// ExampleHandle_Cancel takes back a callback that has not had its turn.
func ExampleHandle_Cancel() {
	err := asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		handle, err := loop.CallSoon(func() { fmt.Println("never") })
		if err != nil {
			return err
		}
		fmt.Println(handle.Cancel())
		return asyncio.Yield(ctx)
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: true
}

func ExampleGetRunningLoop() {
	_, err := asyncio.GetRunningLoop()
	fmt.Println("outside:", errors.Is(err, asyncio.ErrNoRunningLoop))
	err = asyncio.RunErr(context.Background(), func(ctx context.Context) error {
		loop, err := asyncio.GetRunningLoop()
		if err != nil {
			return err
		}
		fmt.Println("inside:", loop.IsRunning())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// outside: true
	// inside: true
}

// ExampleSetEventLoop makes a loop the current one of this goroutine.
func ExampleSetEventLoop() {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	if err := asyncio.SetEventLoop(loop); err != nil {
		log.Fatal(err)
	}
	current, err := asyncio.GetEventLoop()
	fmt.Println(current == loop, err)
	if err := loop.Close(); err != nil { // a closed loop is current no more
		log.Fatal(err)
	}
	// Output: true <nil>
}

// ExampleLoopBackend asks what a loop runs on.
func ExampleLoopBackend() {
	loop, err := asyncio.NewEventLoop()
	if err != nil {
		log.Fatal(err)
	}
	defer loop.Close()
	backend, err := asyncio.LoopBackend(loop)
	if err != nil {
		log.Fatal(err)
	}
	log.Println(backend) // selector over epoll (the best selector of this machine: ...)
	fmt.Println(backend.Kind == "selector" || backend.Kind == "proactor")
	// Output: true
}
