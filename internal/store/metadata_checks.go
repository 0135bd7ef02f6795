package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Times between two fetches of AWS's metadata.
const (
	metadataEvery = 24 * time.Hour
	metadataRetry = time.Hour        // after a failure
	metadataFloor = 10 * time.Minute // at the most often, whoever asks
)

func scanMetadataCheck(row pgx.CollectableRow) (c model.MetadataCheck, err error) {
	var checked, since *time.Time
	err = row.Scan(&c.ConnectionID, &c.TrustNew, &checked, &c.NextAt, &c.Failures, &c.Problem, &c.Shown, &since, &c.Offered)
	c.CheckedAt, c.ShownSince = valueOrZero(checked), valueOrZero(since)
	return c, err
}

const metadataCheckColumns = "connection_id, trust_new, checked_at, next_at, failures, problem, shown, shown_since, offered"

// MetadataCheck is the state of a connection's; a zero one before the first.
func (s *Store) MetadataCheck(ctx context.Context, connectionID int64) (model.MetadataCheck, error) {
	c, err := single(ctx, s.db, scanMetadataCheck, "select "+metadataCheckColumns+" from metadata_checks where connection_id = @id", named{"id": connectionID})
	if errors.Is(err, ErrNotFound) {
		return model.MetadataCheck{ConnectionID: connectionID}, nil
	}
	return c, err
}

// ClaimMetadataCheck tells whether a connection's metadata is due, and if so
// takes it on: another process that asks in the same minutes gets false.
func (s *Store) ClaimMetadataCheck(ctx context.Context, connectionID int64, now time.Time) (bool, error) {
	tag, err := s.db.Exec(ctx, `insert into metadata_checks (connection_id, next_at) values (@id, @until)
		on conflict (connection_id) do update set next_at = excluded.next_at where metadata_checks.next_at <= @now`,
		named{"id": connectionID, "now": now, "until": now.Add(metadataFloor)})
	return err == nil && tag.RowsAffected() > 0, translate(err)
}

// AskForMetadataCheck brings the next fetch forward, unless the last one was
// minutes ago: a login came with a certificate that nobody here knows.
func (s *Store) AskForMetadataCheck(ctx context.Context, connectionID int64, now time.Time) error {
	_, err := s.db.Exec(ctx, `update metadata_checks set next_at = @now
		where connection_id = @id and next_at > @now and (checked_at is null or checked_at <= @floor)`,
		named{"id": connectionID, "now": now, "floor": now.Add(-metadataFloor)})
	return err
}

// FinishMetadataCheck keeps what came of it: which certificates the metadata has,
// by fingerprint, and the metadata itself where they are not those that are
// trusted. problem is empty when it worked; else the rest stays as it was.
func (s *Store) FinishMetadataCheck(ctx context.Context, connectionID int64, now time.Time, problem string, shown []string, offered string) error {
	next := now.Add(metadataEvery)
	if problem != "" {
		next = now.Add(metadataRetry)
	}
	_, err := s.db.Exec(ctx, `update metadata_checks set checked_at = @now, next_at = @next, problem = @problem,
		failures = case when @problem = '' then 0 else failures + 1 end,
		offered = case when @problem = '' then @offered else offered end,
		shown = case when @problem = '' then @shown::text[] else shown end,
		shown_since = case when @problem <> '' or (shown = @shown::text[] and shown_since is not null) then shown_since else @now end
		where connection_id = @id`,
		named{"id": connectionID, "now": now, "next": next, "problem": clean(problem, 1000), "shown": orNone(shown), "offered": offered})
	return err
}

// forgetMetadataCheck begins anew with another address of AWS's metadata: what
// the old one offered is gone, and so is the trust in whatever it will offer.
// Whoever brought the new address may not be who was trusted with that.
func (s *Store) forgetMetadataCheck(ctx context.Context, actor model.Actor, c model.Connection) error {
	before, err := s.MetadataCheck(ctx, c.ID)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `update metadata_checks set trust_new = false, offered = '', shown = '{}', shown_since = null, problem = '',
		failures = 0, checked_at = null, next_at = now()
		where connection_id = @id`, named{"id": c.ID})
	if err != nil || !before.TrustNew {
		return err
	}
	return s.record(ctx, actor, "connection.trust_new", c.Slug, map[string]bool{"trust_new": true}, map[string]bool{"trust_new": false},
		"It was said of another address of AWS's metadata.")
}

// SetTrustNew says whether new certificates of AWS's metadata are trusted
// without asking. ErrNotFound when nothing is live: it would be said of an
// address that is yet to come.
func (s *Store) SetTrustNew(ctx context.Context, actor model.Actor, slug string, trust bool) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Live == nil {
			return ErrNotFound
		}
		before, err := tx.MetadataCheck(ctx, c.ID)
		if err != nil || before.TrustNew == trust {
			return err
		}
		_, err = tx.db.Exec(ctx, `insert into metadata_checks (connection_id, next_at, trust_new) values (@id, now(), @trust)
			on conflict (connection_id) do update set trust_new = excluded.trust_new`, named{"id": c.ID, "trust": trust})
		if err != nil {
			return err
		}
		return tx.record(ctx, actor, "connection.trust_new", slug, map[string]bool{"trust_new": !trust}, map[string]bool{"trust_new": trust}, "")
	})
}

// TrustCertificates is ChangeTrust for certificates that get in: proposals of
// them are settled with it. trusted are their fingerprints.
func (s *Store) TrustCertificates(ctx context.Context, actor model.Actor, slug, note string, trusted []string,
	change func(metadata string) (string, error)) error {
	return s.InTx(ctx, func(tx *Store) error {
		if err := tx.ChangeTrust(ctx, actor, slug, note, change); err != nil {
			return err
		}
		return tx.settleProposals(ctx, actor, slug, trusted)
	})
}

// ChangeTrust gives a live connection a new live revision whose metadata differs,
// and a draft that had the same metadata the new one, too. It is how certificates
// are added and removed without going through the setup: everything else stays
// as it was tested. The revision before can be brought back.
func (s *Store) ChangeTrust(ctx context.Context, actor model.Actor, slug, note string, change func(metadata string) (string, error)) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Live == nil {
			return ErrNotFound
		}
		before := c.Live.Config.IdPMetadata
		after, err := change(before)
		if err != nil || after == before {
			return err
		}
		alike := c.Draft != nil && c.Draft.Config.IdPMetadata == before
		if err := tx.reviseLive(ctx, actor, "connection.trust", note, c, alike, func(cfg *model.Config) { cfg.IdPMetadata = after }); err != nil {
			return err
		}
		_, err = tx.db.Exec(ctx, "update metadata_checks set offered = '' where connection_id = @id", named{"id": c.ID})
		return err
	})
}
