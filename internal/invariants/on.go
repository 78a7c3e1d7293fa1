//go:build invariants || race

package invariants

// Enabled reports whether invariants are checked.
const Enabled = true
