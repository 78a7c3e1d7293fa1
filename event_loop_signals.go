package asyncio

import "os"

// SignalHandling is the part of a loop that calls users when signals come.
type SignalHandling interface {
	// AddSignalHandler has f called each time that the process gets the signal, in place
	// of an earlier handler of this loop's for it; each loop may have one. f runs on the loop, as CallSoon's
	// callbacks do: signals wake a loop that sleeps, once for many, and their handlers run
	// in the order in which Go's runtime tells of them. Signals of one kind that have not been
	// delivered yet may count as one, as the system has it.
	//
	// As long as any loop has a handler for it, a signal does nothing else here: a Runner's
	// main function is not cancelled by Ctrl-C. Channels given to signal.Notify get
	// the signal beside the handler.
	//
	// On Windows there are os.Interrupt, for Ctrl-C and Ctrl-Break, and syscall.SIGTERM,
	// for the end of the console or session; for others there errors.ErrUnsupported.
	// ErrInvalidArgument for a nil f, for what is no signal, and for what no handler ever
	// gets: SIGKILL, SIGSTOP, and those of which Go makes a panic or the program's end
	// (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS) or a profile (SIGPROF). Loop only.
	// (loop.add_signal_handler)
	AddSignalHandler(sig os.Signal, f func()) error
	// RemoveSignalHandler ends what AddSignalHandler began and reports whether there was a
	// handler; on a closed loop there is none: its close removes all. The handler does not
	// run any more, also for a signal that came before. With the last handler in the
	// program, what held before holds again: that a Runner is interrupted, what signal.Notify
	// and signal.Ignore have asked for, the system's default. ErrInvalidArgument for what
	// is no signal. Loop only. (loop.remove_signal_handler)
	RemoveSignalHandler(sig os.Signal) (bool, error)
}
