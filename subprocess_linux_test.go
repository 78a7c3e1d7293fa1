package asyncio_test

// noticedBy is how the end of a child is noticed on this system.
const noticedBy = "pidfd"
