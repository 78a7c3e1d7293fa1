// Package simulated is the engine over a simulated network: hosts, links, sockets and a
// clock in memory. Loops that stand on its engines run the same program text as over the
// system, with latency, loss and failures that are drawn and not met.
//
// # Who is who
//
//	Network   all of it: the virtual time, what is under way, the hosts
//	Host      a machine with addresses, sockets of its own and a clock that may be wrong
//	Link      one direction between two hosts: latency, bandwidth, loss, down
//	Engine    a host's engine, for one loop
//	Driver    says which engine goes on, and when time does
//	Chance    draws whatever is left to chance
//
// A Driver is what makes it a simulation. One that lets a single engine go on at a time,
// and time when none can, makes a run depend on nothing but Chance (package simulation has
// it). Free lets every engine wait by itself, by the clock of package time.
//
// # Time
//
// The network's time is a Duration since its beginning. It stands still while anything runs,
// and moves by Network.Advance alone, event by event. A host's own clock runs with it, faster
// or slower if the host drifts; the loop's timers and Poll's timeout are by that one.
//
// # A connection
//
// What a program notices of TCP is there, and nothing else of it: see way for one direction.
//
//	buffers      finite, and so is what is under way (Stack). A write takes and a read brings a
//	             part now and then (Kind Piece), unless Stack.Whole
//	connect      three ways until it is accepted. Nobody listens: refused. Nobody answers, or
//	             the backlog is full: asked again after 1, 2, 4 s ..., and timed out after 127 s
//	loss, Down   sent again after 200 ms and more each time; failed after 15 min of it
//	Stalled      held, and sent when that is over
//	close        what was written goes, then the end; with something unread it is a reset, and
//	             so is what comes for one who is gone
//	Crash        nothing is told. What is sent to the host is not answered; once it is Up it
//	             answers by resets
//	idle         nothing happens, and nothing is noticed, without SO_KEEPALIVE
//
// Within a host (loopback, its own addresses) a segment arrives at once, unless the host's link
// to itself says otherwise; nothing disturbs a unix socket.
//
// # What depends on what
//
// All state is under the network's one lock. Nothing is iterated in the order of a map or of
// memory, and nothing waits in another way than by the agenda, so that the same draws give the
// same happenings, in the same order. Segments are used again: in the steady state a message
// allocates nothing.
//
// # Datagrams
//
// Each datagram of UDP goes by itself: lost, twice or late as the link has it, and lost for
// want of room where it arrives. Those of one link come in order but for the ones that are
// held up by chance. That nobody listens comes back by the link that leads back, to who is
// connected and to who has asked for it (RecvErr). What is sent to a group or to everybody
// goes to each host of which a socket wants it, by the link to that host. A unix socket for
// datagrams loses none: who finds no room waits for it, connected or not.
//
// # What a simulation cannot do
//
// A descriptor of the system's, a file, a pipe to or from a program, a program: these are
// errors.ErrUnsupported, with the reason.
package simulated
