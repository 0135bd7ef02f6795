//go:build !linux

package drill_test

import "syscall"

func dieWithUs() *syscall.SysProcAttr { return nil }
