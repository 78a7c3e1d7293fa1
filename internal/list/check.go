package list

import (
	"reflect"

	"github.com/go-asyncio/asyncio/internal/invariants"
)

// farthest is how far a check follows a list: a long one is not searched for every
// node of it.
const farthest = 64

func (l *List[T]) checkPush(n *Node[T]) {
	t := reflect.TypeFor[T]()
	invariants.Check(t.Kind() == reflect.Struct && t.NumField() > 0 && t.Field(0).Type == reflect.TypeFor[Node[T]](),
		"the first field of "+t.String()+" is its list node")
	invariants.Check(!n.Listed(), "what is put into a list of "+t.String()+" is in none")
}

func (l *List[T]) checkRemove(n *Node[T]) {
	name := reflect.TypeFor[T]().String()
	invariants.Check(n.Listed() && l.first != nil, "what is taken out of a list of "+name+" is in it")
	invariants.Check(n.next.prev == n && n.prev.next == n, "the neighbours of what is taken out of a list of "+name+" are linked to it")
	k, steps := l.first, 0
	for k != n && steps < farthest {
		k, steps = k.next, steps+1
		invariants.Check(k != l.first, "what is taken out of a list of "+name+" is in this one")
	}
}
