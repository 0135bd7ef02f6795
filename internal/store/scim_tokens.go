package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// MaxSCIMTokens is how many tokens a source has at most: one, and a second while it
// replaces the first.
const MaxSCIMTokens = 2

// scimTokenPrefix lets people and scanners of secrets see what a token is.
const scimTokenPrefix = "postern-scim-"

// ErrNoTokens: the source is read, and nobody pushes to it.
var ErrNoTokens = errors.New("only sources that push have tokens")

func scanSCIMToken(row pgx.CollectableRow) (t model.SCIMToken, err error) {
	var expires, used *time.Time
	err = row.Scan(&t.ID, &t.Source, &t.Hash, &t.Hint, &t.CreatedBy, &t.CreatedAt, &expires, &used)
	t.ExpiresAt, t.LastUsedAt = valueOrZero(expires), valueOrZero(used)
	return t, err
}

// SCIMTokens lists the tokens of a source that pushes, the newest first; of any other,
// and of one that is not there, none.
func (s *Store) SCIMTokens(ctx context.Context, slug string) ([]model.SCIMToken, error) {
	return list(ctx, s.db, scanSCIMToken, `select t.id, s.slug, t.hash, t.hint, t.created_by, t.created_at, t.expires_at, t.last_used_at
		from scim_tokens t join sources s on s.id = t.source_id where s.slug = @slug and s.kind = 'scim' order by t.id desc`, named{"slug": clean(slug, maxText)})
}

// MakeSCIMToken makes a token of 256 random bits for a source that pushes, which is
// returned this once. A third token ends the oldest, which is returned with it. A zero
// expiry: it holds until it is taken back. ErrNotFound without such a source,
// ErrNoTokens when it is read.
func (s *Store) MakeSCIMToken(ctx context.Context, actor model.Actor, slug string, expires time.Time) (token string, ended []model.SCIMToken, err error) {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	token = scimTokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	hash := sha256.Sum256([]byte(token))
	hint := token[:len(scimTokenPrefix)+4]
	err = s.InTx(ctx, func(tx *Store) error {
		src, err := tx.source(ctx, slug, "for update of s")
		if err != nil {
			return err
		}
		if src.Kind != model.SourceSCIM {
			return ErrNoTokens
		}
		there, err := tx.SCIMTokens(ctx, slug)
		if err != nil {
			return err
		}
		ended = there[min(len(there), MaxSCIMTokens-1):]
		for _, old := range ended {
			if err := tx.endSCIMToken(ctx, actor, slug, old.ID); err != nil {
				return err
			}
		}
		_, err = tx.db.Exec(ctx, "insert into scim_tokens (source_id, hash, hint, created_by, expires_at) values (@source, @hash, @hint, @by, @expires)",
			named{"source": src.ID, "hash": hash[:], "hint": hint, "by": actor.Name, "expires": nullTime(expires)})
		if err != nil {
			return translate(err)
		}
		return tx.record(ctx, actor, "source.token.create", slug, nil, map[string]any{"begins": hint, "expires_at": nullTime(expires)}, "")
	})
	if err != nil {
		return "", nil, err
	}
	return token, ended, nil
}

// DeleteSCIMToken takes a token back: at once, nobody gets in with it.
func (s *Store) DeleteSCIMToken(ctx context.Context, actor model.Actor, slug string, id int64) error {
	return s.InTx(ctx, func(tx *Store) error { return tx.endSCIMToken(ctx, actor, slug, id) })
}

func (s *Store) endSCIMToken(ctx context.Context, actor model.Actor, slug string, id int64) error {
	var hint string
	err := s.db.QueryRow(ctx, "delete from scim_tokens where id = @id and source_id = (select id from sources where slug = @slug) returning hint",
		named{"id": id, "slug": slug}).Scan(&hint)
	if err = translate(err); errors.Is(err, ErrNotFound) {
		return &Gone{Part: PartSCIMToken, Object: slug, Actions: []string{"source.token.delete"}, Key: "id", Value: strconv.FormatInt(id, 10)}
	}
	if err != nil {
		return err
	}
	return s.record(ctx, actor, "source.token.delete", slug, map[string]any{"begins": hint, "id": id}, nil, "")
}

// UseSCIMToken notes when a token was used last, to the minute.
func (s *Store) UseSCIMToken(ctx context.Context, id int64, at time.Time) error {
	_, err := s.db.Exec(ctx, `update scim_tokens set last_used_at = @at where id = @id and (last_used_at is null or last_used_at < @before)`,
		named{"id": id, "at": at, "before": at.Add(-time.Minute)})
	return err
}
