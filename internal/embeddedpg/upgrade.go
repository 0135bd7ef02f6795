package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	upgradeName = "data.upgrade" // in the home: a cluster of the newer version, before it has its place
	beforeName  = "data.before"  // the cluster of the version before, until it is confirmed
)

// Versions are those of the private PostgreSQL in a data folder.
type Versions struct {
	Cluster int  // major version of the cluster; 0: there is none
	Newest  int  // the newest that is installed; 0: none is
	Kept    int  // major version of the cluster from before an upgrade; 0: there is none
	Opens   bool // programs of the cluster's own version are installed
}

// FindVersions looks at the data folder and at the machine.
func FindVersions(ctx context.Context, o Options) (v Versions, err error) {
	home := filepath.Join(o.DataDir, homeName)
	if v.Cluster, err = clusterVersion(filepath.Join(home, clusterName)); err != nil {
		return v, err
	}
	if v.Kept, err = clusterVersion(filepath.Join(home, beforeName)); err != nil {
		return v, err
	}
	dirs, err := findAll(o.ServerBinaries, o.packageGlobs)
	var none *NotFoundError
	if errors.As(err, &none) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	for _, dir := range dirs {
		major, err := majorVersion(ctx, dir)
		if err != nil {
			return v, err
		}
		v.Newest, v.Opens = max(v.Newest, major), v.Opens || major == v.Cluster
	}
	return v, nil
}

// clusterVersion is 0 where there is no cluster.
func clusterVersion(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION holds %q, which is no version of PostgreSQL that Postern knows", data, text)
	}
	return major, nil
}

var (
	// ErrNoNewer: no newer PostgreSQL than the cluster's is installed.
	ErrNoNewer = errors.New("no newer PostgreSQL is installed on this machine")
	// ErrNoCluster: the data folder holds no private PostgreSQL.
	ErrNoCluster = errors.New("there is no private PostgreSQL in this data folder")
	// ErrUnconfirmed: the database from before an earlier upgrade is still there.
	ErrUnconfirmed = errors.New("the database from before the last upgrade is still kept")
	// ErrNothingKept: there was no upgrade, or it was confirmed.
	ErrNothingKept = errors.New("no database from before an upgrade is kept")
)

// Upgrade moves the private PostgreSQL of a data folder that nobody uses to the newest
// installed version: it makes a cluster of that beside the old one, lets move copy
// everything (both are the owner's connection strings), and gives it the old one's
// place. The old one is kept as it was. When anything fails, nothing has changed.
func Upgrade(ctx context.Context, o Options, move func(ctx context.Context, from, to string) error) (v Versions, err error) {
	lock, err := lockFolder(&o)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if v, err = FindVersions(ctx, o); err != nil {
		return v, err
	}
	switch {
	case v.Cluster == 0:
		return v, ErrNoCluster
	case v.Kept != 0:
		return v, ErrUnconfirmed
	case v.Newest <= v.Cluster:
		return v, ErrNoNewer
	}
	from, err := openHome(ctx, o)
	if err != nil {
		return v, err
	}
	to, err := from.beside(ctx, o, v.Newest)
	if err != nil {
		return v, err
	}
	if err := moveBetween(ctx, from, to, move); err != nil {
		return v, errors.Join(err, os.RemoveAll(to.data))
	}
	return v, from.exchange(to)
}

// lockFolder takes the data folder, as Start does.
func lockFolder(o *Options) (*dirLock, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var err error
	if o.DataDir, err = realPath(o.DataDir); err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	return acquire(o.DataDir)
}

// beside is a new cluster of a version in the same home.
func (c *cluster) beside(ctx context.Context, o Options, version int) (*cluster, error) {
	dirs, err := findAll(o.ServerBinaries, o.packageGlobs)
	if err != nil {
		return nil, err
	}
	to := *c
	to.data = filepath.Join(c.home, upgradeName)
	for _, dir := range dirs {
		if major, err := majorVersion(ctx, dir); err == nil && major == version {
			to.bin = dir
			break
		}
	}
	if err := c.account.probe(ctx, to.bin, c.home); err != nil {
		return nil, err
	}
	return &to, os.RemoveAll(to.data) // of an upgrade that was interrupted
}

