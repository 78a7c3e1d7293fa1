package selectortest

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/go-asyncio/asyncio/selectors"
)

const (
	read  = selectors.EventRead
	write = selectors.EventWrite
	noFD  = selectors.NoFD
)

var registrationCases = []testCase{
	{"selectors.001a.register-returns-key", testRegister},
	{"selectors.001b.register-bad-mask", testBadMask},
	{"selectors.001c.register-negative-fd", testNegative},
	{"selectors.001d.register-twice", testTwice},
	{"selectors.002.unregister-unknown", testUnregisterUnknown},
	{"selectors.003.unregister-after-fd-close", testUnregisterClosedNumber},
	{"selectors.004.unregister-after-socket-close", testUnregisterClosedObject},
	{"selectors.005a.modify-events", testModifyEvents},
	{"selectors.005b.modify-data-only", testModifyData},
	{"selectors.005c.modify-unknown", testModifyUnknown},
	{"selectors.006.modify-failure-drops-registration", testModifyFailure},
	{"selectors.020.kqueue-bad-fd", testRegisterClosed},
	{"modify-refused-changes-nothing", testModifyBadMask},
	{"key-as-file-object", testKeyAsFile},
}

// unused is a descriptor that no test opens.
const unused = 999_999

func testRegister(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	data := &struct{ n int }{1}
	key := mustRegister(t, s, a, read, data)
	want := selectors.SelectorKey{FileObj: a, FD: a.Fd(), Events: read, Data: data}
	if *key != want {
		t.Errorf("key %+v, want %+v", *key, want)
	}
	b, _ := Pair(t)
	key = mustRegister(t, s, int(b.Fd()), read|write, nil)
	want = selectors.SelectorKey{FileObj: int(b.Fd()), FD: b.Fd(), Events: read | write}
	if *key != want {
		t.Errorf("key %+v, want %+v", *key, want)
	}
}

func testBadMask(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	for _, mask := range []selectors.EventMask{0, 4, 999999, math.MaxUint32, read | 1<<31} {
		_, err := s.Register(a, mask, nil)
		wantError(t, err, selectors.ErrInvalidEvents, "register", noFD)
	}
	wantUsable(t, s)
}

func testNegative(t *testing.T, s selectors.Selector) {
	for _, fd := range []any{-1, int64(-10), int32(math.MinInt32), selectors.NoFD, uint64(math.MaxUint64)} {
		_, err := s.Register(fd, read, nil)
		wantError(t, err, selectors.ErrInvalidDescriptor, "register", noFD)
	}
	for _, object := range []any{nil, "a string", 1.5, (*End)(nil), struct{}{}} {
		_, err := s.Register(object, read, nil)
		wantError(t, err, selectors.ErrInvalidDescriptor, "register", noFD)
	}
	wantUsable(t, s)
}

func testTwice(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	key := mustRegister(t, s, a, read, nil)
	for _, again := range []any{a, a.Fd(), int(a.Fd())} {
		_, err := s.Register(again, write, nil)
		wantError(t, err, selectors.ErrAlreadyRegistered, "register", a.Fd())
	}
	if got, err := s.GetKey(a); got != key || err != nil {
		t.Errorf("GetKey: %v, %v, want the first key", got, err)
	}
}

func testUnregisterUnknown(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	_, err := s.Unregister(unused)
	wantError(t, err, selectors.ErrNotRegistered, "unregister", unused)
	_, err = s.Unregister(a)
	wantError(t, err, selectors.ErrNotRegistered, "unregister", a.Fd())
	_, err = s.Unregister(-1)
	wantError(t, err, selectors.ErrNotRegistered, "unregister", noFD)
	key := mustRegister(t, s, a, read, nil)
	if got, err := s.Unregister(a); got != key || err != nil {
		t.Errorf("Unregister: %v, %v, want the key", got, err)
	}
	_, err = s.Unregister(a)
	wantError(t, err, selectors.ErrNotRegistered, "unregister", a.Fd())
	wantUsable(t, s)
}

func testUnregisterClosedNumber(t *testing.T, s selectors.Selector) {
	a, b := Pair(t)
	fds := [2]uintptr{a.Fd(), b.Fd()}
	mustRegister(t, s, fds[0], read, nil)
	mustRegister(t, s, fds[1], write, nil)
	a.Close()
	b.Close()
	for _, fd := range fds {
		if key, err := s.Unregister(fd); err != nil || key.FD != fd {
			t.Errorf("Unregister: %v, %v", key, err)
		}
	}
	wantUsable(t, s)
}

func testUnregisterClosedObject(t *testing.T, s selectors.Selector) {
	a, b := Pair(t)
	c, _ := Pair(t)
	mustRegister(t, s, c, read, nil)
	keys := [2]*selectors.SelectorKey{mustRegister(t, s, a, read, nil), mustRegister(t, s, b, write, nil)}
	a.Close()
	b.Close()
	for i, end := range []*End{a, b} {
		if key, err := s.Unregister(end); key != keys[i] || err != nil {
			t.Errorf("Unregister of a closed object: %v, %v", key, err)
		}
		_, err := s.Unregister(end)
		wantError(t, err, selectors.ErrNotRegistered, "unregister", noFD)
	}
	if n := s.GetMap().Len(); n != 1 {
		t.Errorf("%d registrations left, want 1", n)
	}
}

