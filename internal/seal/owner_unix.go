//go:build unix

package seal

import (
	"os"
	"syscall"
)

// sameOwner gives file the owner of like: root may change a key file that an
// account of its own reads.
func sameOwner(file, like string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(file, int(owner.Uid), int(owner.Gid))
}
