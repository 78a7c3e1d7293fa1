package proactors

// pieceSize is one of the sizes of the memory for receives without any of their own. A
// socket that nothing comes on has none: the system tells that there is something by a
// receive of no bytes, and only then is memory looked for.
type pieceSize uint8

const (
	small pieceSize = iota
	large
)

// sizes are the bytes of a piece, limits how many there are: 24 MiB in all.
var (
	sizes  = [...]int{16 << 10, 256 << 10}
	limits = [...]int{1024, 32}
)

// lending is memory in pieces, made when it is first needed.
type lending struct {
	pieces [][]byte
	made   [len(sizes)]int
	free   [len(sizes)][]uint32

	starved uint64 // how often there was none
}

// take returns a piece, or false when so much is lent that receives have to wait.
func (m *lending) take(size pieceSize) (uint32, bool) {
	if n := len(m.free[size]); n > 0 {
		i := m.free[size][n-1]
		m.free[size] = m.free[size][:n-1]
		return i, true
	}
	if m.made[size] == limits[size] {
		if size == small {
			m.starved++
		}
		return 0, false
	}
	m.made[size]++
	m.pieces = append(m.pieces, make([]byte, sizes[size]))
	return uint32(len(m.pieces) - 1), true
}

// left reports whether there is a piece.
func (m *lending) left() bool { return len(m.free[small]) > 0 || m.made[small] < limits[small] }

func (m *lending) give(i uint32) {
	size := small
	if len(m.pieces[i]) > sizes[small] {
		size = large
	}
	m.free[size] = append(m.free[size], i)
}

// lent is a piece's number among a completion's own flags, accepted a socket: handles of the
// kernel are multiples of four, and fit if they are below 1<<31.
func lent(i uint32) Flags        { return Lent | Flags(i)<<ownShift }
func lentPiece(f Flags) uint32   { return uint32(f >> ownShift) }
func accepted(fd uintptr) Flags  { return Flags(fd>>2) << ownShift }
func acceptedFD(f Flags) uintptr { return uintptr(f>>ownShift) << 2 }
func fitsFlags(fd uintptr) bool  { return fd>>31 == 0 && fd&3 == 0 }

// ownShift is the first bit of a completion's own flags.
const ownShift = 3

var _ = [1]struct{}{}[OwnFlags-1<<ownShift] // so it is
