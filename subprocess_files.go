package asyncio

import (
	"os"
	"runtime"
	"syscall"

	"github.com/go-asyncio/asyncio/internal/child"
)

// subprocessFiles are the files of a child that is started: what it gets, and what was
// made for it.
type subprocessFiles struct {
	childs []uintptr  // by its descriptors
	made   []uintptr  // of these, those that were made here
	ours   [3]uintptr // this side's end of each pipe, child.NoFile for none
	null   uintptr    // of these, the empty device, once it is open: one is enough for all
	keep   []*os.File // of the user's
}

// open makes what the options say. With an error nothing is left.
func (s *subprocessFiles) open(op string, o *SubprocessOptions) (err error) {
	s.ours = [3]uintptr{child.NoFile, child.NoFile, child.NoFile}
	s.null = child.NoFile
	opened := false
	defer func() {
		if !opened {
			s.closeAll()
		}
	}()
	for fd, what := range [3]Stdio{o.Stdin, o.Stdout, o.Stderr} {
		if err := s.add(op, fd, what); err != nil {
			return err
		}
	}
	for i, f := range o.ExtraFiles {
		if f == nil {
			s.childs = append(s.childs, child.NoFile)
		} else if err := s.addFile(op, "a file of ExtraFiles", f); err != nil {
			return invalid(op, "ExtraFiles[%d] is closed", i)
		}
	}
	opened = true
	return nil
}

// add adds one of the standard descriptors.
func (s *subprocessFiles) add(op string, fd int, what Stdio) (err error) {
	file := child.NoFile
	switch what.kind {
	case stdioInherit:
		file = [...]uintptr{uintptr(syscall.Stdin), uintptr(syscall.Stdout), uintptr(syscall.Stderr)}[fd]
	case stdioStdout:
		file = s.childs[1]
	case stdioFile:
		return s.addFile(op, standardName(fd), what.file)
	case stdioDevNull:
		file, err = s.openNull()
	default:
		if s.ours[fd], file, err = child.NewPipe(fd == 0); err == nil {
			s.made = append(s.made, file)
		}
	}
	if err != nil {
		return opError(op, err)
	}
	s.childs = append(s.childs, file)
	return nil
}

// openNull opens the empty device, once.
func (s *subprocessFiles) openNull() (uintptr, error) {
	if s.null == child.NoFile {
		file, err := child.OpenNull()
		if err != nil {
			return child.NoFile, err
		}
		s.null = file
		s.made = append(s.made, file)
	}
	return s.null, nil
}

// addFile adds a file of the user's.
func (s *subprocessFiles) addFile(op, name string, f *os.File) error {
	fd := f.Fd()
	if fd == child.NoFile {
		return invalid(op, "%s is closed", name)
	}
	s.childs = append(s.childs, fd)
	s.keep = append(s.keep, f)
	return nil
}

// started closes what only the child needs, now that it has it or will never have it.
func (s *subprocessFiles) started() {
	for _, fd := range s.made {
		child.CloseFile(fd)
	}
	s.made = nil
	runtime.KeepAlive(s.keep)
	s.keep = nil
}

// takeOurs gives an end of a pipe to the caller.
func (s *subprocessFiles) takeOurs(fd int) uintptr {
	end := s.ours[fd]
	s.ours[fd] = child.NoFile
	return end
}

// closeAll closes what was made here and nobody else has.
func (s *subprocessFiles) closeAll() {
	s.started()
	for fd := range s.ours {
		if end := s.takeOurs(fd); end != child.NoFile {
			child.CloseFile(end)
		}
	}
}