func testModifyEvents(t *testing.T, s selectors.Selector) {
	a, b := Pair(t)
	b.Send(t, "x")
	key := mustRegister(t, s, a, read, "data")
	changed, err := s.Modify(a, write, "data")
	if err != nil {
		t.Fatal(err)
	}
	if changed == key || key.Events != read || changed.Events != write || changed.FileObj != any(a) || changed.Data != "data" {
		t.Errorf("key %+v was modified to %+v", key, changed)
	}
	if got, err := s.GetKey(a); got != changed || err != nil {
		t.Errorf("GetKey: %v, %v, want the new key", got, err)
	}
	wantReady(t, mustSelect(t, s, 10*time.Second), selectors.Ready{Key: changed, Events: write})
	for _, events := range []selectors.EventMask{read | write, read} {
		if changed, err = s.Modify(a.Fd(), events, nil); err != nil {
			t.Fatal(err)
		}
		if changed.FileObj != any(a) {
			t.Errorf("Modify by number: FileObj %v, want the registered one", changed.FileObj)
		}
		wantReady(t, mustSelect(t, s, 10*time.Second), selectors.Ready{Key: changed, Events: events})
	}
}

// testModifyData closes the file first: with that, no system call about it
// could succeed.
func testModifyData(t *testing.T, s selectors.Selector) {
	a, _ := lonelyPair(t)
	fd := a.Fd()
	key := mustRegister(t, s, fd, read, 1)
	a.Close()
	changed, err := s.Modify(fd, read, 2)
	if err != nil {
		t.Fatalf("Modify of data alone: %v", err)
	}
	if changed.Events != read || changed.Data != 2 || key.Data != 1 {
		t.Errorf("key %+v was modified to %+v", key, changed)
	}
	if got, err := s.GetKey(fd); got != changed || err != nil {
		t.Errorf("GetKey: %v, %v, want the new key", got, err)
	}
	// Data that cannot be compared is no problem.
	if _, err := s.Modify(fd, read, []int{1}); err != nil {
		t.Error(err)
	}
	if _, err := s.Modify(fd, read, []int{1}); err != nil {
		t.Error(err)
	}
}

func testModifyUnknown(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	for _, fd := range []uintptr{unused, a.Fd()} {
		_, err := s.Modify(fd, read, nil)
		wantError(t, err, selectors.ErrNotRegistered, "modify", fd)
	}
	wantUsable(t, s)
}

// testModifyFailure makes the system refuse by closing the file first.
func testModifyFailure(t *testing.T, s selectors.Selector) {
	a, _ := lonelyPair(t)
	fd := a.Fd()
	mustRegister(t, s, fd, read, nil)
	a.Close()
	_, err := s.Modify(fd, write, nil)
	wantError(t, err, errNotOpen, "modify", fd)
	_, err = s.GetKey(fd)
	wantError(t, err, selectors.ErrNotRegistered, "get_key", fd)
	wantUsable(t, s)
}

func testModifyBadMask(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	key := mustRegister(t, s, a, write, nil)
	for _, mask := range []selectors.EventMask{0, 8} {
		_, err := s.Modify(a, mask, nil)
		wantError(t, err, selectors.ErrInvalidEvents, "modify", a.Fd())
	}
	wantReady(t, mustSelect(t, s, 0), selectors.Ready{Key: key, Events: write})
}

func testRegisterClosed(t *testing.T, s selectors.Selector) {
	a, _ := lonelyPair(t)
	fd := a.Fd()
	a.Close()
	for _, events := range []selectors.EventMask{read, write, read | write} {
		_, err := s.Register(fd, events, nil)
		wantError(t, err, errNotOpen, "register", fd)
		_, err = s.GetKey(fd)
		wantError(t, err, selectors.ErrNotRegistered, "get_key", fd)
	}
	_, err := s.Register(a, read, nil)
	wantError(t, err, selectors.ErrInvalidDescriptor, "register", noFD)
	wantUsable(t, s)
}

// testKeyAsFile: a key stands for its file, so that a caller that keeps keys
// need not make an interface of a number for each call.
func testKeyAsFile(t *testing.T, s selectors.Selector) {
	a, _ := Pair(t)
	key := mustRegister(t, s, a, read, nil)
	changed, err := s.Modify(key, write, nil)
	if err != nil || changed.FileObj != any(a) {
		t.Fatalf("Modify by key: %+v, %v", changed, err)
	}
	if got, err := s.GetKey(key); got != changed || err != nil {
		t.Errorf("GetKey by key: %v, %v", got, err)
	}
	if got, err := s.Unregister(key); got != changed || err != nil {
		t.Errorf("Unregister by key: %v, %v", got, err)
	}
	if again := mustRegister(t, s, changed, read, nil); again.FileObj != any(a) {
		t.Errorf("Register by key: FileObj %v, want the file", again.FileObj)
	}
}

// wantUsable checks that nothing is registered and that the selector works:
// what must hold after an error.
func wantUsable(t *testing.T, s selectors.Selector) {
	t.Helper()
	if n := s.GetMap().Len(); n != 0 {
		t.Errorf("%d registrations, want none", n)
	}
	a, b := Pair(t)
	key := mustRegister(t, s, a, read, nil)
	b.Send(t, "x")
	wantReady(t, mustSelect(t, s, 10*time.Second), selectors.Ready{Key: key, Events: read})
	if _, err := s.Unregister(a); err != nil {
		t.Error(err)
	}
	if _, err := s.GetKey(a); !errors.Is(err, selectors.ErrNotRegistered) {
		t.Errorf("GetKey: %v", err)
	}
}
