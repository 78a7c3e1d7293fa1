package proactors

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/go-asyncio/asyncio/internal/sock"
)

// tryTimeout is how long a trial waits for what must come at once.
const tryTimeout = 5 * time.Second

// try makes a proactor and puts it through what a loop needs most: a receive that has
// nothing to receive goes on, and ends with the byte that comes.
func try(c candidate) error {
	if c.pinned {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	p, err := c.open()
	if err != nil {
		return err
	}
	near, far, err := sock.Pair()
	if err != nil {
		return errors.Join(fmt.Errorf("cannot try it: %w", err), p.Close())
	}
	err = receiveByte(p, near, far)
	return errors.Join(err, p.Close(), sock.Close(near), sock.Close(far))
}

// receiveByte is the trial, over two connected sockets.
func receiveByte(p Proactor, near, far uintptr) error {
	if err := p.Attach(near); err != nil {
		return err
	}
	op := new(Operation)
	if err := p.Submit(op, &Request{Kind: Receive, FD: near}); err != nil {
		return err
	}
	if done, err := p.Wait(0); err != nil {
		return err
	} else if len(done) > 0 {
		return errors.New("a receive is done before anything was sent")
	}
	if _, err := sock.Write(far, []byte{1}); err != nil {
		return fmt.Errorf("cannot try it: %w", err)
	}
	for end := time.Now().Add(tryTimeout); ; {
		left := time.Until(end)
		if left <= 0 {
			return errors.New("what was sent is not received")
		}
		done, err := p.Wait(left)
		if err != nil {
			return err
		}
		if len(done) > 0 {
			return received(p, op, done)
		}
	}
}

// received looks at what the receive of one byte has brought, and gives its memory back.
func received(p Proactor, op *Operation, done []Completion) error {
	c := done[0]
	if err := c.Err(); err != nil {
		return err
	}
	if len(done) != 1 || c.Op != op || c.N != 1 || c.Flags&Lent == 0 || c.Flags&More != 0 {
		return fmt.Errorf("a receive of one byte is told as %+v", done)
	}
	b := p.Memory(c)[0]
	p.Release(c)
	if b != 1 {
		return fmt.Errorf("1 was sent, and %d received", b)
	}
	return nil
}
