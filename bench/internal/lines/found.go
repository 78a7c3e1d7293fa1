package lines

// Found is what messages touch, in lines per message.
type Found struct {
	// Code is how many lines of instructions a message needs.
	Code float64 `json:"code"`
	// Shared are those that more than half of all messages touch, whosesoever they are.
	Shared float64 `json:"shared"`
	// Own are those that a connection's messages touch nearly every time, and those of few other connections, if any.
	Own float64 `json:"own"`
	// Passing are the others: of rings, of memory that is new each time, of what is done now and then.
	Passing float64 `json:"passing"`
	// Together are what a message touches of none of these when all connections have one at once: its places in lists of events.
	Together float64 `json:"together"`
	// Unknown is how many instructions there were whose operands are not known.
	Unknown float64 `json:"unknown_instructions,omitempty"`

	OwnObjects      []ObjectLines `json:"own_by_object"`
	TogetherObjects []ObjectLines `json:"together_by_object"`
}

// ObjectLines are lines of objects of one kind.
type ObjectLines struct {
	Object string   `json:"object"`
	Lines  float64  `json:"lines"` // per message
	Bytes  []string `json:"bytes"` // what is touched, from the object's start
	Where  []string `json:"where"` // what touches it
}

// Program says what addresses of a program are.
type Program interface {
	// Object returns what object an address is in.
	Object(address uint64) Object
	// Where returns the function and the line of source of an instruction, and whether that line is of another
	// file than the function, of which a call stands in line there.
	Where(pc uint64) (function, source string, inlined bool)
	// Type returns the name of an object's type by the functions that touch it themselves, empty if it is not known, and that of a part.
	Type(o Object, functions []string) (name string, part func(offset uint64) string)
}

// Object is memory that was allocated at once.
type Object struct {
	Base, Size uint64 // Size 0: it is not known
	Region     string // where that is: the heap, a stack, a mapped file
	Header     uint64 // how many of its bytes are the allocator's
}

// owners tells which connections have touched a line.
type owners map[uint64]map[int]int // by line: in how many turns, by connection

// Find works out what messages touch: alone has the turns of each connection, in which it sent one message while
// all others were silent; together those in which all connections sent one.
func Find(alone [][]*Turn, together []*Turn, program Program) (*Found, error) {
	if len(alone) == 0 || len(alone[0]) == 0 || len(together) == 0 {
		return nil, ErrNoTurns
	}
	turns := len(alone) * len(alone[0])
	touched := make(owners)
	f := &Found{}
	for connection, rounds := range alone {
		for _, turn := range rounds {
			f.Code += float64(len(turn.code)) / float64(turns)
			f.Unknown += float64(turn.unknown) / float64(turns)
			for line := range turn.lines() {
				if touched[line] == nil {
					touched[line] = make(map[int]int)
				}
				touched[line][connection]++
			}
		}
	}
	rounds := len(alone[0])
	shared := touched.shared(turns)
	// A few have one together: small objects lie in one line, and so do entries of a table.
	few := max(4, len(alone)/8)
	own := func(line uint64, connection int) bool {
		return len(touched[line]) <= few && !shared[line] && 3*touched[line][connection] >= 2*rounds
	}
	ownOfAny := make(map[uint64]bool)
	objects := newTally(program)
	for connection, rounds := range alone {
		for _, turn := range rounds {
			for line := range turn.lines() {
				switch {
				case shared[line]:
					f.Shared += 1 / float64(turns)
				case own(line, connection):
					f.Own += 1 / float64(turns)
					ownOfAny[line] = true
				default:
					f.Passing += 1 / float64(turns)
				}
			}
			objects.add(turn, func(line uint64) bool { return own(line, connection) })
		}
	}
	f.OwnObjects = objects.result(turns)
	messages := len(together) * len(alone)
	besides := func(line uint64) bool { return !shared[line] && !ownOfAny[line] }
	objects = newTally(program)
	for _, turn := range together {
		for line := range turn.lines() {
			if besides(line) {
				f.Together += 1 / float64(messages)
			}
		}
		objects.add(turn, besides)
	}
	f.TogetherObjects = objects.result(messages)
	return f, nil
}

// shared are the lines that more than half of so many turns have touched.
func (o owners) shared(turns int) map[uint64]bool {
	all := make(map[uint64]bool)
	for line, connections := range o {
		n := 0
		for _, times := range connections {
			n += times
		}
		if 2*n > turns {
			all[line] = true
		}
	}
	return all
}
