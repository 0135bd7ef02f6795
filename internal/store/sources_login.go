package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// linkedByAWS are users u whom AWS's directory, as the source s of a connection, knows by
// the stable ids of m; which connection follows.
const linkedByAWS = ` from sources s join source_users m on m.source_id = s.id join users u on u.id = m.user_id
	where s.kind = 'aws' and s.connection_id = `

// knownBySource reads whom the AWS directory of a connection knows by the person's
// stable id, and by which other one it knows the user with the person's username.
func (s *Store) knownBySource(ctx context.Context, k *model.Known, connectionID int64, p model.Person, lock string) error {
	if lock != "" {
		lock += " of u"
	}
	type row struct {
		model.KnownBySource
		stableID string
	}
	found, err := list(ctx, s.db, func(r pgx.CollectableRow) (f row, err error) {
		var last *time.Time
		err = r.Scan(append(userFields(&f.User, &last), &f.Source, &f.stableID, &f.Linked, &f.Administers)...)
		f.User.LastLoginAt = valueOrZero(last)
		return f, err
	}, "select "+userColumns+`, s.slug, m.stable_id, exists (select from identities i where i.user_id = u.id and i.connection_id = @connection), `+administers+
		linkedByAWS+`@connection and (m.stable_id = @external or u.username_key = @key)
		order by u.id `+lock, named{"connection": connectionID, "external": p.ExternalID, "key": model.Key(p.Username)})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	for _, f := range found {
		if f.stableID == p.ExternalID {
			k.BySource = &f.KnownBySource
		} else {
			k.SourceIDOf = f.stableID
		}
	}
	return nil
}
