package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"syscall"
	"time"

	"github.com/postern-sso/postern/internal/embeddedpg"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/kit"
)

const (
	beatEvery = 5 * time.Second
	beatTime  = 4 * time.Second // that a look may take
	leastFree = 64 << 20        // bytes: less is a full disk to PostgreSQL and to logs
)

// What readyz says of what heartbeat looks at.
const (
	notAnswering = "the database does not answer"
	readOnly     = "the database is read-only"
	databaseFull = "the disk of the database is full"
	pendingFound = "migrations are pending"
	wrongKey     = "the secret key of this machine is not the one that seals now"
	diskFull     = "the disk of this machine is full"
	diskUnknown  = "the disk of this machine cannot be looked at"
)

// heartbeat looks every few seconds whether a login could work, and keeps what it
// finds for readyz.
type heartbeat struct {
	db     *store.Store
	sealer *seal.Sealer
	dirs   []string // of whose disks there must be some left
	free   func(dir string) (uint64, error)
	ready  *kit.Readiness
	log    *slog.Logger
}

func (f serveFlags) heartbeat(db *database, sealer *seal.Sealer, ready *kit.Readiness, log *slog.Logger) heartbeat {
	return heartbeat{db: db.Store, sealer: sealer, free: freeSpace, ready: ready, log: log,
		dirs: []string{f.DataDir, filepath.Join(f.DataDir, "postgres"), filepath.Dir(f.keyFile(f.DataDir))}}
}

// tell passes on whether the private PostgreSQL is there, as soon as that changes:
// between two heartbeats it can be gone and back.
func (db *database) tell(ready *kit.Readiness) {
	if db.server == nil {
		return
	}
	db.server.OnChange(func(now embeddedpg.State) {
		if now.Down() {
			ready.Judge("server", "the private PostgreSQL has ended and is being started again: "+now.Reason)
		} else {
			ready.Judge("server", "")
		}
	})
}

// run looks until the context ends.
func (h heartbeat) run(ctx context.Context) error { return every(ctx, beatEvery, h.look) }

// obstacle is what readyz says is in the way of logins, and for the log why.
type obstacle struct {
	reason string // empty: nothing is against it
	err    error
}

// look looks at everything once.
func (h heartbeat) look(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, beatTime)
	defer cancel()
	found := map[string]obstacle{"disk": h.disk(), "schema": {}, "key": {}}
	if _, err := h.db.Beat(within); err != nil {
		found["database"] = obstacle{whyNot(err), err}
	} else {
		h.ready.Beat()
		found["database"], found["schema"], found["key"] = obstacle{}, h.schema(within), h.key(within)
	}
	if ctx.Err() != nil {
		return // it stops
	}
	for what, v := range found {
		if !h.ready.Judge(what, v.reason) {
			continue
		}
		if v.reason == "" {
			h.log.InfoContext(ctx, "nothing is in the way of logins any more", "of", what)
		} else {
			h.log.WarnContext(ctx, "logins cannot work", "reason", v.reason, "error", v.err)
		}
	}
}

func whyNot(err error) string {
	switch {
	case errors.Is(err, store.ErrReadOnly):
		return readOnly
	case errors.Is(err, store.ErrDiskFull):
		return databaseFull
	}
	return notAnswering
}

// schema says what is against this program on this database.
func (h heartbeat) schema(ctx context.Context) obstacle {
	err := h.db.CheckGate(ctx)
	if errors.Is(err, store.ErrOtherProgram) {
		return obstacle{err.Error(), err}
	}
	pending, other := h.db.PendingMigrations(ctx)
	if err := errors.Join(err, other); err != nil {
		return obstacle{notAnswering, err}
	}
	if len(pending) > 0 {
		return obstacle{reason: pendingFound}
	}
	return obstacle{}
}

// key says whether this process can seal as the others do.
func (h heartbeat) key(ctx context.Context) obstacle {
	set, err := h.db.Settings(ctx)
	if err != nil {
		return obstacle{notAnswering, err}
	}
	if set.KeyFingerprint == "" {
		return obstacle{}
	}
	if err := h.sealer.Use(set.KeyFingerprint); err != nil {
		return obstacle{wrongKey, err}
	}
	return obstacle{}
}

// disk says whether there is room on this machine. A folder that is not there,
// because database and key are elsewhere, needs none.
func (h heartbeat) disk() obstacle {
	for _, dir := range h.dirs {
		free, err := h.free(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return obstacle{diskUnknown, err}
		}
		if free < leastFree {
			return obstacle{diskFull, fmt.Errorf("%s: %d MiB are free, and less than %d are too little", dir, free>>20, leastFree>>20)}
		}
	}
	return obstacle{}
}

// freeSpace is how much an ordinary account may still write there, in bytes.
func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil
}
