package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/backup"
	"github.com/postern-sso/postern/internal/embeddedpg"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/ui"
)

// databaseCmd is about the private PostgreSQL.
type databaseCmd struct {
	Upgrade databaseUpgradeCmd `cmd:"" help:"Move the private PostgreSQL to the newest version that is installed. The old database is kept until --confirm."`
}

type databaseUpgradeCmd struct {
	DataDir string `name:"data-dir" env:"POSTERN_DATA_DIR" default:"./data" help:"Folder of the private PostgreSQL (${default})."`
	Confirm bool   `help:"Remove the database from before the upgrade." xor:"what"`
	Undo    bool   `help:"Put the database from before the upgrade back, as it was then." xor:"what"`
}

// Run upgrades, or ends an upgrade in one way or the other.
func (c *databaseUpgradeCmd) Run(ctx context.Context, io streams) error {
	if err := (databaseFlags{DataDir: c.DataDir}).checkFolder(); err != nil {
		return err
	}
	o := embeddedpg.Options{DataDir: c.DataDir}
	switch {
	case c.Confirm:
		if err := embeddedpg.Confirm(o); err != nil {
			return err
		}
		fmt.Fprintln(io.out, "The database from before the upgrade is removed.")
		return nil
	case c.Undo:
		aside, err := embeddedpg.Undo(o)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "The database is as it was before the upgrade. What was changed since is in %s only; remove that when you do not need it.\n", aside)
		return nil
	}
	var moved backup.Summary
	v, err := embeddedpg.Upgrade(ctx, o, func(ctx context.Context, from, to string) (err error) {
		moved, err = moveDatabase(ctx, from, to)
		return err
	})
	switch {
	case errors.Is(err, embeddedpg.ErrNoNewer):
		return fmt.Errorf("%w: the database is of PostgreSQL %d. Install a newer one first, and leave PostgreSQL %[2]d on the machine: it opens the old database",
			err, v.Cluster)
	case errors.Is(err, embeddedpg.ErrUnconfirmed):
		return fmt.Errorf("%w. First “console database upgrade --confirm” removes it, or “--undo” goes back to it", err)
	case err != nil:
		return fmt.Errorf("%w. Nothing was changed", err)
	}
	fmt.Fprintf(io.out, "The database is moved from PostgreSQL %d to %d: %s of %s.\nStart “console serve” and look whether all is well. "+
		"Then “console database upgrade --confirm” removes the old database; “console database upgrade --undo” goes back to it, without what was changed since.\n",
		v.Cluster, v.Newest, ui.Count(int(moved.Rows), "row", "rows"), ui.Count(moved.Tables, "table", "tables"))
	return nil
}

// moveDatabase copies everything into a database in which nothing is.
func moveDatabase(ctx context.Context, from, to string) (s backup.Summary, err error) {
	young, err := store.Open(ctx, to)
	if err != nil {
		return s, err
	}
	defer young.Close()
	source, err := pgx.Connect(ctx, from)
	if err != nil {
		return s, err
	}
	defer func() { _ = source.Close(context.WithoutCancel(ctx)) }() // nothing is pending on it
	newest, err := backup.SchemaOf(ctx, source)
	if err != nil {
		return s, err
	}
	if err := young.MigrateTo(ctx, newest); err != nil {
		return s, err
	}
	target, err := pgx.Connect(ctx, to)
	if err != nil {
		return s, err
	}
	defer func() { _ = target.Close(context.WithoutCancel(ctx)) }() // nothing is pending on it
	if s, err = backup.Copy(ctx, source, target); err != nil {
		return s, err
	}
	return s, young.GrantRun(ctx, embeddedpg.RunRole)
}

// versionWords are what is to be said of the versions of the private PostgreSQL; empty: nothing.
func versionWords(v embeddedpg.Versions) string {
	switch {
	case v.Kept != 0:
		return fmt.Sprintf("the database from before the upgrade from PostgreSQL %d is still kept. "+
			"“console database upgrade --confirm” removes it, --undo goes back to it",
			v.Kept)
	case v.Cluster != 0 && v.Newest > v.Cluster:
		return fmt.Sprintf("PostgreSQL %d is installed, and the private database is still of version %d. Stop Postern and run “console database upgrade”. "+
			"Until then PostgreSQL %[2]d must stay on this machine", v.Newest, v.Cluster)
	}
	return ""
}

// tellVersions logs at the start what is to be known of the private PostgreSQL.
func (f databaseFlags) tellVersions(ctx context.Context, log *slog.Logger) {
	if f.DatabaseURL != "" {
		return
	}
	v, err := embeddedpg.FindVersions(ctx, embeddedpg.Options{DataDir: f.DataDir})
	if words := versionWords(v); err == nil && words != "" {
		log.WarnContext(ctx, words) //nolint:sloglint // one of a few sentences
	}
}

// checkVersion is what doctor says of the private PostgreSQL.
func (f databaseFlags) checkVersion(ctx context.Context) []finding {
	if f.DatabaseURL != "" {
		return nil
	}
	const what = "private PostgreSQL"
	v, err := embeddedpg.FindVersions(ctx, embeddedpg.Options{DataDir: f.DataDir})
	words := versionWords(v)
	switch {
	case err != nil:
		return []finding{{stateFail, what, err.Error()}}
	case words != "":
		return []finding{{stateWarn, what, words}}
	}
	return []finding{{stateOK, what, fmt.Sprintf("version %d", v.Cluster)}}
}
