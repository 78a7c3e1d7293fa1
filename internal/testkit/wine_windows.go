package testkit

import (
	"sync"

	"golang.org/x/sys/windows"
)

// UnderWine tells whether this Windows is Wine.
var UnderWine = sync.OnceValue(func() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
})
