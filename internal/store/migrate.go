package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/postern-sso/postern/migrations"
)

// Migrate applies pending migrations, one process at a time, and returns the
// names of those it applied. A database for another version of the program is
// refused with ErrOtherProgram.
func (s *Store) Migrate(ctx context.Context) ([]string, error) {
	if err := s.CheckGate(ctx); err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	var applied []string
	err = s.withGoose(func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			applied = append(applied, r.Source.Path)
		}
		return err
	}, goose.WithSessionLocker(locker))
	if err != nil {
		return applied, fmt.Errorf("apply migrations: %w", mayNot(err))
	}
	return applied, nil
}

// PendingMigrations returns the names of the migrations not applied yet, in order.
func (s *Store) PendingMigrations(ctx context.Context) ([]string, error) {
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return nil, err
	}
	var pending []string
	for n, name := range migrations.Numbers() {
		if !applied[n] {
			pending = append(pending, name)
		}
	}
	slices.Sort(pending)
	return pending, nil
}

// errNoPool: migrations need connections of their own.
var errNoPool = errors.New("migrations do not run inside a transaction")

func (s *Store) withGoose(f func(*goose.Provider) error, options ...goose.ProviderOption) error {
	if s.pool == nil {
		return errNoPool
	}
	sqlDB := stdlib.OpenDBFromPool(s.pool)
	defer func() { _ = sqlDB.Close() }() // gives connections back to the pool
	options = append(options, goose.WithDisableGlobalRegistry(true))
	p, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.FS, options...)
	if err != nil {
		return err
	}
	return f(p)
}
