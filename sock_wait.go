package asyncio

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/go-asyncio/asyncio/internal/engine"
	"github.com/go-asyncio/asyncio/internal/sched"
	"github.com/go-asyncio/asyncio/internal/sock"
)

// sockSide is a direction of a socket: that of those who receive or accept, or that of
// those who send or connect. One of them at a time has the turn: it tries, and waits
// until the socket is ready. The others wait for the turn. All is guarded by the
// socket's mutex.
type sockSide struct {
	taken  bool    // somebody has the turn
	turn   Waiters // the others
	wanted bool    // who has the turn waits for readiness, which was not found yet,
	ready  Waiters // here
	failed error   // why it cannot be waited for
}

// socketWaits is the calls of a loop's on a socket.
type socketWaits struct {
	s     *Socket
	loop  *baseLoop
	watch *sockWatch // of that loop
	sides [2]sockSide
}

// The sides of a socket.
const (
	receiving = iota
	sending
)

// masks says what is watched for each side.
var masks = [...]engine.Mask{receiving: engine.Read, sending: engine.Write}

// begin counts a call of the loop's in.
func (s *Socket) begin(l *baseLoop) (*socketWaits, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, _ := s.users.(*socketWaits)
	switch {
	case s.gone != nil:
		return nil, s.gone
	case u == nil:
		u = &socketWaits{s: s}
		s.users = u
	case s.calls > 0 && u.loop != l:
		return nil, fmt.Errorf("%w: calls of another one wait on the socket", ErrWrongLoop)
	}
	s.calls++
	if u.loop != l {
		u.loop, u.watch = l, &sockWatch{u: u, l: l}
	}
	return u, nil
}

// end counts a call out. The last one leaves the socket as nobody's: also if a loop that
// was closed has unwound whom it had given the turn.
func (u *socketWaits) end() {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls--; s.calls == 0 {
		for i := range u.sides {
			u.sides[i].taken = false
		}
		_ = s.settle() // Close has returned already
	}
}

// takeTurn waits until the caller is the one on its side.
func (u *socketWaits) takeTurn(ctx context.Context, side int) error {
	s, d := u.s, &u.sides[side]
	s.mu.Lock()
	if s.gone == nil && !d.taken {
		d.taken = true
		s.mu.Unlock()
		return nil
	}
	var next Wakeup
	defer func() {
		s.mu.Unlock()
		next.Do()
	}()
	if s.gone != nil {
		return s.gone
	}
	handOn, err := d.turn.Wait(ctx, u.loop.self, &s.mu)
	if handOn {
		next = d.passOn()
	}
	return err
}

// passOn gives the turn to the next one. Called with the mutex, and what it returns is
// for after it.
func (d *sockSide) passOn() Wakeup {
	d.taken = d.turn.Len() > 0
	return d.turn.WakeOne(nil)
}

// giveTurn is for who has the turn, and is done.
func (u *socketWaits) giveTurn(side int) {
	u.s.mu.Lock()
	next := u.sides[side].passOn()
	u.s.mu.Unlock()
	next.Do()
}

// dismiss implements socketUsers.
func (u *socketWaits) dismiss(why error) (wake func()) {
	var woken [2 * len(masks)]Wakeup
	for i := range u.sides {
		d := &u.sides[i]
		woken[2*i], woken[2*i+1] = d.turn.WakeAll(why), d.ready.WakeAll(why)
		if d.wanted {
			d.wanted, d.failed = false, why
		}
	}
	w := u.watch
	return func() {
		for _, k := range woken {
			k.Do()
		}
		_ = w.ask() // a loop that is closed watches nothing
	}
}

