package streams

import (
	"sync"

	"golang.org/x/sys/windows"
)

// underWine tells whether this Windows is Wine.
var underWine = sync.OnceValue(func() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
})
