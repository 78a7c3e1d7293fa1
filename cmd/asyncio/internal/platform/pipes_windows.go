package platform

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// openPipe makes a pipe that loops of this system can use: os.Pipe makes one that is not
// overlapped.
func openPipe() (r, w *os.File, err error) {
	name, err := windows.UTF16PtrFromString(fmt.Sprintf(`\\.\pipe\asyncio-platform-%d`, os.Getpid()))
	if err != nil {
		return nil, nil, err
	}
	server, err := windows.CreateNamedPipe(name,
		windows.PIPE_ACCESS_DUPLEX|windows.FILE_FLAG_FIRST_PIPE_INSTANCE|windows.FILE_FLAG_OVERLAPPED,
		windows.PIPE_REJECT_REMOTE_CLIENTS, 1, 4096, 4096, 0, nil)
	if err != nil {
		return nil, nil, err
	}
	client, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, 0, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_OVERLAPPED, 0)
	if err != nil {
		return nil, nil, errors.Join(err, windows.CloseHandle(server))
	}
	return os.NewFile(uintptr(server), "pipe"), os.NewFile(uintptr(client), "pipe"), nil
}
