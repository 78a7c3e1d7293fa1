package proactors

// AvailablePlain is what Available would tell of an io_uring as on kernels that do not
// consume buffers incrementally.
func AvailablePlain() []Info {
	open := func() (Proactor, error) { return newIOUring(false, false) }
	return []Info{examine(candidate{"io_uring-plain", open, false})}
}
