package backup

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Restore puts a backup into the database of conn, in one transaction. The database
// has the migrations of the backup, and nothing else in it (see Check). finish is
// called at the end of the transaction: what it returns, but for nil, undoes all.
func Restore(ctx context.Context, conn *pgx.Conn, r io.Reader, passphrase string, finish func(Summary, pgx.Tx) error) (Summary, error) {
	in, done, err := open(r, passphrase)
	if err != nil {
		return Summary{}, err
	}
	return load(ctx, conn, in, false, func(s Summary, tx pgx.Tx) error {
		if err := done(); err != nil {
			return err
		}
		return finish(s, tx)
	})
}

// Check says whether a backup may be put into the database: nothing is in it, or
// migrations up to the very one of the backup, and no row of anybody's.
func Check(ctx context.Context, conn *pgx.Conn, h Header) error {
	all, err := tablesOf(ctx, conn)
	if err != nil || len(all) == 0 {
		return err
	}
	have, err := applied(ctx, conn)
	if err != nil {
		return err
	}
	for _, t := range all {
		if own[t.Name] || t.Name == "warnings" { // migrations fill these
			continue
		}
		var filled bool
		if err := conn.QueryRow(ctx, "select exists (select from "+t.quoted()+")").Scan(&filled); err != nil {
			return err
		}
		if filled {
			return fmt.Errorf("%w: there is something in its table %s", ErrNotEmpty, t.Name)
		}
	}
	if !slices.Equal(have, h.Applied) {
		return fmt.Errorf("%w: its tables are those of another version than the backup's. Make a new database, and run no “console migrate” before",
			ErrNotEmpty)
	}
	return nil
}

// load reads the frames into the database.
func load(ctx context.Context, conn *pgx.Conn, in frameReader, whole bool, finish func(Summary, pgx.Tx) error) (s Summary, err error) {
	if s, err = begin(in); err != nil {
		return s, err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return s, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	if _, err := tx.Exec(ctx, plainly); err != nil {
		return s, err
	}
	have, err := applied(ctx, tx)
	if err != nil {
		return s, err
	}
	if !slices.Equal(have, s.Applied) {
		return s, fmt.Errorf("the database has the migrations %v, and the backup %v", have, s.Applied)
	}
	all, err := tablesOf(ctx, tx)
	if err != nil {
		return s, err
	}
	keys, err := loosen(ctx, tx, all)
	if err != nil {
		return s, fmt.Errorf("make the tables ready: %w", err)
	}
	sequences, err := eachTable(in, &s, func(t table, data *rows) error { return loadTable(ctx, tx, all, t, data, whole) })
	if err != nil {
		return s, err
	}
	if err := setSequences(ctx, tx, sequences); err != nil {
		return s, err
	}
	if err := tighten(ctx, tx, all, keys, whole); err != nil {
		return s, fmt.Errorf("the backup contradicts itself: %w", err)
	}
	if err := finish(s, tx); err != nil {
		return s, err
	}
	return s, tx.Commit(ctx)
}

// loadTable takes the rows of one table.
func loadTable(ctx context.Context, tx pgx.Tx, all []table, t table, data *rows, whole bool) error {
	known, ok := find(all, t)
	if !ok {
		return damaged(fmt.Errorf("the table %q is not as the database has it", t.Name))
	}
	if own[t.Name] || leftOut[t.Name] && !whole {
		_, err := io.Copy(io.Discard, data)
		return err
	}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, data, fmt.Sprintf("copy %s (%s) from stdin", known.quoted(), known.columns()))
	if data.err != nil {
		return data.err
	}
	if err != nil {
		return fmt.Errorf("write the table %s: %w", t.Name, err)
	}
	if data.end == nil || data.end.Rows != tag.RowsAffected() {
		return damaged(fmt.Errorf("the table %s has another number of rows", t.Name))
	}
	return nil
}

// foreignKey is a constraint that is away while rows come in any order.
type foreignKey struct {
	Table, Name, Definition string
	Columns                 []string
	Refers                  string // to this table
	OnDelete                string // one letter, as pg_constraint has it
}

// loosen takes away what would judge or follow each row: foreign keys, triggers, and
// what migrations put into tables. What it takes is the database's own, and put back
// as it was.
func loosen(ctx context.Context, tx pgx.Tx, all []table) ([]foreignKey, error) {
	found, err := tx.Query(ctx, `select t.relname, c.conname::text, pg_get_constraintdef(c.oid),
		(select array_agg(a.attname::text order by a.attnum) from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any(c.conkey)),
		f.relname, c.confdeltype::text
		from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_class f on f.oid = c.confrelid
		where c.contype = 'f' and c.connamespace = 'public'::regnamespace order by 1, 2`)
	if err != nil {
		return nil, err
	}
	keys, err := pgx.CollectRows(found, pgx.RowToStructByPos[foreignKey])
	if err != nil {
		return nil, err
	}
	var sql strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&sql, "alter table %s drop constraint %s;\n", table{Name: k.Table}.quoted(), pgx.Identifier{k.Name}.Sanitize())
	}
	for _, t := range all {
		if !own[t.Name] {
			fmt.Fprintf(&sql, "alter table %s disable trigger user; truncate %[1]s;\n", t.quoted())
		}
	}
	_, err = tx.Exec(ctx, sql.String())
	return keys, err
}

// tighten puts back what loosen took away. Rows that hang on what was left out go
// with it, as if that had been deleted.
func tighten(ctx context.Context, tx pgx.Tx, all []table, keys []foreignKey, whole bool) error {
	var sql strings.Builder
	for _, k := range keys {
		if whole && !own[k.Refers] || !LeftOut(k.Refers) {
			continue
		}
		var set, given []string
		for _, c := range k.Columns {
			name := pgx.Identifier{c}.Sanitize()
			set, given = append(set, name+" = null"), append(given, name+" is not null")
		}
		if k.OnDelete == "n" {
			fmt.Fprintf(&sql, "update %s set %s;\n", table{Name: k.Table}.quoted(), strings.Join(set, ", "))
		} else {
			fmt.Fprintf(&sql, "delete from %s where %s;\n", table{Name: k.Table}.quoted(), strings.Join(given, " and "))
		}
	}
	for _, k := range keys {
		fmt.Fprintf(&sql, "alter table %s add constraint %s %s;\n", table{Name: k.Table}.quoted(), pgx.Identifier{k.Name}.Sanitize(), k.Definition)
	}
	for _, t := range all {
		if !own[t.Name] {
			fmt.Fprintf(&sql, "alter table %s enable trigger user;\n", t.quoted())
		}
	}
	_, err := tx.Exec(ctx, sql.String())
	return err
}

// setSequences lets numbers go on where they were.
func setSequences(ctx context.Context, tx pgx.Tx, wanted []sequence) error {
	have, err := sequencesOf(ctx, tx)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(have, func(h sequence) bool { return h.Table == w.Table && h.Column == w.Column }) {
			return damaged(fmt.Errorf("the numbers of %s.%s are not as the database has them", w.Table, w.Column))
		}
		if own[w.Table] {
			continue
		}
		_, err := tx.Exec(ctx, "select setval(pg_get_serial_sequence($1, $2)::regclass, $3, $4)", table{Name: w.Table}.quoted(), w.Column, w.Last, w.Called)
		if err != nil {
			return err
		}
	}
	return nil
}
