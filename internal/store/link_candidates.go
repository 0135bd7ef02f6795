package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// mayAllow are users whom administrators made and whom the next sign-in through
// the connection would not be linked to, as nobody ever allowed or took it back:
// those from before there was consent, and from before the connection was live.
// Whether they may use the console is asked of those who are left.
const mayAllow = `u.active and u.source = 'manual'
	and not exists (select from identities i where i.user_id = u.id and i.connection_id = c.id)
	and not exists (select from link_consents k where k.user_id = u.id and k.connection_id = c.id)`

// mayLinkAnew are users who are linked to somebody on the connection, and may not
// be linked anew already.
const mayLinkAnew = `u.active and not ` + administers + `
	and exists (select from identities i where i.user_id = u.id and i.connection_id = c.id)
	and not exists (select from link_consents k where k.user_id = u.id and k.connection_id = c.id and k.why = 'link_anew'
		and k.taken_back_at is null and k.ends_at > now())`

// LinkCandidates are the users whom AllowLink, or AllowLinkAnew where anew, is meant
// for on a connection, by their names, at most limit.
func (s *Store) LinkCandidates(ctx context.Context, connection string, anew bool, limit int) ([]model.User, error) {
	which := mayAllow + " and not " + administers
	if anew {
		which = mayLinkAnew
	}
	return list(ctx, s.db, scanUser, "select "+userColumns+" from connections c cross join users u where c.slug = @connection and "+which+
		" order by u.username_key limit @limit", named{"connection": connection, "limit": limit})
}

// ToLink is how many users administrators made who cannot sign in through a
// connection until somebody allows it.
type ToLink struct {
	Connection string // slug
	Name       string
	Users      int  // MembersCounted+1: that many or more
	AtLeast    bool // more users were made than were looked at
}

// lookedAtToLink is how many of the users whom administrators made are looked at
// to count those who are to be linked: the page of users waits for it.
const lookedAtToLink = 2000

// UsersToLink finds the live connections that make users as they sign in and do
// not link those who exist, and on which there are such users among the first of
// those whom administrators made: who never signed in before the others, and the
// oldest before them.
func (s *Store) UsersToLink(ctx context.Context) ([]ToLink, error) {
	return list(ctx, s.db, pgx.RowToStructByPos[ToLink], `with made as materialized (
			select id, active, source from users where active and source = 'manual'
			order by coalesce(last_login_at, '-infinity'), created_at limit @looked + 1), u as (select * from made limit @looked)
		select c.slug, r.config ->> 'name', n.users, (select count(*) from made) > @looked
		from connections c join revisions r on r.connection_id = c.id and r.state = 'live' cross join lateral (
			select count(*) as users from (select u.id from u where `+mayAllow+` limit @limit) u where not `+administers+`) n
		where c.status = 'live' and r.config ->> 'provisioning' = 'jit' and coalesce(r.config -> 'jit' ->> 'existing_username', '') <> 'link' and n.users > 0
		order by c.slug`, named{"limit": model.MembersCounted + 1, "looked": lookedAtToLink})
}
