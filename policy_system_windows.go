package asyncio

// windowsPolicies: the policies of Windows can be made here.
const windowsPolicies = true
