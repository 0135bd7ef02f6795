package storetest

import (
	"os"
	"syscall"
)

// dieWithParent ends the server when the test process ends, however it does.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true}
}

const (
	inMemory     = "/dev/shm"
	tmpfs        = 0x01021994 // TMPFS_MAGIC of statfs(2)
	memoryNeeded = 2 << 30    // bytes; ten times what the cluster of the largest package takes
)

// parentDir is where clusters are made: in memory, where there is enough of it,
// because a copy of the template is some 300 files, which take a disk ten times as
// long. Who says where temporary files go is obeyed.
func parentDir() string {
	const toWriteAndPass = 0o3
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(inMemory, &fs) != nil { //nolint:forbidigo // as os.TempDir does
		return os.TempDir()
	}
	if fs.Type != tmpfs || int64(fs.Bavail)*int64(fs.Bsize) < memoryNeeded || syscall.Access(inMemory, toWriteAndPass) != nil {
		return os.TempDir()
	}
	return inMemory
}
