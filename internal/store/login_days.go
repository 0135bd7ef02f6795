package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// LoginDay counts the logins of one day that ended one way.
type LoginDay struct {
	Day     time.Time // midnight, UTC
	Outcome model.Outcome
	Code    model.Code // of a refusal
	Count   int
}

// LoginDays counts ended logins since a day, by day, outcome and reason, tests
// left out; days and outcomes that nothing happened on are left out, too. An
// empty connection means all. It reads a small table that every trace keeps up
// to date, never the logins themselves.
func (s *Store) LoginDays(ctx context.Context, connection string, since time.Time) ([]LoginDay, error) {
	return list(ctx, s.db, scanLoginDay, `
		select day, outcome, code, sum(count) from login_days
		where day >= @since::date and (@connection = '' or connection = @connection)
		group by day, outcome, code order by day, outcome, code`,
		named{"since": since.UTC().Format(time.DateOnly), "connection": connection})
}

// LoginHours counts ended logins that began since a time by hour and outcome, as
// LoginDays does by day; Day is the begin of the hour. The index logins_outcome has all
// that it asks for; the tests, which are few, are taken off again.
func (s *Store) LoginHours(ctx context.Context, since time.Time) ([]LoginDay, error) {
	return list(ctx, s.db, scanLoginDay, `
		select hour, outcome, '', sum(n) from (
			select date_trunc('hour', started_at, 'UTC') as hour, outcome, count(*) as n from logins
			where outcome in ('signed_in', 'refused') and started_at >= @since group by 1, 2
			union all
			select date_trunc('hour', started_at, 'UTC'), outcome, -count(*) from logins
			where test and outcome in ('signed_in', 'refused') and started_at >= @since group by 1, 2) counted
		group by hour, outcome having sum(n) > 0 order by hour, outcome`, named{"since": since})
}

func scanLoginDay(row pgx.CollectableRow) (d LoginDay, err error) {
	err = row.Scan(&d.Day, &d.Outcome, &d.Code, &d.Count)
	return d, err
}
