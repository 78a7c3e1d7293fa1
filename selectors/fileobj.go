package selectors

import (
	"fmt"
	"reflect"
	"syscall"
)

// descriptor returns the descriptor of anything that can be a fileobj, or an
// error that is ErrInvalidDescriptor.
//
// An object is asked through SyscallConn rather than Fd where it has both:
// (*os.File).Fd puts the file into blocking mode.
func descriptor(fileobj any) (uintptr, error) {
	switch v := fileobj.(type) {
	case uintptr:
		return unsignedDescriptor(uint64(v))
	case int:
		return signedDescriptor(int64(v))
	case *SelectorKey:
		if v != nil {
			return v.FD, nil
		}
	}
	v := reflect.ValueOf(fileobj)
	switch v.Kind() {
	case reflect.Invalid:
		return NoFD, fmt.Errorf("%w: file object is nil", ErrInvalidDescriptor)
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		if v.IsNil() {
			return NoFD, fmt.Errorf("%w: file object is a nil %T", ErrInvalidDescriptor, fileobj)
		}
	}
	switch o := fileobj.(type) {
	case syscall.Conn:
		return connDescriptor(o)
	case interface{ Fd() uintptr }:
		return unsignedDescriptor(uint64(o.Fd()))
	}
	switch {
	case v.CanInt():
		return signedDescriptor(v.Int())
	case v.CanUint():
		return unsignedDescriptor(v.Uint())
	}
	return NoFD, fmt.Errorf("%w: a %T has no descriptor (want an integer, or an object with SyscallConn or Fd)",
		ErrInvalidDescriptor, fileobj)
}

func connDescriptor(o syscall.Conn) (uintptr, error) {
	raw, err := o.SyscallConn()
	if err != nil {
		return NoFD, fmt.Errorf("%w: %w", ErrInvalidDescriptor, err)
	}
	fd := NoFD
	if err := raw.Control(func(d uintptr) { fd = d }); err != nil {
		return NoFD, fmt.Errorf("%w: %w", ErrInvalidDescriptor, err)
	}
	return unsignedDescriptor(uint64(fd))
}

func signedDescriptor(n int64) (uintptr, error) {
	if n < 0 {
		return NoFD, fmt.Errorf("%w: %d", ErrInvalidDescriptor, n)
	}
	return unsignedDescriptor(uint64(n))
}

func unsignedDescriptor(n uint64) (uintptr, error) {
	if n > maxDescriptor {
		return NoFD, fmt.Errorf("%w: %d", ErrInvalidDescriptor, int64(n))
	}
	return uintptr(n), nil
}

// same reports whether a registered file object is the one that is looked
// for. Objects that cannot be compared are never the same: == would panic.
func same(a, b any) bool {
	if reflect.TypeOf(a) != reflect.TypeOf(b) || !reflect.ValueOf(a).Comparable() || !reflect.ValueOf(b).Comparable() {
		return false
	}
	return a == b
}
