package asyncio

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// funcName names a function and where it is written: the text by which logs
// and handles tell callbacks apart.
func funcName(f any) string {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		return fmt.Sprintf("%T", f)
	}
	fn := runtime.FuncForPC(v.Pointer())
	if fn == nil {
		return "func"
	}
	file, line := fn.FileLine(v.Pointer())
	return fmt.Sprintf("%s() at %s:%d", shortFuncName(fn.Name()), file, line)
}

// shortFuncName drops the import path's folders.
func shortFuncName(name string) string {
	return name[strings.LastIndexByte(name, '/')+1:]
}
