package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

const (
	homeName       = "postgres"      // in the data folder
	clusterName    = "data"          // in the home
	socketName     = "run"           // in the home
	socketNoteName = "socket-folder" // in the home: where the socket is instead
	serverLogName  = "server.log"    // in the home

	// defaultRelocation holds the homes of data folders that the server's
	// account cannot reach, for example below /root.
	defaultRelocation = "/var/lib/postern"

	// maxSocketPath is what a unix socket address holds: 107 bytes on Linux,
	// 103 on macOS and the BSDs (sun_path less its NUL).
	maxSocketPath = 103
)

// cluster is one private PostgreSQL on disk, and how to run it.
type cluster struct {
	log       *slog.Logger
	bin       string // folder of the server programs
	account   account
	home      string // DataDir/postgres, links resolved
	data      string // PGDATA
	socketDir string
}

// makeDataDir makes the data folder where it is missing. Its parents are
// passable, the folder itself is its owner's alone.
func makeDataDir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return nil
	}
	if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
		return nil
	}
	return fmt.Errorf("make the data folder: %w", err)
}

// openHome finds or makes DataDir/postgres and settles which programs run
// there under which account.
func openHome(ctx context.Context, o Options) (*cluster, error) {
	dirs, err := findAll(o.ServerBinaries, o.packageGlobs)
	if err != nil {
		return nil, err
	}
	link := filepath.Join(o.DataDir, homeName)
	home, err := filepath.EvalSymlinks(link)
	isNew := errors.Is(err, os.ErrNotExist)
	if isNew {
		home = link
	} else if err != nil {
		return nil, fmt.Errorf("open the private database: %w", err)
	}
	if err := mendExchange(home); err != nil {
		return nil, err
	}
	c := &cluster{log: o.Logger, home: home, data: filepath.Join(home, clusterName)}
	if c.account, err = chooseAccount(c.data); err != nil {
		return nil, err
	}
	if c.bin, err = chooseBinaries(ctx, dirs, c.data); err != nil {
		return nil, err
	}
	if !isNew {
		return c, c.reopenHome(ctx)
	}
	if err := c.openDataDir(o.DataDir); err != nil {
		return nil, fmt.Errorf("let the account %s into the data folder: %w", c.account.name, err)
	}
	return c, c.makeHome(ctx, link, o.relocateTo)
}

// openDataDir lets the server's account, and nobody else, pass a data folder
// that is root's alone, which is how Postern makes it.
func (c *cluster) openDataDir(dir string) error {
	if !c.account.switched {
		return nil
	}
	owner, _, err := ownerOf(dir)
	if err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if owner.uid != 0 || owner.gid != 0 || info.Mode().Perm()&0o077 != 0 {
		return nil
	}
	return c.account.letPass(dir)
}

// reopenHome checks that the home of before still serves. As root it must be
// root's: in a folder of somebody else's, a link could turn what root does
// there against another file.
func (c *cluster) reopenHome(ctx context.Context) error {
	if !c.account.switched {
		return nil
	}
	owner, _, err := ownerOf(c.home)
	if err != nil {
		return fmt.Errorf("open the private database: %w", err)
	}
	if owner.uid != 0 {
		return fmt.Errorf("the private database in %[1]s was made by the account %[2]s. Run Postern as %[2]s, or give the folder itself to root (chown root %[1]s; "+
			"what is in it stays %[2]s's)",
			c.home, owner.name)
	}
	if _, err := os.Stat(c.data); errors.Is(err, os.ErrNotExist) {
		// A first start was interrupted; its last step here may be missing.
		if err := c.account.letPass(c.home); err != nil {
			return fmt.Errorf("open the private database: %w", err)
		}
	}
	return c.account.probe(ctx, c.bin, c.home)
}

