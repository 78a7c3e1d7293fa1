package asyncio_test

// filesOfListener: package net opens the socket that it will accept, too.
const filesOfListener = 2

// makersByFiles: no other completion port takes a file's pipe over from the Go runtime's.
var makersByFiles map[string]maker
