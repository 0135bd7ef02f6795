package main

import (
	"context"
	"errors"
	"fmt"
)

type migrateCmd struct{ databaseFlags }

// Run applies pending migrations and says which.
func (c *migrateCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.open(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	applied, err := db.Migrate(ctx)
	for _, name := range applied {
		fmt.Fprintln(io.out, "applied", name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(io.out, "nothing to apply")
	}
	return err
}
