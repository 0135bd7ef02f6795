package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// PoolFigures is how the pool of connections does.
type PoolFigures struct {
	Max, Open, InUse, Idle float64 // connections
	Taken, Waited, GivenUp float64 // how often, since the start
	WaitedFor              float64 // seconds, all together
}

// PoolFigures tells how the pool does; false on a transaction, which has none.
func (s *Store) PoolFigures() (PoolFigures, bool) {
	if s.pool == nil {
		return PoolFigures{}, false
	}
	p := s.pool.Stat()
	return PoolFigures{
		Max: float64(p.MaxConns()), Open: float64(p.TotalConns()), InUse: float64(p.AcquiredConns()), Idle: float64(p.IdleConns()),
		Taken: float64(p.AcquireCount()), Waited: float64(p.EmptyAcquireCount()), GivenUp: float64(p.CanceledAcquireCount()),
		WaitedFor: p.EmptyAcquireWaitTime().Seconds(),
	}, true
}

// Undelivered is how many warnings are not delivered yet, by channel: of the ways that
// are set up.
func (s *Store) Undelivered(ctx context.Context) (map[string]int, error) {
	rows, err := s.db.Query(ctx, `select channel, count(*)::int from notices, warnings w where sent_at is null
		and case channel when 'mail' then w.smtp_host <> '' else w.webhook_shown <> '' or w.webhook_url <> '' end group by channel`)
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	var channel string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&channel, &n}, func() error { all[channel] = n; return nil })
	return all, err
}
