package asyncio

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/go-asyncio/asyncio/internal/engine"
)

// nameOf names the loop's own work.
func nameOf(to engine.Completer) string {
	if to, ok := to.(interface{ callbackName() string }); ok {
		return to.callbackName()
	}
	return fmt.Sprintf("%T", to)
}

// funcName names a function and where it is written: the text by which logs
// and handles tell callbacks apart.
func funcName(f any) string {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		return fmt.Sprintf("%T", f)
	}
	return funcPlace(v.Pointer())
}

// funcPlace is funcName for a function's code.
func funcPlace(pc uintptr) string {
	fn := runtime.FuncForPC(pc)
	if fn == nil {
		return "func"
	}
	file, line := fn.FileLine(pc)
	return fmt.Sprintf("%s() at %s:%d", shortFuncName(fn.Name()), file, line)
}

// funcCode returns a function's code, 0 if it is nil.
func funcCode(f any) uintptr {
	if v := reflect.ValueOf(f); v.Kind() == reflect.Func {
		return v.Pointer()
	}
	return 0
}

// shortFuncName drops the import path's folders.
func shortFuncName(name string) string {
	return name[strings.LastIndexByte(name, '/')+1:]
}

// codeRef is a function's code in four bytes: how far it is from one of this package's.
// Zero is none, or one that is too far away.
type codeRef int32

var codeHome = funcCode(funcCode)

func refTo(pc uintptr) codeRef {
	d := int64(pc) - int64(codeHome)
	if pc == 0 || int64(codeRef(d)) != d {
		return 0
	}
	return codeRef(d)
}

func (r codeRef) code() uintptr {
	if r == 0 {
		return 0
	}
	return uintptr(int64(codeHome) + int64(r))
}
