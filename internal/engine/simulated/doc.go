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
// # What a simulation cannot do
//
// A descriptor of the system's, a file, a pipe to or from a program, a program: these are
// errors.ErrUnsupported, with the reason.
package simulated
