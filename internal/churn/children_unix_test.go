//go:build unix

package churn_test

import (
	"syscall"

	"github.com/go-asyncio/asyncio/internal/testkit"
)

// killedCode is what a child has ended with that was killed.
const killedCode = -int(syscall.SIGKILL)

// childKinds are the loops that have children with pipes.
func childKinds(m testkit.Mechanism) bool { return testkit.Unpinned(m) }
