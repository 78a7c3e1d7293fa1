package churn_test

import "github.com/go-asyncio/asyncio/internal/testkit"

// killedCode is what a child has ended with that was ended from here.
const killedCode = 1

// childKinds are the loops that have children with pipes.
func childKinds(m testkit.Mechanism) bool { return testkit.Proactors(m) }
