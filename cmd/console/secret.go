package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
)

// followEvery is how long a running process may go on sealing with the key
// before.
const followEvery = 2 * time.Second

// secretCmd changes the key that seals secrets at rest.
type secretCmd struct {
	New    secretNewCmd    `cmd:"" help:"Make a key file, where several Posterns are to share it from the first start on."`
	Rotate secretRotateCmd `cmd:"" help:"Seal everything with a new key, while Postern runs."`
	Forget secretForgetCmd `cmd:"" help:"Remove the keys that nothing is sealed with any more."`

	Replace secretReplaceCmd `cmd:"" help:"Go on without a key that was lost: say what it sealed, and with --give-up let go of that."`
}

type secretRotateCmd struct {
	databaseFlags
	secretFlags
	Prepare bool          `help:"Only put the new key into the file, so that it can be copied to the other machines first."`
	Settle  time.Duration `hidden:"" default:"6s" help:"How long to wait for running processes to follow."`
}

var errKeyInEnvironment = errors.New("the secret key is in POSTERN_SECRET_KEY, where it cannot be changed. " +
	"Put it into a file (mode 0600), start every Postern with --secret-key-file, then rotate")

// Run makes another key the one that seals, and seals everything anew.
func (c *secretRotateCmd) Run(ctx context.Context, io streams) (err error) {
	if c.SecretKey != "" {
		return errKeyInEnvironment
	}
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	sealer, err := c.openSealer(ctx, db, c.DataDir)
	if err != nil {
		return err
	}
	file := c.keyFile(c.DataDir)
	next, err := nextKey(sealer, file)
	if err != nil {
		return err
	}
	if c.Prepare {
		fmt.Fprintf(io.out, "%s now holds the next key, %s. Copy the file to every machine that runs Postern, then run “console secret rotate”.\n", file, next)
		return nil
	}
	before := sealer.Fingerprint()
	if err := db.SaveSettings(ctx, shell, func(s *store.Settings) error { s.KeyFingerprint = next; return nil }); err != nil {
		return err
	}
	if err := sealer.Use(next); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "Key %s seals from now on, in place of %s.\n", next, before)
	if err := resealAll(ctx, io, db, sealer, c.Settle); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "Everything is sealed with it. %s still holds the old key: copies of the database made before now need it.\n"+
		"Remove it with “console secret forget” once you need none of them.\n", file)
	return nil
}

// nextKey is the key to change over to: one that was prepared, else a new one.
func nextKey(sealer *seal.Sealer, file string) (string, error) {
	names := sealer.Fingerprints()
	at := slices.Index(names, sealer.Fingerprint())
	if at < len(names)-1 {
		return names[len(names)-1], nil
	}
	return seal.AddKey(file)
}

// maxRounds is how often values are sealed anew before something must be wrong.
const maxRounds = 10

// resealAll seals everything anew until nothing is left: processes that run may
// go on with the old key for a moment.
func resealAll(ctx context.Context, io streams, db *database, sealer *seal.Sealer, settle time.Duration) error {
	for round := range maxRounds {
		done, lost, err := db.Reseal(ctx, sealer)
		if err != nil {
			return err
		}
		if done > 0 {
			fmt.Fprintf(io.out, "Values sealed anew: %d.\n", done)
		}
		if lost > 0 {
			return fmt.Errorf("values that open with no key in the file: %d. They were left as they are. The new key is in use all the same", lost)
		}
		if done == 0 && round > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settle):
		}
	}
	return errors.New("another machine goes on sealing with the old key. Copy the secret key file to it, then run “console secret rotate” again")
}

type secretForgetCmd struct {
	databaseFlags
	secretFlags
}

// Run removes the keys that nothing needs from the file.
func (c *secretForgetCmd) Run(ctx context.Context, io streams) (err error) {
	if c.SecretKey != "" {
		return errKeyInEnvironment
	}
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	sealer, err := c.openSealer(ctx, db, c.DataDir)
	if err != nil {
		return err
	}
	left, err := db.CountSealedOtherwise(ctx, sealer.Prefix())
	if err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("values that are still sealed with another key: %d. Run “console secret rotate” first", left)
	}
	if err := db.RecordAudit(ctx, shell, "settings.keys_forgotten", "", "Of the keys only "+sealer.Fingerprint()+" is left."); err != nil {
		return err
	}
	if err := seal.KeepOnly(c.keyFile(c.DataDir), sealer.Fingerprint()); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s holds only key %s now.\n", c.keyFile(c.DataDir), sealer.Fingerprint())
	return nil
}

// followKey seals with the key that the database names, also when that changes
// while this process runs.
func followKey(ctx context.Context, db *database, sealer *seal.Sealer, log *slog.Logger) error {
	return every(ctx, followEvery, func(ctx context.Context) {
		set, err := db.Settings(ctx)
		if err != nil || set.KeyFingerprint == "" {
			return // keepHouse says when the database does not answer
		}
		if err := sealer.Use(set.KeyFingerprint); err != nil {
			log.ErrorContext(ctx, "the secret key of this machine is out of date: copy the secret key file here from where “console secret rotate” ran",
				"wanted", set.KeyFingerprint, "error", err)
		}
	})
}
