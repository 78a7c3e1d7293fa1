package asyncio

// chain gives dst the result of src once that is done, and cancels src if dst is
// cancelled before. The two may be of different loops: each is only told, and dst
// changes on its own loop.
func chain[T any](src AwaitableOf[T], dst *Future[T]) {
	chainBy(src, dst, func(msg any) { src.awaitable().cancelWith(msg) })
}

// chainBy is chain that cancels src in a way of its own.
func chainBy[T any](src AwaitableOf[T], dst *Future[T], cancel func(msg any)) {
	from := src.awaitable()
	deliver := &namedCallback{name: "chain", call: func() { copyState(src, dst) }, to: &dst.futureBase}
	n := &waitNode{to: deliver}
	if from.loop != dst.loop {
		// A closed loop of dst's runs nothing more: then nobody waits there.
		across := func() { dst.loop.post(deliver, 0) }
		n.to, n.direct = &namedCallback{name: "chain", call: across, to: &dst.futureBase}, true
	}
	dst.addCallback(&namedCallback{name: "chain", call: func() {
		if dst.Cancelled() {
			from.removeNode(n) // it may go on for long
			cancel(asCancelled(dst.err).Message)
		}
	}})
	from.notify(dst.loop, n)
}

// namedCallback is a callback between two futures.
type namedCallback struct {
	name string
	call func()
	to   *futureBase // if it is to have the other's end: who waits for it waits for both
}

func (l *namedCallback) Complete(uint64)      { l.call() }
func (l *namedCallback) callbackName() string { return l.name }

// copyState makes dst, unless it is done, what src is: succeeded, failed or
// cancelled. src is done. (futures._copy_future_state)
func copyState[T any](src AwaitableOf[T], dst *Future[T]) {
	if dst.Done() {
		return
	}
	v, err := src.Result()
	// Someone else may settle dst meanwhile; what came first counts.
	switch {
	case src.Cancelled():
		_ = dst.complete(stateCancelled, err)
	case err != nil:
		_ = dst.complete(stateFinished, err)
		dst.noteFunction(src.awaitable())
	default:
		_ = dst.setResult(v)
	}
}
