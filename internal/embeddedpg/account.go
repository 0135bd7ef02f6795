package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the server programs run as. The zero value is the process's
// own account, for everybody but root.
type account struct {
	name     string
	uid, gid uint32
	switched bool // other than the process's own
}

// AccessError says that the account of the server cannot use a folder.
type AccessError struct {
	Account string
	Folder  string
	Err     error
}

func (e *AccessError) Error() string {
	return fmt.Sprintf(`the account %[1]s, under which PostgreSQL runs, cannot use %[2]s: %[3]v.
PostgreSQL does not run as root, so every folder above its data must let %[1]s pass. Either
choose a folder that everybody may pass, for example --data-dir /var/lib/postern,
or let the account pass (chmod o+x on the folders above), or run Postern as an ordinary user,
or give Postern a database with --database-url`, e.Account, e.Folder, e.Err)
}

func (e *AccessError) Unwrap() error { return e.Err }

// chooseAccount decides whom the server runs as, given the cluster's folder,
// which need not exist.
func chooseAccount(data string) (account, error) {
	owner, exists, err := ownerOf(data)
	if err != nil {
		return account{}, err
	}
	self := os.Geteuid()
	if self != 0 {
		if exists && int(owner.uid) != self {
			return account{}, fmt.Errorf("the database in %s belongs to the account %s. Run Postern as %s, or hand the folder over with chown -R",
				data, owner.name, owner.name)
		}
		return account{}, nil
	}
	if exists && owner.uid != 0 {
		owner.switched = true
		return owner, nil
	}
	a, err := unprivileged()
	if err != nil {
		return account{}, err
	}
	if exists {
		return account{}, fmt.Errorf("the database in %s belongs to root, and PostgreSQL does not run as root. Hand it over: chown -R %s %s",
			data, a.name, data)
	}
	return a, nil
}

// unprivileged is the account for a new cluster when the process is root.
func unprivileged() (account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		var unknown user.UnknownUserError
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return account{}, fmt.Errorf("look up the account %s: %w", name, err)
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("account %s: uid: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("account %s: gid: %w", name, err)
		}
		return account{name: name, uid: uint32(uid), gid: uint32(gid), switched: true}, nil
	}
	return account{}, errors.New("PostgreSQL does not run as root, and the machine has neither an account postgres nor an account nobody: create one, or run " +
		"Postern as an ordinary user")
}

// ownerOf returns the owner of path, and whether path exists.
func ownerOf(path string) (account, bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return account{}, false, nil
	}
	if err != nil {
		return account{}, false, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return account{}, false, fmt.Errorf("%s: its owner is unknown on this system", path)
	}
	a := account{name: strconv.Itoa(int(st.Uid)), uid: st.Uid, gid: st.Gid}
	if u, err := user.LookupId(a.name); err == nil {
		a.name = u.Username
	}
	return a, true, nil
}

// own makes path the account's, reachable by nobody else but root.
func (a account) own(path string) error {
	if err := os.Chmod(path, 0o700); err != nil {
		return err
	}
	if !a.switched {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// letPass lets the account through a folder that stays the process's own, so
// that the account cannot put a link where root is about to write.
func (a account) letPass(path string) error {
	if !a.switched {
		return os.Chmod(path, 0o700)
	}
	if err := os.Lchown(path, -1, int(a.gid)); err != nil {
		return err
	}
	return os.Chmod(path, 0o710)
}

// probe tells whether the account can run the server program with dir as its
// working folder: it tries, because modes alone do not tell (access lists).
func (a account) probe(ctx context.Context, bin, dir string) error {
	if !a.switched {
		return nil
	}
	for _, where := range []string{"/", dir} {
		if err := a.command(ctx, where, bin, "postgres", "--version").Run(); err != nil {
			folder := bin
			if where == dir {
				folder = dir
			}
			return &AccessError{Account: a.name, Folder: folder, Err: err}
		}
	}
	return nil
}

// command prepares a server program to run in dir under the account, with an
// environment that does not depend on who starts Postern.
func (a account) command(ctx context.Context, dir, bin, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, program), args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "PGTZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C in Postern's terminal is for Postern only
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return cmd
}