// makeHome makes the home of a new cluster: at link when the server's account
// can reach it there, else in the relocation folder with a link to it.
func (c *cluster) makeHome(ctx context.Context, link, relocation string) error {
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return fmt.Errorf("%s is a link to a folder which is gone. Bring that folder back, or remove the link to begin with an empty database", link)
	}
	if err := os.Mkdir(link, 0o700); err != nil {
		return fmt.Errorf("make the folder of the private database: %w", err)
	}
	if err := c.account.letPass(link); err != nil {
		return fmt.Errorf("make the folder of the private database: %w", err)
	}
	unreachable := c.account.probe(ctx, c.bin, link)
	if unreachable == nil {
		return nil
	}
	if relocation == "" {
		relocation = defaultRelocation
	}
	home, err := c.relocate(ctx, link, relocation)
	if err != nil {
		return errors.Join(unreachable, fmt.Errorf("a folder in %s instead did not work: %w", relocation, err))
	}
	c.home, c.data = home, filepath.Join(home, clusterName)
	c.log.WarnContext(ctx, "The database files are outside the data folder, because the account of PostgreSQL cannot enter it. A link leads to them.",
		"account", c.account.name, "link", link, "files", home)
	return nil
}

// relocate makes a home below relocation and replaces the empty folder link by
// a link to it. The name is new each time: a data folder that was deleted and
// made again must not find the old database.
func (c *cluster) relocate(ctx context.Context, link, relocation string) (string, error) {
	if err := os.MkdirAll(relocation, 0o755); err != nil {
		return "", err
	}
	home, err := os.MkdirTemp(relocation, filepath.Base(filepath.Dir(link))+"-")
	if err != nil {
		return "", err
	}
	err = c.account.letPass(home)
	if err == nil {
		err = c.account.probe(ctx, c.bin, home)
	}
	if err == nil {
		err = os.Remove(link)
	}
	if err == nil {
		err = os.Symlink(home, link)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(home))
	}
	return filepath.EvalSymlinks(home)
}

// prepareSocketDir makes the folder of the socket: run/ in the home, or one in
// the system's temporary folder when that path cannot be a socket's.
func (c *cluster) prepareSocketDir() error {
	c.socketDir = filepath.Join(c.home, socketName)
	if !usableSocketDir(c.socketDir) {
		return c.temporarySocketDir()
	}
	if err := os.Mkdir(c.socketDir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make the folder of the socket: %w", err)
	}
	if err := c.account.own(c.socketDir); err != nil {
		return fmt.Errorf("make the folder of the socket: %w", err)
	}
	return nil
}

// usableSocketDir tells whether a socket in dir has an address: short enough,
// and without the comma that separates hosts in a connection string.
func usableSocketDir(dir string) bool {
	return len(filepath.Join(dir, socketFile)) <= maxSocketPath && !strings.Contains(dir, ",")
}

// temporarySocketDir uses the folder that the note in the home names, or makes
// a new one and notes it.
func (c *cluster) temporarySocketDir() error {
	note := filepath.Join(c.home, socketNoteName)
	if text, err := os.ReadFile(note); err == nil {
		dir := strings.TrimSpace(string(text))
		if c.ownsPrivately(dir) {
			c.socketDir = dir
			return nil
		}
	}
	parent := os.TempDir()
	if !usableSocketDir(filepath.Join(parent, "postern-0123456789")) {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "postern-")
	if err != nil {
		return fmt.Errorf("make a folder for the socket, because the path of %s is too long for one: %w", c.socketDir, err)
	}
	if err := c.account.own(dir); err != nil {
		return fmt.Errorf("make a folder for the socket: %w", err)
	}
	if err := os.WriteFile(note, []byte(dir+"\n"), 0o600); err != nil {
		return fmt.Errorf("note the folder of the socket: %w", err)
	}
	c.socketDir = dir
	return nil
}

// ownsPrivately tells whether dir is still the private folder that Postern
// made: anybody may make folders in the system's temporary folder.
func (c *cluster) ownsPrivately(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	owner, _, err := ownerOf(dir)
	want := uint32(os.Geteuid())
	if c.account.switched {
		want = c.account.uid
	}
	return err == nil && owner.uid == want
}

// dropTemporarySocketDir removes a socket folder outside the home, once the
// server has removed its socket. A folder that is not empty stays.
func (c *cluster) dropTemporarySocketDir() {
	if c.socketDir == "" || filepath.Dir(c.socketDir) == c.home {
		return
	}
	if err := os.Remove(c.socketDir); err != nil {
		c.log.Warn("The folder of the database's socket was not removed.", "folder", c.socketDir, "error", err)
		return
	}
	if err := os.Remove(filepath.Join(c.home, socketNoteName)); err != nil {
		c.log.Warn("The note of the socket's folder was not removed.", "error", err)
	}
}
