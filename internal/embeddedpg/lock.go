package embeddedpg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockName is the file in the data folder that a running Postern holds locked.
const lockName = "postern.lock"

// InUseError says that another Postern that is alive uses the data folder.
type InUseError struct {
	DataDir string
	PID     int // 0 when the lock file does not name it
}

func (e *InUseError) Error() string {
	who := "another Postern"
	if e.PID != 0 {
		who = fmt.Sprintf("another Postern (process %d)", e.PID)
	}
	return fmt.Sprintf("the data folder %s is in use by %s. Stop that one, or choose another folder with --data-dir", e.DataDir, who)
}

// dirLock is the hold on a data folder. The kernel drops it when the process
// ends; the descriptor is close-on-exec, so that PostgreSQL does not inherit it.
type dirLock struct{ file *os.File }

func acquire(dataDir string) (*dirLock, error) {
	path := filepath.Join(dataDir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close() //nolint:errcheck // opened to look at only
		return nil, &InUseError{DataDir: dataDir, PID: readPID(f)}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	if err := writePID(f); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), f.Close())
	}
	return &dirLock{file: f}, nil
}

// release gives the folder up. The file stays: removing it would let two
// processes lock two different files of the same name. Closing alone is not
// enough: a program that is being started has the descriptor until it runs.
func (l *dirLock) release() error {
	return errors.Join(l.file.Truncate(0), syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(r io.Reader) int {
	text, err := io.ReadAll(io.LimitReader(r, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
