package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// sealedColumn is a column whose values are sealed, and what becomes of a value
// that no key opens any more.
type sealedColumn struct {
	table, column string
	id            string // the expression that names a row, as text
	context       func(id string) string
	one, several  string // what a value is, for people
	then          string // what giving it up means
	giveUp        string // SQL, before its where
}

// sealedColumns is every one. A test compares it with the schema.
var sealedColumns = []sealedColumn{
	{table: "logins", column: "xml_sealed", id: "id", context: model.SealedXML,
		one: "message of a login", several: "messages of logins",
		then: "the traces stay, without the XML", giveUp: "update logins set xml_sealed = null"},
	{table: "oidc_keys", column: "sealed", id: "id", context: model.SealedSigningKey,
		one: "key that signs ID tokens", several: "keys that sign ID tokens",
		then: "new ones are made, and apps fetch them by themselves", giveUp: "delete from oidc_keys"},
	{table: "sources", column: "secret_sealed", id: "slug", context: model.SealedSourceSecret,
		one: "secret by which a source is read", several: "secrets by which sources are read",
		then: "give them again: console source secret, or on the source's page", giveUp: "update sources set secret_sealed = null, secret_set_at = null"},
	{table: "trace_links", column: "token_sealed", id: "id::text", context: always(model.SealedTraceToken),
		one: "link to follow a login", several: "links to follow a login",
		then: "make new ones where they are needed", giveUp: "delete from trace_links"},
	{table: "warnings", column: "password_sealed", id: "id::text", context: always(model.SealedMailPassword),
		one: "password of the mail server", several: "passwords of the mail server",
		then: "type it in again under Settings, Warnings", giveUp: "update warnings set password_sealed = null"},
	{table: "warnings", column: "webhook_url_sealed", id: "id::text", context: always(model.SealedWebhookURL),
		one: "address of the webhook", several: "addresses of the webhook",
		then: "type it in again under Settings, Warnings", giveUp: "update warnings set webhook_url_sealed = null, webhook_shown = ''"},
	{table: "warnings", column: "webhook_sealed", id: "id::text", context: always(model.SealedWebhookSecret),
		one: "secret of the webhook", several: "secrets of the webhook",
		then: "a new one is made with the address", giveUp: "update warnings set webhook_sealed = null"},
	{table: "warnings", column: "calendar_sealed", id: "id::text", context: always(model.SealedCalendarToken),
		one: "address of the calendar", several: "addresses of the calendar",
		then: "make a new one under Settings, Warnings", giveUp: "update warnings set calendar_sealed = null"},
}

// always is a context that no row has of its own.
func always(context string) func(string) string { return func(string) string { return context } }

// SealPrefixLength is how many bytes of a sealed value tell which key sealed it.
const SealPrefixLength = 5

// resealBatch is how many values are read at a time.
const resealBatch = 200

// Resealer opens what any key sealed and seals it with the present one.
type Resealer interface {
	Open(sealed []byte, context string) ([]byte, error)
	Seal(plain []byte, context string) ([]byte, error)
	Prefix() []byte
}

// Reseal seals everything with the present key that another one sealed, value
// by value, while others read and write. A value that changed or went meanwhile
// is left alone. It returns how many it sealed anew, and how many do not open
// with any key: those stay as they are.
func (s *Store) Reseal(ctx context.Context, r Resealer) (done, lost int, err error) {
	for _, c := range sealedColumns {
		last := ""
		for {
			rows, err := s.sealedOtherwise(ctx, c, r.Prefix(), last)
			if err != nil {
				return done, lost, err
			}
			for _, row := range rows {
				last = row.id
				switch ok, err := s.resealOne(ctx, c, row, r); {
				case err != nil:
					return done, lost, err
				case ok:
					done++
				default:
					lost++
				}
			}
			if len(rows) < resealBatch {
				break
			}
		}
	}
	return done, lost, nil
}

// CountSealedOtherwise counts what another key than the present one sealed.
func (s *Store) CountSealedOtherwise(ctx context.Context, prefix []byte) (int, error) {
	all := 0
	for _, c := range sealedColumns {
		var n int
		err := s.db.QueryRow(ctx, fmt.Sprintf("select count(*) from %s where substring(%s from 1 for %d) <> $1", c.table, c.column, SealPrefixLength),
			prefix).Scan(&n)
		if err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}

type sealedRow struct {
	id    string
	value []byte
}

func (s *Store) sealedOtherwise(ctx context.Context, c sealedColumn, prefix []byte, after string) ([]sealedRow, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (r sealedRow, err error) {
		return r, row.Scan(&r.id, &r.value)
	}, fmt.Sprintf(`select %[1]s, %[2]s from %[3]s where substring(%[2]s from 1 for %[4]d) <> @prefix and %[1]s > @after
		order by %[1]s limit %[5]d`, c.id, c.column, c.table, SealPrefixLength, resealBatch), named{"prefix": prefix, "after": after})
}

func (s *Store) resealOne(ctx context.Context, c sealedColumn, row sealedRow, r Resealer) (bool, error) {
	plain, err := r.Open(row.value, c.context(row.id))
	if err != nil {
		return false, nil //nolint:nilerr // counted; a lost value must not keep the others from being sealed
	}
	fresh, err := r.Seal(plain, c.context(row.id))
	if err != nil {
		return false, err
	}
	_, err = s.db.Exec(ctx, fmt.Sprintf("update %s set %[2]s = @fresh where %[3]s = @id and %[2]s = @value", c.table, c.column, c.id),
		named{"fresh": fresh, "id": row.id, "value": row.value})
	return err == nil, err
}
