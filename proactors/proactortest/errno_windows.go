package proactortest

import "syscall"

func interrupted(err error) bool { return err == syscall.Errno(10004) } // WSAEINTR
func refused(err error) bool     { return err == syscall.Errno(10061) } // WSAECONNREFUSED
