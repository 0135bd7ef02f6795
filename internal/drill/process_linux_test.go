package drill_test

import "syscall"

// dieWithUs ends what a test starts when the test process is killed.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
