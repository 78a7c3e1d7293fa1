package proactors

// candidate is one form of a mechanism.
type candidate struct {
	name   string
	open   func() (Proactor, error)
	pinned bool
}

// candidates are all that this package knows, whatever the system, in the order of
// preference. It is the one list of them: who needs one derives it from [Available].
var candidates = []candidate{
	{"io_uring", NewIOUringProactor, false},
	{"io_uring-pinned", NewPinnedIOUringProactor, true},
	{"iocp", NewIOCPProactor, false},
}

// Info is what [Available] has found out about one form of a mechanism.
type Info struct {
	// Name is that of the form, for options and reports: "io_uring",
	// "io_uring-pinned", "iocp". (Proactor.Name is that of the mechanism.)
	Name string

	// New is its constructor.
	New func() (Proactor, error)

	// Works tells whether the trial has succeeded. If not, Err tells why; it is
	// errors.ErrUnsupported where the system lacks the mechanism or forbids it.
	Works bool
	Err   error

	// Default marks the one that NewDefaultProactor makes.
	Default bool

	// Pinned says that its user must stay on one thread: see Proactor.Pinned. A
	// loop over it does so by itself.
	Pinned bool
}

// Available tries every form of a mechanism that this package knows on this very
// machine, by receiving a byte, and returns what it has found, best first. It may be
// called from any goroutine. asyncio has no counterpart.
func Available() []Info {
	var infos []Info
	found := false
	for _, c := range candidates {
		info := examine(c)
		info.Default = info.Works && !found && !info.Pinned
		found = found || info.Default
		infos = append(infos, info)
	}
	return infos
}

// examine tries a candidate.
func examine(c candidate) Info {
	err := try(c)
	return Info{Name: c.name, New: c.open, Works: err == nil, Err: err, Pinned: c.pinned}
}
