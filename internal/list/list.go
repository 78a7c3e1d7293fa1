// Package list has doubly linked lists whose links are a part of what is listed:
// nothing is allocated for a place in a list, and who has a thing takes it out of its
// list without a search.
//
// A type that is to be listed has a Node of itself as its FIRST field, so that the
// address of the one is that of the other:
//
//	type task struct {
//		place list.Node[task]
//		name  string
//	}
//
//	var tasks list.List[task]
//	tasks.PushBack(&t.place)
//	for t := range tasks.All() { ... }
//
// With the build tag invariants, and under the race detector, a type whose Node is
// elsewhere ends the program at the first use, and so does a node that is put into two
// lists or taken out of one that it is not in.
//
// A List and its nodes have no lock: they belong to whoever guards the list.
package list

import (
	"iter"
	"unsafe"

	"github.com/go-asyncio/asyncio/internal/invariants"
)

// Node is the place of a T in a List, and the first field of the T. One that is in no
// list is zero.
type Node[T any] struct {
	next, prev *Node[T] // a ring: the last is before the first
}

// Listed reports whether the node is in a list.
func (n *Node[T]) Listed() bool { return n.next != nil }

// owner returns what the node is the first field of, nil for nil.
func (n *Node[T]) owner() *T { return (*T)(unsafe.Pointer(n)) }

// List is a list of Ts. The zero List is empty. It is one word: where it is copied to,
// and the old one not used any more, the list has moved.
type List[T any] struct{ first *Node[T] }

// Empty reports whether nothing is listed.
func (l *List[T]) Empty() bool { return l.first == nil }

// First returns the first one, nil if there is none.
func (l *List[T]) First() *T { return l.first.owner() }

// Next returns the one behind n, nil if n is the last.
func (l *List[T]) Next(n *Node[T]) *T {
	if n.next == l.first {
		return nil
	}
	return n.next.owner()
}

// PushBack lists n, which is in no list, as the last.
func (l *List[T]) PushBack(n *Node[T]) {
	if invariants.Enabled {
		l.checkPush(n)
	}
	first := l.first
	if first == nil {
		l.first, n.next, n.prev = n, n, n
		return
	}
	last := first.prev
	n.next, n.prev = first, last
	last.next, first.prev = n, n
}

// Remove takes n out, which is in this list.
func (l *List[T]) Remove(n *Node[T]) {
	if invariants.Enabled {
		l.checkRemove(n)
	}
	if next := n.next; next == n {
		l.first = nil
	} else {
		next.prev, n.prev.next = n.prev, next
		if l.first == n {
			l.first = next
		}
	}
	n.next, n.prev = nil, nil
}

// PopFront takes the first one out and returns it, nil if there is none.
func (l *List[T]) PopFront() *T {
	n := l.first
	if n != nil {
		l.Remove(n)
	}
	return n.owner()
}

// Take returns the list, and leaves an empty one.
func (l *List[T]) Take() List[T] {
	taken := *l
	l.first = nil
	return taken
}

// All ranges over the list, in order. The one that is handed out may be taken out
// meanwhile, and put into another list; the one behind it may not. What is put in
// meanwhile may be left out.
func (l *List[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for t := l.First(); t != nil; {
			next := l.Next((*Node[T])(unsafe.Pointer(t)))
			if !yield(t) {
				return
			}
			t = next
		}
	}
}
