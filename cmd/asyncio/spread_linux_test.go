package main

// datagramsAreSpread: the system spreads the datagrams that come to a port over all sockets
// that share it.
const datagramsAreSpread = true
