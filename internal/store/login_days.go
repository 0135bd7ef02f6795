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

func scanLoginDay(row pgx.CollectableRow) (d LoginDay, err error) {
	err = row.Scan(&d.Day, &d.Outcome, &d.Code, &d.Count)
	return d, err
}
