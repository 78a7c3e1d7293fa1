package transport

// life is what transports of all kinds have in common; see the package comment.
//
// lost counts: it is 1 from the moment at which the step that calls ConnectionLost is
// scheduled, so that this happens once, and grows with every write that comes too late.
type life struct {
	lost          uint32 // first, and marks next, for Stream's sake
	closing       bool
	released      bool
	writingPaused bool // what the protocol was told last
	marks         *marks
	outside       Outside
}

// body is the kind of transport that has a life, as life sees it.
type body interface {
	base() BaseProtocol // the protocol, nil once it is released
	stop()              // receives no more
	unsent() bool       // sees to it that the end of what was written is known, and reports whether that is still to come
	drop()              // forgets what is not sent
	free() error        // closes the descriptor and forgets the protocol
}

// made is the first step.
func (l *life) made(of body) {
	if l.released {
		return
	}
	returned := false
	defer l.protocolPanicked(of, "ConnectionMade", &returned)
	l.outside.Made()
	returned = true
}

// close ends the life once all is sent.
func (l *life) close(of body) {
	if l.closing {
		return
	}
	l.closing = true
	of.stop()
	if !of.unsent() && l.lost == 0 {
		l.lost++
		l.outside.Later(StepLost, nil)
	}
}

// abort ends the life at once; what is not sent is dropped.
func (l *life) abort(of body, reason error) {
	if l.lost > 0 {
		return
	}
	if !l.closing {
		l.closing = true
		of.stop()
	}
	of.drop()
	l.lost++
	l.outside.Later(StepLost, reason)
}

// fail is abort for what somebody is to be told of.
func (l *life) fail(of body, message string, err error) {
	p := of.base()
	l.abort(of, err)
	l.outside.Failed(message, err, p)
}

// end is the last step.
func (l *life) end(of body, reason error) {
	if l.released {
		return
	}
	p := of.base()
	returned := false
	defer func() {
		var exit Exit
		if !returned {
			exit = l.outside.Exited(recover())
		}
		l.release(of)
		if !returned && !exit.Stops && !exit.Told {
			l.outside.Failed("Fatal error: protocol.ConnectionLost() call failed.", exit.Reason, p)
		}
	}()
	p.ConnectionLost(reason)
	returned = true
}

// release lets go of everything.
func (l *life) release(of body) {
	l.released = true
	of.drop()
	l.outside.Released(of.free())
}

// discard is release without a word to the protocol.
func (l *life) discard(of body) {
	l.lost = max(l.lost, 1)
	l.closing = true
	l.release(of)
}

// protocolPanicked is deferred around each call of the protocol: a panic or a Goexit is
// the end of the transport, not of the loop.
func (l *life) protocolPanicked(of body, call string, returned *bool) {
	if !*returned {
		l.exited(of, call, recover())
	}
}

// exited takes what a call of the protocol panicked with, nil if it left by Goexit. One
// that is told of already came out of another function of the protocol's, or of who was
// told.
func (l *life) exited(of body, call string, panicked any) {
	switch exit := l.outside.Exited(panicked); {
	case exit.Stops:
	case exit.Told:
		l.abort(of, exit.Reason)
	default:
		l.fail(of, "Fatal error: protocol."+call+"() call failed.", exit.Reason)
	}
}
