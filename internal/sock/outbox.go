package sock

const (
	// OutboxMost is how many datagrams an Outbox has room for.
	OutboxMost = 128

	// outboxBytes is how many bytes they have together at most.
	outboxBytes = 128 << 10
)
