// Package testkit is what the tests of this module have in common: the mechanisms that a
// test runs over ([Mechanism]), a book for what is logged ([LogBook]), and what is left
// behind by a test ([Snapshot], [Main]). It stands below the root, so that every
// package's tests can use it; package loops beside it makes loops over the mechanisms.
// Nothing but tests, and asynciotest, which is for the tests of others, imports it.
package testkit
