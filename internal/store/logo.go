package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Logo is the picture of the installation with this hash, as PNG; ErrNotFound
// when it was replaced or removed.
func (s *Store) Logo(ctx context.Context, hash string) ([]byte, error) {
	return single(ctx, s.db, pgx.RowTo[[]byte], "select content from brand_logo where hash = $1", hash)
}

// SaveSettingsWithLogo is SaveSettings with a new logo, as PNG of at most 512 KiB;
// one without content removes the logo. The settings hold its hash, so that the
// audit shows the change.
func (s *Store) SaveSettingsWithLogo(ctx context.Context, actor model.Actor, content []byte, change func(*Settings) error) error {
	hash := ""
	if len(content) > 0 {
		sum := sha256.Sum256(content)
		hash = hex.EncodeToString(sum[:16])
	}
	return s.InTx(ctx, func(tx *Store) error {
		err := tx.SaveSettings(ctx, actor, func(set *Settings) error {
			set.LogoHash = hash
			return change(set)
		})
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from brand_logo"); err != nil || hash == "" {
			return err
		}
		_, err = tx.db.Exec(ctx, "insert into brand_logo (hash, content) values (@hash, @content)",
			named{"hash": hash, "content": content})
		return err
	})
}