// await waits until the socket is ready on a side, whose turn the caller has. What ends
// the wait otherwise, nothing is watched for it any more.
func (u *socketWaits) await(ctx context.Context, side int) error {
	s, d := u.s, &u.sides[side]
	s.mu.Lock()
	if s.gone != nil {
		s.mu.Unlock()
		return s.gone
	}
	d.wanted, d.failed = true, nil
	s.mu.Unlock()
	asked := u.watch.ask()
	s.mu.Lock()
	defer func() {
		idle := d.wanted
		d.wanted = false
		s.mu.Unlock()
		if idle {
			_ = u.watch.ask() // a loop that is closed watches nothing
		}
	}()
	if asked != nil || !d.wanted {
		d.wanted = d.wanted && asked == nil
		return firstError(asked, d.failed)
	}
	_, err := d.ready.Wait(ctx, u.loop.self, &s.mu)
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// sockWatch is what a loop's engine watches of a socket. It outlives the calls that it
// is for: a goroutine that leaves does not wait for the loop.
type sockWatch struct {
	u    *socketWaits
	l    *baseLoop
	mask engine.Mask // what the engine watches; loop only
}

// asked is the Ev of a sockWatch's that comes from ask, and from no engine.
const asked = 1 << 32

// ask has the engine watch what is wanted, at once if the caller owns the loop, else
// soon; then what the engine says of it comes to those who wait.
func (w *sockWatch) ask() error {
	hold, state := w.l.core.Acquire()
	defer hold.Leave()
	switch {
	case state == sched.Owned:
		return w.adjust()
	case state == sched.Running && w.l.post(w, asked):
		return nil
	}
	return ErrLoopClosed // whose close ends what is watched
}

// Complete lets those know for whom the socket is ready.
func (w *sockWatch) Complete(ev uint64) {
	u, s := w.u, w.u.s
	var woken [2 * len(masks)]Wakeup
	if ev&asked == 0 {
		s.mu.Lock()
		for i := range u.sides {
			if d := &u.sides[i]; u.watch == w && d.wanted && engine.Mask(ev)&masks[i] != 0 {
				d.wanted = false
				woken[i] = d.ready.WakeOne(nil)
			}
		}
		s.mu.Unlock()
	}
	if err := w.adjust(); err != nil {
		s.mu.Lock()
		for i := range u.sides {
			if d := &u.sides[i]; u.watch == w && d.wanted {
				d.wanted, d.failed = false, err
				woken[len(masks)+i] = d.ready.WakeAll(err)
			}
		}
		s.mu.Unlock()
	}
	for _, k := range woken {
		k.Do()
	}
}

func (w *sockWatch) callbackName() string { return "wait for " + w.u.s.String() }

// adjust has the engine watch what is wanted, and nothing else. Loop only.
func (w *sockWatch) adjust() error {
	u, s := w.u, w.u.s
	s.mu.Lock()
	var mask engine.Mask
	for i := range u.sides {
		if u.watch == w && u.sides[i].wanted {
			mask |= masks[i]
		}
	}
	s.mu.Unlock()
	if mask == w.mask {
		return nil
	}
	err := w.l.watchFor(s.fd, mask, w)
	if err != nil {
		mask = 0
	}
	w.became(mask)
	return err
}

// became notes what the engine watches now.
func (w *sockWatch) became(mask engine.Mask) {
	s := w.u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.mask == 0 && mask != 0:
		s.watching++
	case w.mask != 0 && mask == 0:
		s.watching--
		_ = s.settle() // Close has returned already
	}
	w.mask = mask
}

// unwatched implements fdUser.
func (w *sockWatch) unwatched() { w.became(0) }

// errAgain is what a try returns that is to be made again when the socket is ready.
var errAgain = errors.New("not all is done")

// call has a call try until it need not wait. try is called with the turn of its side,
// and returns the system's error.
func (s *Socket) call(ctx context.Context, l *baseLoop, op string, side int, try func() error) error {
	if s == nil {
		return invalid(op, "the socket is nil")
	}
	if err := l.mayWait(op, ctx); err != nil {
		return err
	}
	if err := firstError(contextError(ctx), ConsumeBudget(ctx)); err != nil {
		return err
	}
	u, err := s.begin(l)
	if err != nil {
		return opError(op, err)
	}
	defer u.end()
	if err := u.takeTurn(ctx, side); err != nil {
		return waitError(op, err)
	}
	defer u.giveTurn(side)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if err != errAgain && !sock.WouldBlock(err) && !sock.InProgress(err) {
			return opError(op, fmt.Errorf("%v: %w", s, err))
		}
		if err := u.await(ctx, side); err != nil {
			return waitError(op, err)
		}
	}
}

// waitError puts into words why a wait has ended otherwise. What is a cancellation, the
// end of a context or the loop's is said already.
func waitError(op string, err error) error {
	switch used := (*engine.UsedError)(nil); {
	case errors.As(err, &used):
		return fmt.Errorf("asyncio: %s: %w: the socket cannot be waited for: %w", op, ErrInvalidArgument, err)
	case errors.Is(err, net.ErrClosed), err == ErrLoopClosed:
		return opError(op, err)
	}
	return err
}
