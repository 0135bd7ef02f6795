package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/postern-sso/postern/migrations"
)

// Limits of a migration. What it waits for, everybody else waits for behind it, so it
// gives way soon and comes again; what it does itself may take long. It must give way
// well before PostgreSQL looks for deadlocks (deadlock_timeout, 1 s): where a login and a
// migration wait for each other, that would end either, and so refuse somebody.
const (
	migrationTime    = 30 * time.Minute       // a statement
	migrationLock    = 300 * time.Millisecond // until it has a table
	migrationPause   = 500 * time.Millisecond // between two attempts
	migrationPatient = 5 * time.Minute        // until another process has migrated, or a table was free
)

// Migrate applies pending migrations, one process at a time, and returns the
// names of those it applied. A database for another version of the program is
// refused with ErrOtherProgram.
func (s *Store) Migrate(ctx context.Context) ([]string, error) {
	if err := s.CheckGate(ctx); err != nil {
		return nil, err
	}
	if s.pool == nil {
		return nil, errNoPool
	}
	m, err := s.forMigrations(ctx)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	var applied []string
	err = m.alone(ctx, func() error {
		err := m.CheckGate(ctx) // another may have migrated meanwhile
		if err == nil {
			applied, err = m.migrateAgain(ctx)
		}
		return err
	})
	switch {
	case errors.Is(err, ErrOtherProgram):
		return applied, err
	case err != nil:
		return applied, fmt.Errorf("apply migrations: %w", mayNot(err))
	}
	return applied, nil
}

// forMigrations is the same database with the limits of migrations.
func (s *Store) forMigrations(ctx context.Context) (*Store, error) {
	cfg := s.pool.Config()
	cfg.MaxConns, cfg.MinConns, cfg.MinIdleConns = 3, 0, 0 // the lock, goose, and a look at the gate
	if !s.pooler {
		maps.Copy(cfg.ConnConfig.RuntimeParams, map[string]string{"statement_timeout": milliseconds(migrationTime),
			"lock_timeout": milliseconds(migrationLock), "idle_in_transaction_session_timeout": "0"})
	}
	cfg.ConnConfig.Tracer = limits{free: poolLimits.free, call: migrationTime + 2*time.Second}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Store{db: pool, pool: pool, pooler: s.pooler}, nil
}

// alone runs f while no other process migrates. The lock is that of a transaction, which
// holds through a pooler too, and has the number that earlier versions lock with.
func (s *Store) alone(ctx context.Context, f func() error) error {
	for until := time.Now().Add(migrationPatient); ; {
		var mine bool
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock($1)", lock.DefaultLockID).Scan(&mine)
			if err != nil || !mine {
				return err
			}
			return f()
		})
		if err != nil || mine {
			return err
		}
		if time.Now().After(until) {
			return errors.New("another process has been migrating this database for minutes")
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// migrateAgain applies what is pending, and comes again where a table was in use.
func (s *Store) migrateAgain(ctx context.Context) (applied []string, err error) {
	for until := time.Now().Add(migrationPatient); ; {
		err = s.withGoose(func(p *goose.Provider) error {
			results, err := p.Up(ctx)
			var part *goose.PartialError
			if errors.As(err, &part) {
				results = part.Applied
			}
			for _, r := range results {
				applied = append(applied, r.Source.Path)
			}
			return err
		}, goose.WithAllowOutofOrder(true)) // numbers are given before changes land
		var pg *pgconn.PgError
		gaveWay := errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "40P01") // lock_not_available, deadlock_detected
		if !gaveWay || time.Now().After(until) {
			return applied, err
		}
		if err := pause(ctx); err != nil {
			return applied, err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(migrationPause):
		return nil
	}
}

// MigrateTo applies the migrations up to a number to a database that has none, or
// some of these: for a restore, which must be of the version of its backup.
func (s *Store) MigrateTo(ctx context.Context, number int64) error {
	return s.withGoose(func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, number)
		return err
	})
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
	sqlDB := stdlib.OpenDBFromPool(s.pool)
	defer func() { _ = sqlDB.Close() }() // gives connections back to the pool
	options = append(options, goose.WithDisableGlobalRegistry(true))
	p, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.FS, options...)
	if err != nil {
		return err
	}
	return f(p)
}
