package sock

// FileKind is what sort of thing a descriptor denotes.
type FileKind uint8

// The kinds of files. The zero FileKind is none of them: a regular file, a directory, a
// disk and whatever else is always ready or cannot be waited for.
const (
	Pipe       FileKind = 1 + iota // a pipe, or a FIFO
	AnySocket                      // a socket of any type
	CharDevice                     // a character device: a terminal, /dev/null
)

// Reader is what is known of who reads what is written to a descriptor.
type Reader uint8

// What ReaderOf may find.
const (
	ReaderThere   Reader = iota // somebody may read
	ReaderGone                  // nobody reads any more
	ReaderUnknown               // it looks ready for another reason, and asking again is of no use
)
