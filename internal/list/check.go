package list

import (
	"reflect"

	"github.com/go-asyncio/asyncio/internal/invariants"
)

// farthest is how far a check follows a list: a long one is not searched for every
// node of it.
const farthest = 64

// require is invariants.Check with the name of what is listed put before what must
// hold of it.
func require[T any](holds bool, what string) {
	if !holds {
		invariants.Check(false, reflect.TypeFor[T]().String()+" "+what)
	}
}

func (l *List[T]) checkPush(n *Node[T]) {
	t := reflect.TypeFor[T]()
	require[T](t.Kind() == reflect.Struct && t.NumField() > 0 && t.Field(0).Type == reflect.TypeFor[Node[T]](), "has its list node as its first field")
	require[T](!n.Listed(), "is in no list when it is put into one")
}

func (l *List[T]) checkRemove(n *Node[T]) {
	require[T](n.Listed() && l.first != nil, "is in a list when it is taken out of one")
	require[T](n.next.prev == n && n.prev.next == n, "is linked to by its neighbours")
	k, steps := l.first, 0
	for k != n && steps < farthest {
		k, steps = k.next, steps+1
		require[T](k != l.first, "is in the list that it is taken out of")
	}
}
