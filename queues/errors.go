package queues

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-asyncio/asyncio"
)

// Errors that tell a queue's state. Check them with errors.Is; what a call returns adds
// its own name.
var (
	// ErrEmpty: GetNowait found nothing. (QueueEmpty)
	ErrEmpty = errors.New("queue is empty")
	// ErrFull: PutNowait found no room. (QueueFull)
	ErrFull = errors.New("queue is full")
	// ErrShutDown: the queue was shut down; nothing can be put any more, and nothing is
	// left to be got. (QueueShutDown)
	ErrShutDown = errors.New("queue is shut down")
	// ErrTaskDone: TaskDone was called more often than items were put. It is an
	// asyncio.ErrInvalidArgument under errors.Is.
	// (ValueError "task_done() called too many times")
	ErrTaskDone = fmt.Errorf("%w: called more often than items were put", asyncio.ErrInvalidArgument)
)

// errNotMade is what a queue that no constructor has made says.
var errNotMade = fmt.Errorf("%w: a queue is made by its constructor, and a priority queue with a less function", asyncio.ErrInvalidArgument)

// opError names the call that failed.
func opError(op string, err error) error { return fmt.Errorf("queues: %s: %w", op, err) }

// waitError names the call whose wait was refused or broken off. A cancellation and the end
// of a context stay as they are.
func waitError(op string, err error) error {
	for _, own := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, own) {
			return err
		}
	}
	return opError(op, err)
}
