package asyncio

import "github.com/go-asyncio/asyncio/internal/buffers"

// DataKeeper is what a Transport may be besides: one that can leave what has come where it
// is. Those of connections over io_uring are, which receives into memory of its own. (none in asyncio)
type DataKeeper interface {
	// KeepData has data stay as they are after DataReceived has returned, which calls it with all the data that it was
	// given. They are the caller's, to read and to write, until the KeptData is
	// released, which may be after the end of the connection and of the loop. They must
	// be copied if it is not Held: what is small beside the memory in which it lies, or
	// lies in none that can stay, and what DataReceived is not being told of. Loop only.
	KeepData(data []byte) KeptData
}

// KeptData is what a DataKeeper has kept. The zero value is of nothing. It must not be copied
// once it is used. What is never released is the collector's when nobody refers to the data any more.
type KeptData struct{ kept buffers.Kept }

// Held reports whether anything is kept. Any goroutine may call it.
func (k KeptData) Held() bool { return k.kept.Held() }

// Release lets the memory be used for something else: the data must not be used any more. A
// second Release does nothing. Any goroutine may call it, one at a time.
func (k *KeptData) Release() { k.kept.Release() }

var _ DataKeeper = (*streamTransport)(nil)

// KeepData implements DataKeeper.
func (t *streamTransport) KeepData(data []byte) (k KeptData) {
	if t.loop.onLoop() {
		k.kept = t.core.Keep(data)
	}
	return k
}
