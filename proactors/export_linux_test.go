package proactors

// NewPlainIOUringProactor makes one as on kernels that do not consume buffers
// incrementally.
func NewPlainIOUringProactor() (Proactor, error) { return newIOUring(false, false) }
