// Package selectors waits until files can be read or written without
// blocking. It is the readiness half of the event loop's floor and, in Go, what
// Python's module of the same name is: a [Selector] is an interface, with one
// implementation for each mechanism that systems offer.
//
//	selector               mechanism        systems                    limits
//	[KqueueSelector]       kqueue(2)        macOS, the BSDs            -
//	[EpollSelector]        epoll(7)         Linux                      no regular files
//	[DevpollSelector]      /dev/poll        Solaris, illumos           waits in milliseconds
//	[PollSelector]         poll(2)          every Unix                 cost grows with the files
//	[SelectSelector]       select(2)        every Unix and Windows     FD_SETSIZE; on Windows 512 sockets, sockets only
//
// All types and constructors exist on all systems, so that programs compile
// everywhere; a constructor of what the system lacks fails with an error that
// is errors.ErrUnsupported and names what to use instead. Which work on the
// very machine, [Available] finds out by trying them; [NewDefaultSelector]
// takes the first of the table that works.
//
// # Use
//
//	s, err := selectors.NewDefaultSelector()
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	if _, err := s.Register(conn, selectors.EventRead, "my connection"); err != nil {
//		return err
//	}
//	for {
//		ready, err := s.Select(selectors.Forever)
//		if err != nil {
//			return err
//		}
//		for _, r := range ready {
//			fmt.Println(r.Key.Data, "is ready to", r.Events)
//		}
//	}
//
// # Files
//
// A file object, wherever a method asks for one, is any of these:
//
//   - a descriptor: a uintptr or any other type of integer. A Windows socket
//     handle is a uintptr.
//   - an object with SyscallConn (syscall.Conn): *os.File, *net.TCPConn,
//     net.Listener's implementations, ...
//   - an object with Fd() uintptr that returns [NoFD] once it is closed. Where
//     an object has both, SyscallConn is asked: (*os.File).Fd would put the
//     file into blocking mode.
//   - a *[SelectorKey], which stands for its file. It saves whoever keeps keys
//     from making an interface of a number for each call.
//
// The descriptor counts: an object and its bare number are the same file, and
// two objects of one descriptor are one file too. A file is unregistered
// before it is closed. If it was closed first, Unregister still works, by
// number or by the same object; until then the mechanisms differ (select,
// poll and /dev/poll report the file ready for all that it is watched for,
// epoll and kqueue forget it), and a new file that got the descriptor
// meanwhile cannot be registered.
//
// Sockets and files of packages os and net are also watched by Go's runtime.
// The two do not disturb each other.
//
// # Events
//
// A file is watched for [EventRead], [EventWrite] or both, never for nothing.
// All mechanisms are level triggered: what is ready is reported by each Select
// until it is not. An error or a hang-up makes a file ready for all that it is
// watched for, since the call that follows will not block: it fails and says
// what has happened. So a connect that ends, well or not, is EventWrite, and
// an accept that would succeed is EventRead.
//
// What ready means is that the call would not have blocked then. Treat it as a
// hint: make the descriptor non-blocking, and expect EAGAIN.
//
// # Time
//
// A timeout of zero or less polls and does not block; [Forever] has no limit;
// all between is a limit that Select keeps to, from below always and from
// above as well as the system can: to the nanosecond with epoll (epoll_pwait2,
// Linux 5.11; to the millisecond before), poll and select on Linux, poll on
// OpenBSD and kqueue; to the microsecond with select elsewhere; to the
// millisecond with poll elsewhere and /dev/poll. [Limits] tells. A signal that
// interrupts the system call does not end the wait: it goes on with the time
// that is left.
//
// # Goroutines
//
// A selector is for one goroutine at a time, and has no lock. To end a Select
// that waits in another goroutine, make a registered file ready: loops have a
// descriptor of their own for that. NewDefaultSelector, Available and the
// other constructors may be called from any goroutine.
//
// On Linux, a Select that polls makes its system call past the Go runtime's
// bookkeeping, so that a busy loop does not cost what the runtime does for a
// call that may block; one that may wait does not, so that the runtime gives
// the processor to other goroutines meanwhile.
//
// # Memory
//
// The slice that Select returns is the selector's own and valid until the next
// Select. In steady state Select allocates nothing. Registering costs a key;
// so does modifying, since keys never change. For each descriptor up to the
// highest one that was registered a selector keeps 16 bytes.
//
// # Writing a selector
//
// [Selector] says what an implementation must keep. Package selectortest is
// the suite that proves it: run yours through it.
package selectors
