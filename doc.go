// Package asyncio is an event loop for Go: the system that Python documents as
// "Event loops", with its loops, policies, handles, timers, futures, tasks,
// transports, protocols and servers, rebuilt for Go.
package asyncio
