//go:build !windows

package proactortest

import "syscall"

func interrupted(err error) bool { return err == syscall.EINTR }
func refused(err error) bool     { return err == syscall.ECONNREFUSED }
