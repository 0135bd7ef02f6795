package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClockSample is the evidence of one measurement of the clocks, as the trace has
// it: the check's two values.
type ClockSample struct {
	StartedAt time.Time
	Expected  string
	Received  string
}

// ClockSamples reads a check of the newest logins of each day (UTC) of a
// connection, up to perDay logins a day, for so many days up to now. It looks
// at no more traces than that, however many there are.
func (s *Store) ClockSamples(ctx context.Context, connection, check string, now time.Time, days, perDay int) ([]ClockSample, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	return list(ctx, s.db, scanClockSample, `
		select l.started_at, c ->> 'expected', c ->> 'received'
		from generate_series(0, @days::int - 1) as back,
		lateral (select started_at, checks from logins
			where connection = @connection
			  and started_at >= @today::timestamptz - make_interval(hours => 24 * back)
			  and started_at < @today::timestamptz - make_interval(hours => 24 * (back - 1))
			order by started_at desc limit @per) l,
		lateral jsonb_array_elements(l.checks) c
		where c ->> 'id' = @check and c ? 'expected' and c ? 'received'
		order by l.started_at`,
		named{"days": days, "connection": connection, "today": today, "per": perDay, "check": check})
}

func scanClockSample(row pgx.CollectableRow) (c ClockSample, err error) {
	err = row.Scan(&c.StartedAt, &c.Expected, &c.Received)
	return c, err
}
