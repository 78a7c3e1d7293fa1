//go:build !windows

package asyncio

// mustBind says whether a datagram socket can receive only when it has an address.
const mustBind = false
