package proactors

// NewDefaultProactor makes the best proactor that the machine has: io_uring on
// Linux, IOCP on Windows, elsewhere errors.ErrUnsupported.
func NewDefaultProactor() (Proactor, error) {
	p, err := NewIOUringProactor()
	if err != nil {
		return nil, err
	}
	return p, nil
}
