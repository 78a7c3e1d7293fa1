// Package simulation runs a distributed program in one process, in virtual time, from a seed.
//
//	simulation.Test(t, func(w *simulation.World) {
//		w.Host("server").Start(serve)
//		w.Host("client").Start(ask)
//		if err := w.Run(); err != nil {
//			w.Errorf("%v", err)
//		}
//	})
//
// Each host has a name, addresses, a clock and an event loop of its own. Its program is the
// same text that runs over the system: streams, TLS, datagrams, tasks and timers. It reaches
// the other hosts by a network in memory, on which messages take time, are lost and held up,
// and which can be cut; hosts crash, restart and are paused. Time stands still while anything
// runs, and jumps to what comes next when nothing does.
//
// # What is drawn, and what follows from that
//
// One loop runs at a time. Which of several goes on, how long a message is under way, which
// port a socket gets, how much of a write goes at once: all is drawn from the seed, and
// nothing else makes a difference, if the program keeps to what is said below. So a run with
// the same seed goes the same way, on another machine, too, and a failure is repeated by the
// command that it prints. [World.Hash] is a fingerprint of the whole run.
//
// The order in which one loop runs its callbacks is asyncio's, and not drawn.
//
// # Who runs, and when
//
//	func(w *World)      the world's function: it makes hosts, looks at them, changes the
//	                    network, and has time pass: RunFor, RunUntil, Run, Step
//	main functions      a host's program, while time passes, by the rules of asyncio.Run
//	executors           functions given to ToThread or RunInExecutor, one at a time, after a
//	                    virtual cost that is drawn
//
// While the world's function runs, all hosts stand still, so it may look at whatever they have.
// What changes the world may also be called by a host's program, and is done when its pass has
// ended.
//
// # Time
//
// asyncio.Sleep, Timeout, CallLater and all that is of a loop is in virtual time. Package time
// is, too, in [Test], which runs in a bubble of testing/synctest: time.Now, time.Sleep,
// tickers and context.WithTimeout. A coroutine that calls time.Sleep blocks its whole host, as
// it would any loop. Outside tests, in [Run], package time is real and must not be used.
//
// A host's own clock may be wrong: [Host.SetSkew] and [Host.SetDrift]; [Host.Now] shows it.
//
// # What goes wrong
//
// The test says so, when and for how long, or a plan does that is given ([World.Faults]) or drawn
// ([World.RandomFaults]): hosts crash and restart ([Host.Crash]), with disks that lose what was not
// synced ([Host.Disk]), are paused ([Host.Pause]), are cut off from each other in both directions
// or in one ([World.Partition], [World.OneWay]); links lose, delay and hold up ([Link.Set]); names
// are not found for a while ([World.SetNameService]).
//
// # What a program must keep to
//
// A goroutine that it starts itself is no part of the simulation: when it goes on is not drawn.
// One that hands anything to a simulated loop fails the world, with its line and that where it was
// started; [WithForeignGoroutines] allows it and gives up that runs can be repeated. Use tasks,
// ToThread, or timers. What package time itself starts in a bubble, by time.AfterFunc, may reach a
// loop; contexts of package context that end several waits end them in the order of the waits.
//
// What blocks a host in its own code, a channel, time.Sleep, blocks it alone in [Test], where
// others go on; if that never ends, the failure shows the stack. In [Run], where nobody else can
// tell, it fails after ten real seconds. A sync.Mutex that a goroutine waits for is not seen in
// either. Two hosts that go on by themselves at one moment, because of time.Sleep, fail the world.
//
// Iterating a map has Go's own random order; math/rand's functions are not drawn from the seed,
// [World.Rand] and [Host.Rand] are; crypto/rand is, in a test that is not parallel. What outlives a
// world, a variable of a package, a tls.Config with the keys of its tickets, makes the second world
// another than the first: make it in the world's function. Descriptors, files, programs and signals
// of the system are errors.ErrUnsupported on a simulated host. package net is not simulated: what
// uses it reaches the real network. net/http is, by package nethttp.
//
// A program that never ends is an error, with the tasks of all hosts: see [WithLimit] and
// [WithPasses]. So is one in which nothing is to come, with where each host waits.
package simulation
