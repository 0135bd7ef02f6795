// Package embeddedpg runs a private PostgreSQL for a Postern that has no
// database configured. It uses the server programs installed on the machine,
// keeps the data in Postern's data folder, and listens on a unix socket only.
//
// The folder DataDir/postgres holds
//
//	data/          the cluster (PGDATA)
//	run/           the socket; only the server's account and root may enter
//	server.log     what PostgreSQL prints
//	socket-folder  where the socket is instead, when the path of run/ is too long
//
// The server does not end with the process that started it: after a kill -9 the
// next Start takes it over, or restarts it when it runs with other settings.
// One lock file, DataDir/postern.lock, keeps a second Postern out; the kernel
// releases the lock with the process, however that ends.
//
// As root the server programs run under an unprivileged account, because
// PostgreSQL refuses root: the owner of an existing cluster, else "postgres",
// else "nobody". Connections are trusted: whoever can enter the socket folder
// is root or owns the data files anyway.
package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Options says where the private PostgreSQL lives.
type Options struct {
	// DataDir is Postern's data folder; it is made when absent.
	DataDir string
	// Logger gets a line when the server starts, is taken over, or ends. Nil discards them.
	Logger *slog.Logger
	// ServerBinaries is a folder to look in first for the server programs.
	// Empty means PATH, then the folders of the packaging systems, newest first.
	ServerBinaries string

	// For tests: in place of defaultRelocation and packageGlobs.
	relocateTo   string
	packageGlobs []string
}

// Server is a running private PostgreSQL that this process owns.
type Server struct {
	cluster *cluster
	lock    *dirLock
	post    *postmaster

	stopping sync.Mutex // one Stop at a time
	stopped  bool
	endKeep  context.CancelFunc // nil: nobody keeps it running yet
	kept     sync.WaitGroup

	mu      sync.Mutex // of what follows
	state   State
	changed func(State)
}

// Start makes the cluster when there is none, starts the server or takes over
// the one that an earlier Postern left behind, waits until it answers, and
// makes sure that the database exists. Recovery after a crash can take a while;
// ctx bounds the wait.
//
// Errors to tell apart: *InUseError, *NotFoundError, *VersionError, *AccessError.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := makeDataDir(o.DataDir); err != nil {
		return nil, err
	}
	var err error
	if o.DataDir, err = realPath(o.DataDir); err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	lock, err := acquire(o.DataDir)
	if err != nil {
		return nil, err
	}
	s := &Server{lock: lock}
	if err := s.bringUp(ctx, o); err != nil {
		// A server that this call launched must not outlive its failure.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*fastShutdown)
		defer cancel()
		return nil, errors.Join(err, s.Stop(ctx))
	}
	keeping, end := context.WithCancel(context.WithoutCancel(ctx))
	s.endKeep = end
	s.kept.Go(func() { s.keep(keeping) })
	return s, nil
}

// realPath is the absolute path without links, so that one folder has one name.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// bringUp does the work of Start under the lock. It fills s as it goes, so
// that Stop undoes as much as was done.
func (s *Server) bringUp(ctx context.Context, o Options) error {
	home, err := openHome(ctx, o)
	if err != nil {
		return err
	}
	s.cluster = home
	if err := home.init(ctx); err != nil {
		return err
	}
	if err := home.prepareSocketDir(); err != nil {
		return err
	}
	post, conn, err := home.run(ctx)
	s.post = post
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the database is made by then; a failed goodbye changes nothing
	return ensureDatabase(ctx, conn)
}

// URL is the connection string of the database's owner, for pgx.
func (s *Server) URL() string { return connString(s.cluster.socketDir, appUser, appDatabase) }

// Stop ends the server with a fast shutdown (open transactions roll back,
// nothing committed is lost) and lets go of the data folder. It waits until the
// server has ended or ctx has. Calling it again after success does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if s.stopped {
		return nil
	}
	if s.endKeep != nil {
		s.endKeep()
		s.kept.Wait()
	}
	if s.post != nil {
		if err := s.post.stop(ctx); err != nil {
			return fmt.Errorf("stop the private PostgreSQL: %w", err)
		}
	}
	if s.cluster != nil {
		s.cluster.dropTemporarySocketDir()
	}
	s.stopped = true
	return s.lock.release()
}

// Running returns the owner's connection string of the server that runs in
// dataDir, and whether one does: commands beside a running `serve` use it.
func Running(dataDir string) (url string, ok bool) {
	data := filepath.Join(dataDir, homeName, clusterName)
	pf, err := readPidFile(data)
	if err != nil || !pf.serves(data) || !answers(pf.socketDir) {
		return "", false
	}
	return connString(pf.socketDir, appUser, appDatabase), true
}

// Exists tells whether dataDir holds a private PostgreSQL, or a link to where one
// was.
func Exists(dataDir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dataDir, homeName, clusterName, "PG_VERSION"))
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return false, fmt.Errorf("look for the private database: %w", err)
	}
	info, err := os.Lstat(filepath.Join(dataDir, homeName))
	return err == nil && info.Mode()&os.ModeSymlink != 0, nil
}

// LogFile is what the private PostgreSQL in dataDir prints.
func LogFile(dataDir string) string { return filepath.Join(dataDir, homeName, serverLogName) }

// ForRunning turns the owner's connection string into that of the role which
// Postern runs as: it owns nothing, and has what it was granted.
func ForRunning(url string) string { return strings.Replace(url, "user="+appUser, "user="+runUser, 1) }
