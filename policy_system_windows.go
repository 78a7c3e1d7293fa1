package asyncio

// windowsPolicies: the policies of Windows can be made here.
const windowsPolicies = true

// defaultLoop is the kind of loop that is the platform's default: in asyncio, too,
// DefaultEventLoopPolicy is WindowsProactorEventLoopPolicy here.
const defaultLoop = loopProactor
