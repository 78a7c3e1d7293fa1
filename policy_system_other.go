//go:build !windows

package asyncio

// windowsPolicies: the policies of Windows can be made here.
const windowsPolicies = false

// defaultLoop is the kind of loop that is the platform's default. On Linux that is
// not the proactor: programs whose loop switched io_uring on by itself broke in
// containers, which forbid it.
const defaultLoop = loopSelector
