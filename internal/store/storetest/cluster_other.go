//go:build !linux

package storetest

import (
	"os"
	"syscall"
)

func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func parentDir() string { return os.TempDir() }
