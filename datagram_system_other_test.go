//go:build unix && !linux

package asyncio_test

// reportsPeers says whether the system reports, on a socket that is not connected, at whose
// address nobody listens.
const reportsPeers = false
