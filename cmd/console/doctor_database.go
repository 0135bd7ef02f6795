package main

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// What doctor says of the way to the database.
const (
	throughPooler = "through a pooler such as PgBouncer"
	withoutTLS    = "without TLS over a network: who listens reads everything, and can pretend to be the database. Put sslmode=verify-full into the address"
	uncheckedTLS  = "with TLS, but whoever pretends to be the database is believed. Put sslmode=verify-full into the address"
	fallsBack     = "with TLS now, but without where the server has none: who sits between can make it so. Put sslmode=verify-full into the address"
)

// checkConnection says how the database is reached, and what is against that.
func checkConnection(ctx context.Context, db *database) finding {
	text := "connected to " + db.where
	if db.ThroughPooler() {
		text += ", " + throughPooler
	}
	against, err := openToListeners(ctx, db.Pool())
	switch {
	case err != nil:
		return finding{stateFail, "database", err.Error()}
	case against != "":
		return finding{stateWarn, "database", text + ", " + against}
	}
	return finding{stateOK, "database", text}
}

// openToListeners says what is against the way to a database on another machine; empty:
// nothing.
func openToListeners(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	c, err := pool.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer c.Release()
	return judgeWay(c.Conn().PgConn().Conn(), pool.Config().ConnConfig), nil
}
