package asyncio

// windowsPolicies: the policies of Windows can be made here.
const windowsPolicies = true

// defaultLoop is the kind of loop that is the platform's default.
const defaultLoop = loopSelector
