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
	ready  Waiters // here,
	inLoop bool    // as a coroutine of the loop's
	woken  bool    // it was found, and who has the turn, a coroutine, has not tried again yet
	failed error   // why it cannot be waited for
}

// needed reports whether the side's readiness is somebody's business.
func (d *sockSide) needed() bool { return d.wanted || d.woken }

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
	u, _ := s.users.(*socketWaits)
	var err error
	switch {
	case s.gone != nil:
		err = s.gone
	case u == nil:
		u = &socketWaits{s: s}
		s.users = u
	case s.calls > 0 && u.loop != l:
		err = fmt.Errorf("%w: calls of another one wait on the socket", ErrWrongLoop)
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	s.calls++
	var before *sockWatch // another loop's
	if u.loop != l {
		before = u.watch
		u.loop, u.watch = l, &sockWatch{u: u, l: l}
	}
	s.mu.Unlock()
	if before != nil {
		_ = before.ask(narrow) // a loop that is closed watches nothing
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
			u.sides[i].taken, u.sides[i].woken = false, false
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

// rest implements socketUsers.
func (u *socketWaits) rest() {
	u.s.mu.Lock()
	w := u.watch
	u.s.mu.Unlock()
	_ = w.ask(narrow) // a loop that is closed watches nothing
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
		_ = w.ask(narrow) // a loop that is closed watches nothing
	}
}

// await waits until the socket is ready on a side, whose turn the caller has. If something
// else ends the wait nothing is watched for it any more.
func (u *socketWaits) await(ctx context.Context, side int) (err error) {
	s, d := u.s, &u.sides[side]
	s.mu.Lock()
	if s.gone != nil {
		s.mu.Unlock()
		return s.gone
	}
	d.wanted, d.inLoop, d.failed = true, u.loop.onLoop(), nil
	s.mu.Unlock()
	asked := u.watch.ask(widen)
	s.mu.Lock()
	err = ErrLoopClosed // should it be unwound
	defer func() {
		d.wanted, d.woken = false, false
		s.mu.Unlock()
		if err != nil {
			_ = u.watch.ask(narrow) // a loop that is closed watches nothing
		}
	}()
	if asked != nil || !d.wanted {
		err = firstError(asked, d.failed)
		return err
	}
	_, err = d.ready.Wait(ctx, u.loop.self, &s.mu)
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
// is for: a goroutine that leaves does not wait for the loop. And it stays when a coroutine's
// wait has ended well, for the next one: whoever receives in turns with sending would
// else register the descriptor anew for each message. It goes when the socket is ready and
// nobody waits, and when somebody else wants the descriptor.
type sockWatch struct {
	u    *socketWaits
	l    *baseLoop
	mask engine.Mask // what the engine watches; loop only
}

// What a sockWatch is asked for, and the Ev of what comes from there and from no engine.
const (
	widen  = 1 << 32 // watch what is waited for, beside the rest
	narrow = 1 << 33 // watch nothing else
)

// ask has the engine watch what is needed, at once if the caller owns the loop, else
// soon; then what the engine says of it comes to those who wait.
func (w *sockWatch) ask(how uint64) error {
	hold, state := w.l.core.Acquire()
	defer hold.Leave()
	switch {
	case state == sched.Owned:
		return w.adjust(w.needed(how))
	case state == sched.Running && w.l.post(w, how):
		return nil
	}
	return ErrLoopClosed // whose close ends what is watched
}

// Complete lets those know for whom the socket is ready, or does what was asked for.
func (w *sockWatch) Complete(ev uint64) {
	if ev >= widen {
		if err := w.adjust(w.needed(ev)); err != nil {
			w.fail(err)
		}
		return
	}
	u, s := w.u, w.u.s
	var woken [len(masks)]Wakeup
	mask := w.mask
	s.mu.Lock()
	for i := range u.sides {
		switch d := &u.sides[i]; {
		case engine.Mask(ev)&masks[i] == 0:
		case u.watch != w, !d.needed():
			mask &^= masks[i]
		case d.wanted:
			d.wanted = false
			if d.woken = d.inLoop; !d.woken {
				mask &^= masks[i] // what a goroutine does next nobody here knows
			}
			woken[i] = d.ready.WakeOne(nil)
		}
	}
	s.mu.Unlock()
	if err := w.adjust(mask); err != nil {
		w.fail(err)
	}
	for _, k := range woken {
		k.Do()
	}
}

// fail tells those who wait that the engine cannot watch the socket.
func (w *sockWatch) fail(err error) {
	u, s := w.u, w.u.s
	var woken [len(masks)]Wakeup
	s.mu.Lock()
	for i := range u.sides {
		if d := &u.sides[i]; u.watch == w && d.wanted {
			d.wanted, d.failed = false, err
			woken[i] = d.ready.WakeAll(err)
		}
	}
	s.mu.Unlock()
	for _, k := range woken {
		k.Do()
	}
}

func (w *sockWatch) callbackName() string { return "wait for " + w.u.s.String() }

// needed is what is to be watched. Loop only.
func (w *sockWatch) needed(how uint64) engine.Mask {
	u := w.u
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	mask := w.mask
	if how == narrow {
		mask = 0
	}
	for i := range u.sides {
		if u.watch == w && u.sides[i].needed() {
			mask |= masks[i]
		}
	}
	return mask
}

// adjust has the engine watch this and nothing else. Loop only.
func (w *sockWatch) adjust(mask engine.Mask) error {
	if mask == w.mask {
		return nil
	}
	err := w.l.watchFor(w.u.s.fd, mask, w)
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

// giveUp implements fdUser.
func (w *sockWatch) giveUp() bool {
	mask := w.needed(narrow)
	return mask == 0 && w.adjust(0) == nil
}

// errAgain is what a try returns that is to be made again when the socket is ready.
var errAgain = errors.New("not all is done")

// call has a call try until it need not wait. try is called with the turn of its side,
// and returns the system's error.
func (s *Socket) call(ctx context.Context, l *baseLoop, op string, side int, try func() error) error {
	u, err := s.enter(ctx, l, op, side)
	if err != nil {
		return err
	}
	defer u.leave(side)
	return u.try(ctx, op, side, try)
}

// enter gives a call its turn, until leave.
func (s *Socket) enter(ctx context.Context, l *baseLoop, op string, side int) (*socketWaits, error) {
	if s == nil {
		return nil, invalid(op, "the socket is nil")
	}
	if err := l.mayWait(op, ctx); err != nil {
		return nil, err
	}
	if err := firstError(contextError(ctx), ConsumeBudget(ctx)); err != nil {
		return nil, err
	}
	u, err := s.begin(l)
	if err != nil {
		return nil, opError(op, err)
	}
	entered := false
	defer func() {
		if !entered {
			u.end()
		}
	}()
	if err := u.takeTurn(ctx, side); err != nil {
		return nil, waitError(op, err)
	}
	entered = true
	return u, nil
}

// leave ends what enter began.
func (u *socketWaits) leave(side int) {
	defer u.end()
	u.giveTurn(side)
}

// try tries until it need not wait.
func (u *socketWaits) try(ctx context.Context, op string, side int, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		if err != errAgain && !sock.WouldBlock(err) && !sock.InProgress(err) {
			return opError(op, fmt.Errorf("%v: %w", u.s, err))
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