// moveBetween runs both clusters while move copies.
func moveBetween(ctx context.Context, from, to *cluster, move func(ctx context.Context, from, to string) error) (err error) {
	if err := from.prepareSocketDir(); err != nil {
		return err
	}
	defer from.dropTemporarySocketDir()
	if err := to.init(ctx); err != nil {
		return err
	}
	if to.socketDir, err = os.MkdirTemp("", "postern-"); err != nil {
		return fmt.Errorf("make a folder for the socket: %w", err)
	}
	if err := to.account.own(to.socketDir); err != nil {
		return errors.Join(err, os.Remove(to.socketDir))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(to.socketDir)) }()
	for _, c := range []*cluster{from, to} {
		post, conn, runErr := c.run(ctx)
		defer func() { err = errors.Join(err, endQuickly(ctx, post)) }()
		if runErr != nil {
			return runErr
		}
		runErr = ensureDatabase(ctx, conn)
		if err := errors.Join(runErr, conn.Close(ctx)); err != nil {
			return err
		}
	}
	return move(ctx, connString(from.socketDir, appUser, appDatabase), connString(to.socketDir, appUser, appDatabase))
}

func endQuickly(ctx context.Context, post *postmaster) error {
	if post == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*fastShutdown)
	defer cancel()
	return post.stop(ctx)
}

// exchange gives a cluster the place of another, which is kept. Interrupted between
// its steps, the next start puts the other back.
func (c *cluster) exchange(to *cluster) error {
	before := filepath.Join(c.home, beforeName)
	if err := os.Rename(c.data, before); err != nil {
		return fmt.Errorf("keep the database as it was: %w", err)
	}
	if err := os.Rename(to.data, c.data); err != nil {
		return errors.Join(fmt.Errorf("put the new database in its place: %w", err), os.Rename(before, c.data))
	}
	return syncDir(c.home)
}

// mendExchange puts the cluster of before back where an exchange was interrupted.
func mendExchange(home string) error {
	data, before := filepath.Join(home, clusterName), filepath.Join(home, beforeName)
	if _, err := os.Lstat(data); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := os.Rename(before, data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("put the database back that an upgrade had moved: %w", err)
	}
	return nil
}

// Confirm removes the database from before an upgrade.
func Confirm(o Options) error {
	return withKept(o, func(home string) error { return os.RemoveAll(filepath.Join(home, beforeName)) })
}

// Undo puts the database from before an upgrade back, as it was then. The other one
// is kept under another name, which is returned.
func Undo(o Options) (aside string, err error) {
	err = withKept(o, func(home string) error {
		data := filepath.Join(home, clusterName)
		aside = filepath.Join(home, "data.undone-"+time.Now().UTC().Format("20060102T150405Z"))
		if err := os.Rename(data, aside); err != nil {
			return err
		}
		return errors.Join(os.Rename(filepath.Join(home, beforeName), data), syncDir(home))
	})
	return aside, err
}

// withKept does something to a home that nobody uses and that keeps a database from
// before an upgrade.
func withKept(o Options, do func(home string) error) (err error) {
	lock, err := lockFolder(&o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	home, err := filepath.EvalSymlinks(filepath.Join(o.DataDir, homeName))
	if err != nil {
		return fmt.Errorf("open the private database: %w", err)
	}
	if pf, err := readPidFile(filepath.Join(home, clusterName)); err == nil && pf.serves(filepath.Join(home, clusterName)) {
		return fmt.Errorf("the server that an earlier Postern left (process %d) still runs. Start and stop “console serve” once", pf.pid)
	}
	kept, err := clusterVersion(filepath.Join(home, beforeName))
	if err != nil {
		return err
	}
	if kept == 0 {
		return ErrNothingKept
	}
	return do(home)
}
