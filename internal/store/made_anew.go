package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// MadeAnew is one event on a connection: people came whose usernames are known,
// and AWS called them by other ids than before. They were made anew there: the
// identity source was changed, or the instance moved.
type MadeAnew struct {
	Connection string // slug
	Name       string // of the connection
	Refused    int    // people whose newest login within a day was refused for it
	Known      int    // people known here who came within a day, the refused among them
	Allowed    int    // of the refused, those who may be linked anew now
	Since      time.Time
}

// madeAnewLogins is how many of a connection's newest logins are looked at.
const madeAnewLogins = 5000

// Bounds from which on refusals are one event.
const (
	madeAnewWithin = 24 * time.Hour
	madeAnewLeast  = 3
)

// MadeAnew finds the live connections on which most of the known people who came
// within a day, and three at least, were refused because AWS calls them by other
// ids than before. It reads the newest logins of each, by their index.
func (s *Store) MadeAnew(ctx context.Context, now time.Time) ([]MadeAnew, error) {
	refused, err := single(ctx, s.db, pgx.RowTo[int], `select count(distinct username_key) from (
			select username_key, refusal from logins where code = @code and started_at > @after and not test order by started_at desc limit @newest) l
		where refusal ->> 'cause' = @cause`, named{"code": model.CodeUsernameTaken, "after": now.Add(-madeAnewWithin), "newest": madeAnewLogins,
		"cause": model.CauseLinkedElsewhere})
	if err != nil || refused < madeAnewLeast {
		return nil, err
	}
	return list(ctx, s.db, pgx.RowToStructByPos[MadeAnew], `
		select c.slug, coalesce(r.config ->> 'name', ''), n.refused, n.known, n.allowed, n.since
		from connections c left join revisions r on r.connection_id = c.id and r.state = 'live' cross join lateral (
			select count(*) filter (where p.refused) as refused, count(*) as known, count(k.id) as allowed, min(p.started_at) filter (where p.refused) as since
			from (select distinct on (l.username_key) l.username_key, l.outcome = 'refused' as refused, l.started_at
				from (select username_key, outcome, refusal, test, started_at from logins where connection = c.slug and started_at > @after
					order by started_at desc limit @newest) l
				where l.username_key <> '' and not l.test and (l.outcome = 'signed_in' or l.refusal ->> 'cause' = @cause)
				order by l.username_key, l.started_at desc) p
			left join users u on p.refused and u.username_key = p.username_key
			left join link_consents k on k.user_id = u.id and k.connection_id = c.id and k.why = 'link_anew' and k.taken_back_at is null and k.ends_at > @now) n
		where c.status = 'live' and n.refused >= @least and n.refused * 2 > n.known
		order by c.slug`, named{"after": now.Add(-madeAnewWithin), "now": now, "newest": madeAnewLogins, "cause": model.CauseLinkedElsewhere,
		"least": madeAnewLeast})
}
