package backup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// tablesOf are the tables of the database with the columns that hold what was put
// into them, by their names.
func tablesOf(ctx context.Context, db querier) ([]table, error) {
	rows, err := db.Query(ctx, `select c.relname, array_agg(a.attname::text order by a.attnum)
		from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
		and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
		group by c.relname order by c.relname collate "C"`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[table])
}

// sequencesOf are the numbers that tables count their rows by.
func sequencesOf(ctx context.Context, db querier) ([]sequence, error) {
	rows, err := db.Query(ctx, `select t.relname, a.attname::text, coalesce(s.last_value, s.start_value), s.last_value is not null
		from pg_depend d join pg_class q on q.oid = d.objid and q.relkind = 'S'
		join pg_class t on t.oid = d.refobjid and t.relnamespace = 'public'::regnamespace
		join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
		join pg_sequences s on s.schemaname = 'public' and s.sequencename = q.relname
		where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
		order by t.relname collate "C", a.attname collate "C"`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[sequence])
}

// applied are the numbers of the migrations that the database has; none before the
// first.
func applied(ctx context.Context, db querier) ([]int64, error) {
	var begun bool
	if err := db.QueryRow(ctx, "select to_regclass('public.goose_db_version') is not null").Scan(&begun); err != nil || !begun {
		return nil, err
	}
	rows, err := db.Query(ctx, `select version_id from (select distinct on (version_id) version_id, is_applied
		from public.goose_db_version order by version_id, id desc) last where is_applied and version_id > 0 order by 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// SchemaOf is the number of the newest migration that the database has.
func SchemaOf(ctx context.Context, conn *pgx.Conn) (int64, error) {
	all, err := applied(ctx, conn)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, errNothing
	}
	return all[len(all)-1], nil
}

var errNothing = errors.New("there is nothing of Postern in this database")

// quoted is a name as SQL has it, of the schema that Postern's tables are in.
func (t table) quoted() string { return pgx.Identifier{"public", t.Name}.Sanitize() }

func (t table) columns() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = pgx.Identifier{c}.Sanitize()
	}
	return strings.Join(names, ", ")
}

// find is the database's own table of that name and these columns.
func find(all []table, want table) (table, bool) {
	at := slices.IndexFunc(all, func(t table) bool { return t.Name == want.Name })
	if at < 0 || len(all[at].Columns) != len(want.Columns) {
		return table{}, false
	}
	for _, c := range want.Columns {
		if !slices.Contains(all[at].Columns, c) {
			return table{}, false
		}
	}
	return want, true
}

// plainly makes values travel as text that means the same everywhere.
const plainly = `set local datestyle to 'ISO, YMD'; set local intervalstyle to postgres; set local timezone to 'UTC';
	set local bytea_output to hex; set local extra_float_digits to 1; set local statement_timeout to 0; set local client_encoding to 'UTF8'`
