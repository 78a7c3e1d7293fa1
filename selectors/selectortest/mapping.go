package selectortest

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/go-asyncio/asyncio/selectors"
)

var mapCases = []testCase{
	{"selectors.007.close-map-lookup", testMapAfterClose},
	{"selectors.008.get-key", testGetKey},
	{"selectors.009a.get-map-live-view", testMap},
	{"selectors.009b.get-map-read-only", testMapReadOnly},
	{"selectors.011.close-on-scope-exit", testClosed},
}

func testMapAfterClose(t *testing.T, s selectors.Selector) {
	a, b := Pair(t)
	mustRegister(t, s, a, read, nil)
	mustRegister(t, s, b, write, nil)
	m := s.GetMap()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, m := range []selectors.Map{m, s.GetMap()} {
		for _, fileobj := range []any{a, b.Fd()} {
			_, err := m.Get(fileobj)
			wantError(t, err, selectors.ErrNotRegistered, "get_key", noFD)
		}
		if m.Len() != 0 {
			t.Errorf("Len after Close: %d", m.Len())
		}
		for fd := range m.All() {
			t.Errorf("All after Close yields %d", fd)
		}
	}
}

func testGetKey(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	key := mustRegister(t, s, a, read, "data")
	for _, fileobj := range []any{a, a.Fd(), int(a.Fd())} {
		if got, err := s.GetKey(fileobj); got != key || err != nil {
			t.Errorf("GetKey: %v, %v, want the key that Register returned", got, err)
		}
	}
	_, err := s.GetKey(unused)
	wantError(t, err, selectors.ErrNotRegistered, "get_key", unused)
}

func testMap(t *testing.T, s selectors.Selector) {
	m := s.GetMap()
	if m.Len() != 0 {
		t.Errorf("Len at first: %d", m.Len())
	}
	var ends []*End
	for range 5 {
		a, b := Pair(t)
		ends = append(ends, a, b)
	}
	keys := map[uintptr]*selectors.SelectorKey{}
	for i := range ends {
		end := ends[(i*7)%len(ends)] // not in the order of their descriptors
		keys[end.Fd()] = mustRegister(t, s, end, read, nil)
		if m.Len() != i+1 {
			t.Errorf("Len: %d, want %d", m.Len(), i+1)
		}
		if got, err := m.Get(end); got != keys[end.Fd()] || err != nil {
			t.Errorf("Get: %v, %v", got, err)
		}
	}
	_, err := m.Get(unused)
	wantError(t, err, selectors.ErrNotRegistered, "get_key", unused)
	var fds []uintptr
	for fd, key := range m.All() {
		if key != keys[fd] || key.FD != fd {
			t.Errorf("All yields %d, %v", fd, key)
		}
		fds = append(fds, fd)
	}
	if len(fds) != len(ends) || !slices.IsSorted(fds) {
		t.Errorf("All yields %v, want %d descriptors in order", fds, len(ends))
	}
	for fd := range m.All() {
		if _, err := s.Unregister(fd); err != nil {
			t.Error(err)
		}
	}
	if m.Len() != 0 {
		t.Errorf("Len after Unregister of all: %d", m.Len())
	}
}

// testMapReadOnly: the view cannot be used to change anything, also not
// through its concrete type.
func testMapReadOnly(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	mustRegister(t, s, a, read, nil)
	typ := reflect.TypeOf(s.GetMap())
	for i := range typ.NumMethod() {
		if name := typ.Method(i).Name; !slices.Contains([]string{"Get", "Len", "All"}, name) {
			t.Errorf("the view offers the method %s", name)
		}
	}
	if s.GetMap().Len() != 1 {
		t.Errorf("Len: %d", s.GetMap().Len())
	}
}

func testClosed(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	func() {
		defer s.Close()
		mustRegister(t, s, a, read, nil)
	}()
	_, err := s.GetKey(a)
	wantError(t, err, selectors.ErrClosed, "get_key", noFD)
	wantError(t, err, os.ErrClosed, "get_key", noFD)
	_, err = s.GetKey(unused)
	wantError(t, err, selectors.ErrClosed, "get_key", noFD)
	_, err = s.Register(a, read, nil)
	wantError(t, err, selectors.ErrClosed, "register", noFD)
	_, err = s.Modify(a, write, nil)
	wantError(t, err, selectors.ErrClosed, "modify", noFD)
	_, err = s.Unregister(a)
	wantError(t, err, selectors.ErrClosed, "unregister", noFD)
	_, err = s.Select(selectors.Forever)
	wantError(t, err, selectors.ErrClosed, "select", noFD)
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}
