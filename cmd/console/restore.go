package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/backup"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/migrations"
)

type restoreCmd struct {
	databaseFlags
	secretFlags
	passphraseFlags
	File   string `arg:"" help:"The backup." type:"path"`
	Verify bool   `help:"Restore nothing: read the backup whole, and say what it is."`

	KeyOnly bool `name:"key-only" help:"Restore only the secret key, for a database that is there and whose key is lost."`
}

// Run puts a backup into an empty database. Nothing is written before the whole file
// was read and found to be as it was made.
func (c *restoreCmd) Run(ctx context.Context, io streams) (err error) {
	passphrase, err := c.passphrase(io, false)
	if err != nil {
		return err
	}
	s, err := verifyFile(c.File, passphrase)
	if err != nil {
		return fmt.Errorf("%w. Nothing was written", err)
	}
	if c.Verify {
		fmt.Fprintf(io.out, "%s is whole: %s\n", c.File, toldBackup(s))
		return nil
	}
	if newest := migrations.Newest(); s.Schema > newest {
		return fmt.Errorf("%s: %w (%s; its database has migration %d, and this one knows them up to %d). Restore it with that version or a newer one. "+
			"Nothing was written", c.File, backup.ErrNewer, s.Program, s.Schema, newest)
	}
	if err := c.checkKeyPlace(s); err != nil {
		return err
	}
	if c.KeyOnly {
		return c.restoreKey(io, s)
	}
	db, err := c.own(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	made, err := c.restore(ctx, db, s.Header, passphrase)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "Restored from %s: %s\n", c.File, toldBackup(s))
	switch {
	case made:
		fmt.Fprintf(io.out, "The secret key is in %s.\n", c.keyFile(c.DataDir))
	case len(s.Key) > 0:
		fmt.Fprintf(io.out, "The secret key was there already: %s.\n", c.where(c.DataDir))
	}
	applied, err := db.Migrate(ctx)
	for _, name := range applied {
		fmt.Fprintln(io.out, "applied", name)
	}
	if err != nil {
		return fmt.Errorf("everything is restored, but newer migrations could not be applied; “console migrate” tries again: %w", err)
	}
	fmt.Fprintln(io.out, "Ended with it: every session, what apps were granted, logins under way, setup links and links to follow a login.\n"+
		"Make sure that no other Postern runs with the same data, then start “console serve”.")
	return nil
}

// restoreKey puts back the key alone.
func (c *restoreCmd) restoreKey(io streams, s backup.Summary) error {
	if len(s.Key) == 0 {
		return fmt.Errorf("%s has no secret key in it, since nothing was sealed yet when it was made", c.File)
	}
	switch err := c.putKey(s); {
	case errors.Is(err, os.ErrExist): // the right one, as checkKeyPlace found
		fmt.Fprintf(io.out, "The secret key was there already: %s.\n", c.where(c.DataDir))
	case err != nil:
		return err
	default:
		fmt.Fprintf(io.out, "The secret key is in %s. “console doctor” says whether it is the database's.\n", c.keyFile(c.DataDir))
	}
	return nil
}

// checkKeyPlace makes sure, before anything is written, that the key has a place: none
// is there yet, or the very one.
func (c *restoreCmd) checkKeyPlace(s backup.Summary) error {
	if len(s.Key) == 0 {
		return nil
	}
	sealer, err := c.sealer(c.DataDir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%w. Nothing was written", err)
	case sealer.Use(s.KeyNamed) != nil:
		return fmt.Errorf("%s has another key than the backup. Move it away, or name another place with --secret-key-file. Nothing was written", c.where(c.DataDir))
	}
	return nil
}

// restore does it, and tells whether it made the key file.
func (c *restoreCmd) restore(ctx context.Context, db *database, head backup.Header, passphrase string) (madeKey bool, err error) {
	conn, err := pgx.Connect(ctx, db.ownersURL())
	if err != nil {
		return false, fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is pending on it
	if err := backup.Check(ctx, conn, head); err != nil {
		return false, fmt.Errorf("%w. Nothing was written", err)
	}
	if err := db.migrateTo(ctx, head.Schema); err != nil {
		return false, err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return false, err
	}
	defer file.Close() //nolint:errcheck // only read
	_, err = backup.Restore(ctx, conn, file, passphrase, func(s backup.Summary, tx pgx.Tx) error {
		note := fmt.Sprintf("Of %s, made by Postern %s.", s.Made.UTC().Format("2006-01-02 15:04:05 UTC"), s.Program)
		if err := store.NewOnTx(tx).RecordAudit(ctx, shell, "settings.restored", "", note); err != nil || len(s.Key) == 0 {
			return err
		}
		err := c.putKey(s)
		madeKey = err == nil
		if errors.Is(err, os.ErrExist) { // the right one, as checkKeyPlace found
			return nil
		}
		return err
	})
	if err != nil && madeKey {
		err = errors.Join(err, os.Remove(c.keyFile(c.DataDir)))
	}
	return madeKey, err
}

// putKey writes the key file; os.ErrExist when there is one, or the key is in the
// environment.
func (c *restoreCmd) putKey(s backup.Summary) error {
	if c.SecretKey != "" {
		return os.ErrExist
	}
	return seal.Put(c.keyFile(c.DataDir), s.Key)
}
