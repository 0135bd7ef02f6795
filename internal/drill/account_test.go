package drill_test

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"
)

// asPostgres is a command under an account that PostgreSQL accepts.
func asPostgres(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...) //nolint:noctx,gosec // as long as the test
	cmd.Dir, cmd.SysProcAttr = "/", dieWithUs()
	if os.Getuid() != 0 {
		return cmd
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		t.Skipf("root cannot run PostgreSQL, and there is no account postgres: %v", err)
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	cmd.Env = append(os.Environ(), "HOME="+account.HomeDir)
	return cmd
}
