//go:build !windows

package asyncio

func underWine() bool { return false }
