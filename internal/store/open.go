package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Limits of the connection pool.
const (
	maxConnections   = 16 // unless the URL says pool_max_conns
	statementTimeout = 30 * time.Second
	connectTimeout   = 10 * time.Second
	failoverTimeout  = 3 * time.Second // the same, where the URL names several servers
	pingTimeout      = 3 * time.Second // whether a connection that was idle still answers
	idleTransaction  = 2 * time.Minute // of a process that hangs; a client may read a part of a list for one
)

// Option changes how Open connects.
type Option func(*pgxpool.Config)

// WithTracer tells t of every query, for measurements.
func WithTracer(t pgx.QueryTracer) Option {
	return func(cfg *pgxpool.Config) { follow(cfg, t) }
}

// follow adds a tracer to those that there are.
func follow(cfg *pgxpool.Config, t pgx.QueryTracer) {
	if there := cfg.ConnConfig.Tracer; there != nil {
		t = multitracer.New(there, t)
	}
	cfg.ConnConfig.Tracer = t
}

// Open connects to the database at url and checks that it answers. It does not
// migrate. An error names the host, never the password.
func Open(ctx context.Context, url string, options ...Option) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database URL cannot be read; want postgres://USER:PASSWORD@HOST/DATABASE")
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = maxConnections
	}
	cfg.PingTimeout = pingTimeout
	if !strings.Contains(url, "connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = timeToConnect(cfg.ConnConfig)
	}
	cfg.ConnConfig.DialFunc = (&net.Dialer{KeepAliveConfig: keepAlive}).DialContext
	cfg.ConnConfig.RuntimeParams["application_name"] = "postern"
	maps.Copy(cfg.ConnConfig.RuntimeParams, serverSettings)
	follow(cfg, poolLimits)
	follow(cfg, queries{}) // nothing where nothing is traced
	full := new(fullDisk)
	follow(cfg, full)
	for _, o := range options {
		o(cfg)
	}
	s, err := openPool(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the database at %s: %w", cfg.ConnConfig.Host, err)
	}
	s.full = full
	return s, nil
}

// timeToConnect is shorter where another server may have taken over from one that hangs.
func timeToConnect(cfg *pgx.ConnConfig) time.Duration {
	for _, f := range cfg.Fallbacks { // of one server too: with TLS and without
		if f.Host != cfg.Host || f.Port != cfg.Port {
			return failoverTimeout
		}
	}
	return connectTimeout
}

// keepAlive finds a peer that is gone without a word within a minute.
var keepAlive = net.KeepAliveConfig{ //nolint:gochecknoglobals // a constant
	Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3,
}

// serverSettings are what each connection asks of PostgreSQL itself. A pooler such as
// PgBouncer cannot hand them on; then they are what the role has.
var serverSettings = map[string]string{ //nolint:gochecknoglobals // a constant
	"statement_timeout":                   milliseconds(statementTimeout),
	"idle_in_transaction_session_timeout": milliseconds(idleTransaction),
	// No query here runs for long enough to be worth compiling. PostgreSQL thinks so
	// of some, while its statistics are of a younger database, and takes seconds.
	"jit": "off",
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// openPool connects as it does to PostgreSQL itself. Where a pooler answers, it
// connects anew with what works through one: nothing that belongs to a connection, since
// each transaction may get another one.
func openPool(ctx context.Context, cfg *pgxpool.Config) (*Store, error) {
	s, pooler, err := tryPool(ctx, cfg)
	if !pooler {
		return s, err
	}
	if s != nil {
		s.Close()
	}
	for name := range serverSettings {
		delete(cfg.ConnConfig.RuntimeParams, name)
	}
	if cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe // statements without a name
	}
	s, _, err = tryPool(ctx, cfg)
	if err == nil {
		s.pooler = true
	}
	return s, err
}

// tryPool tells whether a pooler is between, by the number of the server's process that
// PostgreSQL itself says first and a pooler cannot know, or by a pooler's own refusal of
// what it does not hand on.
func tryPool(ctx context.Context, cfg *pgxpool.Config) (s *Store, pooler bool, err error) {
	pool, err := pgxpool.NewWithConfig(ctx, cfg.Copy())
	if err != nil {
		return nil, false, err
	}
	var said, is uint32
	err = pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		said = c.Conn().PgConn().PID()
		return c.QueryRow(ctx, "select pg_backend_pid()", pgx.QueryExecModeExec).Scan(&is)
	})
	if err != nil {
		pool.Close()
		var pg *pgconn.PgError
		refused := errors.As(err, &pg) && strings.Contains(pg.Message, "unsupported startup parameter")
		return nil, refused, err
	}
	return &Store{db: pool, pool: pool}, said != is, nil
}

// ThroughPooler tells whether a pooler such as PgBouncer is between, so that settings of
// a connection do not reach PostgreSQL.
func (s *Store) ThroughPooler() bool { return s.pooler }
