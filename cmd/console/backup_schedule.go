package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/web/kit"
)

// scheduleFlags say where serve puts backups by itself, and when.
type scheduleFlags struct {
	BackupDir   string        `name:"backup-dir" env:"POSTERN_BACKUP_DIR" placeholder:"FOLDER" help:"Folder into which backups are made by themselves; empty: none are."`
	BackupEvery time.Duration `name:"backup-every" env:"POSTERN_BACKUP_EVERY" default:"24h" help:"How old the newest backup becomes before another is made (${default})."`
	BackupKeep  int           `name:"backup-keep" env:"POSTERN_BACKUP_KEEP" default:"14" help:"How many backups are kept in that folder (${default})."`
}

const (
	backupLook  = time.Minute      // how often it is looked whether one is due
	backupAgain = 10 * time.Minute // after one that failed
	leastEvery  = time.Minute

	backupName = "postern-20060102T150405Z.backup" // as time has it
)

// check judges the flags.
func (f scheduleFlags) check(p passphraseFlags) error {
	if f.BackupDir == "" {
		return nil
	}
	if f.BackupEvery < leastEvery {
		return fmt.Errorf("--backup-every %s: want a minute or more", f.BackupEvery)
	}
	if f.BackupKeep < 1 {
		return fmt.Errorf("--backup-keep %d: want 1 or more", f.BackupKeep)
	}
	passphrase, err := p.givenPassphrase()
	if err == nil && passphrase == "" {
		err = errors.New("--backup-dir wants a passphrase: in a file with --passphrase-file, or in " + passphraseVariable)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.BackupDir, 0o700); err != nil {
		return fmt.Errorf("--backup-dir: %w", err)
	}
	return nil
}

// newest is when the newest backup in the folder was made, by its name; zero when
// there is none. all are the names of those that were made by themselves, the oldest
// first.
func (f scheduleFlags) newest() (at time.Time, all []string, err error) {
	entries, err := os.ReadDir(f.BackupDir)
	if err != nil {
		return at, nil, err
	}
	for _, e := range entries {
		if made, err := time.Parse(backupName, e.Name()); err == nil && e.Type().IsRegular() {
			at, all = made, append(all, e.Name())
		}
	}
	slices.Sort(all) // as ReadDir has them
	return at, all, nil
}

// schedule makes a backup whenever one is due, until the context ends.
func (f serveFlags) schedule(ctx context.Context, db *database, backups *kit.Backups, log *slog.Logger) error {
	if f.BackupDir == "" {
		return nil
	}
	notBefore := time.Time{}
	look := func(ctx context.Context) {
		now := time.Now()
		if now.Before(notBefore) {
			return
		}
		made, err := f.makeDue(ctx, db, now)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			notBefore = now.Add(min(backupAgain, f.BackupEvery))
			log.ErrorContext(ctx, "A backup could not be made. It is tried again.", "folder", f.BackupDir, "error", err)
			backups.Failed(now, made, strings.TrimSuffix(err.Error(), ".")+".")
		default:
			backups.Made(made)
		}
		if err != nil || made.After(now.Add(-time.Second)) {
			debug.FreeOSMemory() // what a key of the passphrase took is not needed for a day
		}
	}
	look(ctx)
	return every(ctx, backupLook, look)
}

// makeDue makes a backup where the newest is too old, removes what is too many, and
// returns when the newest was made.
func (f serveFlags) makeDue(ctx context.Context, db *database, now time.Time) (time.Time, error) {
	last, _, err := f.newest()
	if err != nil || now.Sub(last) < f.BackupEvery {
		return last, err
	}
	passphrase, err := f.givenPassphrase()
	if err != nil {
		return last, err
	}
	at := now.UTC().Truncate(time.Second)
	if _, err := f.backup(ctx, db, f.DataDir, filepath.Join(f.BackupDir, at.Format(backupName)), passphrase); err != nil {
		return last, err
	}
	_, all, err := f.newest()
	if err != nil {
		return at, err
	}
	for _, name := range all[:max(0, len(all)-f.BackupKeep)] {
		if err := os.Remove(filepath.Join(f.BackupDir, name)); err != nil {
			return at, fmt.Errorf("remove an old backup: %w", err)
		}
	}
	return at, f.removePartial(now)
}

// removePartial removes what a backup left that was killed on its way.
func (f scheduleFlags) removePartial(now time.Time) error {
	left, err := filepath.Glob(filepath.Join(f.BackupDir, ".postern-*.backup-*.partial"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && now.Sub(info.ModTime()) > time.Hour {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("remove a backup that was not finished: %w", err)
			}
		}
	}
	return nil
}

// finding is what doctor says of the backups in the folder.
func (f scheduleFlags) finding(now time.Time) []finding {
	const what = "backups"
	if f.BackupDir == "" {
		return nil
	}
	last, all, err := f.newest()
	switch {
	case err != nil:
		return []finding{{stateFail, what, err.Error()}}
	case len(all) == 0:
		return []finding{{stateFail, what, "there is none in " + f.BackupDir}}
	case now.Sub(last) > 2*f.BackupEvery:
		return []finding{{stateFail, what, fmt.Sprintf("the newest in %s is of %s, older than twice %s; the log of serve says why", f.BackupDir,
			last.Format(time.RFC3339), f.BackupEvery)}}
	}
	return []finding{{stateOK, what, fmt.Sprintf("%d in %s, the newest of %s", len(all), f.BackupDir, last.Format(time.RFC3339))}}
}
