package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/ui"
)

type secretReplaceCmd struct {
	databaseFlags
	secretFlags
	GiveUp bool `name:"give-up" help:"Do it. Without this nothing is changed."`
}

// noKey opens nothing.
type noKey struct{}

func (noKey) Open([]byte, string) ([]byte, error)     { return nil, seal.ErrOpen }
func (noKey) Seal(_ []byte, _ string) ([]byte, error) { return nil, seal.ErrNoKey }
func (noKey) Prefix() []byte                          { return []byte{} }

// Run says what was sealed with a key that is not there any more, and with
// --give-up goes on without that.
func (c *secretReplaceCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	opener, err := c.lost(ctx, db)
	if err != nil {
		return err
	}
	if !c.GiveUp {
		lost, err := db.CountLost(ctx, opener)
		if err != nil {
			return err
		}
		printLost(io.out, "What was sealed with the lost key, and can be read no more:", lost)
		fmt.Fprintln(io.out, "Nothing was changed. If the key is in a backup, put it back instead (console restore --key-only FILE).\n"+
			"To go on without it: console secret replace --give-up")
		return nil
	}
	sealer, err := c.newSealer(c.DataDir)
	if err != nil {
		return err
	}
	lost, err := db.GiveUpLost(ctx, shell, sealer, sealer.Fingerprint())
	if err != nil {
		return err
	}
	printLost(io.out, "Given up, because the key that sealed it was lost:", lost)
	fmt.Fprintf(io.out, "Key %s seals from now on (%s). Keep a copy of it apart from the database,\n"+
		"give it to every machine that runs Postern, and start them.\n", sealer.Fingerprint(), c.where(c.DataDir))
	return nil
}

// lost makes sure that the key of the database is not here and that nobody runs
// with it, and returns what opens things here.
func (c *secretReplaceCmd) lost(ctx context.Context, db *database) (store.Resealer, error) {
	set, err := db.Settings(ctx)
	if err != nil {
		return nil, err
	}
	if set.KeyFingerprint == "" {
		return nil, errors.New("nothing was sealed yet, so there is nothing to give up. “console serve” makes a key when it starts for the first time")
	}
	sealer, err := c.sealer(c.DataDir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return noKey{}, db.CheckNobodyRuns(ctx)
	case err != nil:
		return nil, fmt.Errorf("%w. To go on without it, move the file away first", err)
	case sealer.Use(set.KeyFingerprint) == nil:
		return nil, fmt.Errorf("%s has the key of this database: nothing is lost. “console secret rotate” changes over to another one", c.where(c.DataDir))
	}
	return sealer, db.CheckNobodyRuns(ctx)
}

func printLost(w io.Writer, head string, lost []store.Lost) {
	if len(lost) == 0 {
		fmt.Fprintln(w, "Nothing is sealed with the lost key.")
		return
	}
	fmt.Fprintln(w, head)
	for _, l := range lost {
		fmt.Fprintf(w, "  %s: %s\n", ui.Count(l.Count, l.One, l.Several), l.Then)
	}
}
