package selectors

// maxDescriptor is the highest possible descriptor: a SOCKET is any value
// but INVALID_SOCKET.
const maxDescriptor = uint64(NoFD) - 1
