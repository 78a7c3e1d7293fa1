//go:build !windows

package asyncio

// windowsPolicies: the policies of Windows can be made here.
const windowsPolicies = false
