package sock

import "golang.org/x/sys/windows"

const (
	aReset        = windows.WSAECONNRESET
	tellsNonblock = false
)

func isRefused(err error) bool { return err == windows.WSAECONNREFUSED }
func isInUse(err error) bool {
	return err == windows.WSAEADDRINUSE || err == windows.WSAEACCES
}
