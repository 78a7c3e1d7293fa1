package proactors

// NewIOCPProactor makes a proactor over the completion ports of Windows;
// elsewhere errors.ErrUnsupported.
func NewIOCPProactor() (Proactor, error) { return unsupported("IOCP proactor") }
