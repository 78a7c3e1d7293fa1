package streams

import "syscall"

// lost is what the system says of a connection that the peer has given up.
var lost = []error{syscall.WSAECONNRESET, syscall.WSAECONNABORTED, syscall.Errno(10058)} // the last: WSAESHUTDOWN
