package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// UserStanding is how a user stands now, and who brought that about last.
type UserStanding struct {
	Username string
	Active   bool
	By       string    // empty: the audit does not say
	At       time.Time // when
}

// The changes of which a standing tells who made them.
const (
	StandingMade      = "made"
	StandingActivated = "activated"
)

// Standing is how the user of a name stands, with who made or activated the user,
// as how says. ErrNotFound when nobody has the name.
func (s *Store) Standing(ctx context.Context, username, how string) (UserStanding, error) {
	return single(ctx, s.db, scanStanding, `select u.username, u.active, coalesce(a.actor, ''), a.at from users u
		left join lateral (select actor, at from audit where object = u.username and case @how
				when 'made' then action = 'user.create'
				else action = 'user.update' and before ->> 'active' = 'false' and after ->> 'active' = 'true' end
			order by id desc limit 1) a on true
		where u.username_key = @key`, named{"key": model.Key(username), "how": how})
}

// LinkedTo is the user to whom the person of a refused login is linked now, and who
// linked them. ErrNotFound while there is none, or the login verified nobody.
func (s *Store) LinkedTo(ctx context.Context, l model.Login) (UserStanding, error) {
	if !CanLinkFrom(l) {
		return UserStanding{}, ErrNotFound
	}
	return single(ctx, s.db, scanStanding, `select u.username, u.active, coalesce(a.actor, ''), a.at
		from identities i join users u on u.id = i.user_id join connections c on c.id = i.connection_id
		left join lateral (select actor, at from audit where object = u.username and action = 'identity.link'
				and after ->> 'name_id' = i.name_id and after ->> 'external_id' = i.external_id
			order by id desc limit 1) a on true
		where c.slug = @connection and i.idp_entity_id = @idp and case when @external = '' then i.name_id = @name_id and not exists (
				select from identities o where o.connection_id = i.connection_id and o.idp_entity_id = @idp and o.name_id = @name_id and o.id <> i.id)
			else i.external_id = @external or i.external_id = '' and i.name_id = @name_id end
		order by i.external_id desc limit 1`, named{"connection": l.Connection, "idp": l.Person.IdPEntityID, "name_id": l.Person.NameID,
		"external": l.Person.ExternalID})
}

func scanStanding(row pgx.CollectableRow) (v UserStanding, err error) {
	var at *time.Time
	err = row.Scan(&v.Username, &v.Active, &v.By, &at)
	v.At = valueOrZero(at)
	return v, err
}

// WhoAllowed is the entry of the audit by which a domain that is allowed on a live
// connection came to be so; ErrNotFound where it came with a whole configuration.
func (s *Store) WhoAllowed(ctx context.Context, slug, domain string) (model.AuditEntry, error) {
	e, err := single(ctx, s.db, scanAuditEntry, "select "+auditColumns+` from audit where object = @object
		and (action = 'connection.allow_domain' and starts_with(note, @domain || ',') or action in ('connection.go_live', 'connection.restore'))
		order by id desc limit 1`, named{"object": slug, "domain": domain})
	if err == nil && e.Action != "connection.allow_domain" {
		err = ErrNotFound
	}
	return e, err
}

// WhoUndidLink is the entry by which the link of a refused login's person was undone
// last; ErrNotFound when it was not.
func (s *Store) WhoUndidLink(ctx context.Context, l model.Login) (model.AuditEntry, error) {
	if !CanLinkFrom(l) {
		return model.AuditEntry{}, ErrNotFound
	}
	return single(ctx, s.db, scanAuditEntry, "select "+auditColumns+` from audit
		where object = (select username from users where username_key = @key) and action = 'identity.undo_link'
			and before ->> 'name_id' = @name_id and before ->> 'external_id' = @external
		order by id desc limit 1`, named{"key": model.Key(l.Person.Username), "name_id": l.Person.NameID, "external": l.Person.ExternalID})
}
