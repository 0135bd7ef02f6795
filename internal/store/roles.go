package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CurrentRole is the database role that this store runs as.
func (s *Store) CurrentRole(ctx context.Context) (string, error) {
	var name string
	err := s.db.QueryRow(ctx, "select current_user").Scan(&name)
	return name, err
}

// GrantRun lets a role do what Postern does while it runs, and no more: it
// owns nothing, changes no tables, and can only add to the audit. The store
// must be the owner's. Doing it again does no harm.
func (s *Store) GrantRun(ctx context.Context, role string) error {
	name := pgx.Identifier{role}.Sanitize()
	return s.InTx(ctx, func(tx *Store) error {
		for _, sql := range []string{
			"grant usage on schema public to %s",
			"grant select, insert, update, delete on all tables in schema public to %s",
			"grant usage on all sequences in schema public to %s",
			"revoke insert, update, delete on audit from %s",
			"grant execute on function erase_from_audit(uuid, text[], text, text, text) to %s",
			"revoke insert, update, delete on goose_db_version from %s",
			"revoke insert, update, delete on table schema from %s",
		} {
			if _, err := tx.db.Exec(ctx, fmt.Sprintf(sql, name)); err != nil {
				return fmt.Errorf("grant the role %s what it needs: %w", role, err)
			}
		}
		return tx.grantAuditColumns(ctx, name)
	})
}

// grantAuditColumns lets a role fill in every column of the audit but when it was
// and which number it has: those are the database's to say.
func (s *Store) grantAuditColumns(ctx context.Context, name string) error {
	columns, err := list(ctx, s.db, pgx.RowTo[string], `select quote_ident(attname) from pg_attribute
		where attrelid = 'audit'::regclass and attnum > 0 and not attisdropped and attname not in ('id', 'at') order by attnum`)
	if err != nil {
		return err
	}
	if _, err := s.db.Exec(ctx, fmt.Sprintf("grant insert (%s) on audit to %s", strings.Join(columns, ", "), name)); err != nil {
		return fmt.Errorf("let the role %s add to the audit: %w", name, err)
	}
	return nil
}

// AuditIsAppendOnly tells whether the role that this store runs as can neither
// change nor remove entries of the audit, nor give itself the right to.
func (s *Store) AuditIsAppendOnly(ctx context.Context) (bool, error) {
	var open bool
	err := s.db.QueryRow(ctx, `select has_table_privilege('audit', 'update') or has_table_privilege('audit', 'delete')
		or has_table_privilege('audit', 'truncate')
		or exists (select from pg_class c where c.oid = 'audit'::regclass and pg_has_role(c.relowner, 'member'))`).Scan(&open)
	return !open, err
}
