// Package embeddedpg runs a private PostgreSQL for a Postern that has no
// database configured: from the server programs installed on the machine, with
// its data in Postern's data folder, reachable over a unix socket only.
package embeddedpg

import (
	"context"
	"errors"
	"log/slog"
)

// Options says where the private PostgreSQL lives.
type Options struct {
	DataDir        string // Postern's data folder; the cluster lives in DataDir/postgres
	Logger         *slog.Logger
	ServerBinaries string // folder to look in first; "" means PATH, then /usr/lib/postgresql/*/bin, newest first
}

// Server is a running private PostgreSQL owned by this process.
type Server struct{ url string }

// Start makes the cluster when there is none, starts the server or takes over
// the one that an earlier Postern left, and waits until it answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	return nil, errors.ErrUnsupported
}

// URL is the connection string of the database, for pgx.
func (s *Server) URL() string { return s.url }

// Stop ends the server (fast shutdown). Calling it again does nothing.
func (s *Server) Stop(ctx context.Context) error { return nil }

// Running returns the connection string of the server that another Postern
// runs in dataDir, and whether there is one.
func Running(dataDir string) (url string, ok bool) { return "", false }

// FindBinaries returns the folder of the newest PostgreSQL server programs:
// extra when it holds them, else from PATH, else /usr/lib/postgresql/*/bin.
// The error is a *NotFoundError when there are none.
func FindBinaries(extra string) (dir string, err error) { return "", &NotFoundError{} }

// NotFoundError says that no PostgreSQL server programs are installed.
type NotFoundError struct{ Looked []string }

func (e *NotFoundError) Error() string { return "no PostgreSQL server programs found" }

// InUseError says that another Postern uses the data folder.
type InUseError struct {
	DataDir string
	PID     int
}

func (e *InUseError) Error() string { return "data folder in use" }
