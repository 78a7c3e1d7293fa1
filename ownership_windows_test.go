package asyncio_test

// filesOfListener: package net opens the socket that it will accept, too.
const filesOfListener = 2
