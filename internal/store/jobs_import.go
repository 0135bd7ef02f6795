package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// importAtOnce is how many rows of a file are done in one transaction: about a
// tenth of a second's work, so that logins come in between.
const importAtOnce = 500

// StartImport starts a job that makes and changes users as the rows say, and keeps
// the rows that were set aside, with their columns, to be handed out again.
// ErrNotFound when a group is unknown, ErrConsoleGroup when the actor may not
// decide about its members.
func (s *Store) StartImport(ctx context.Context, actor model.Actor, rows []ImportRow, columns []string, aside []model.JobRow) (j model.Job, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		if err := tx.guardImport(ctx, actor, rows); err != nil {
			return err
		}
		j = model.Job{Kind: model.JobImport, State: model.JobWaiting, Actor: actor, Total: len(rows), Aside: len(aside), Columns: columns}
		users := "users"
		if len(rows) == 1 {
			users = "user"
		}
		if j, err = tx.startJob(ctx, j, fmt.Sprintf("%d %s", len(rows), users)); err != nil {
			return err
		}
		return tx.insertJobRows(ctx, j.ID, rows, aside)
	})
	return j, err
}

// guardImport refuses at once what the work would end with.
func (s *Store) guardImport(ctx context.Context, actor model.Actor, rows []ImportRow) error {
	in := newUserImport(s, actor, 0)
	groups, err := in.groups(ctx, rows)
	if err != nil {
		return err
	}
	var ids []int64
	var activates []string
	for _, row := range rows {
		for _, name := range row.Groups {
			g, known := groups[model.Key(name)]
			if !known {
				return fmt.Errorf("user %q: group %q: %w", row.User.Username, name, ErrNotFound)
			}
			ids = append(ids, g.ID)
		}
		if row.User.Active && !row.KeepActive {
			activates = append(activates, model.Key(row.User.Username))
		}
	}
	if err := s.guardConsoleGroup(ctx, actor, ids...); err != nil || !actor.OutsideConsole || len(activates) == 0 {
		return err
	}
	inactive, err := list(ctx, s.db, pgx.RowTo[string], "select id::text from users where not active and username_key = any(@keys)", named{"keys": activates})
	if err != nil {
		return err
	}
	return s.guardConsoleMembers(ctx, actor, inactive...)
}

// insertJobRows keeps the rows to do as they are, from 1 on, and after them those
// that were set aside.
func (s *Store) insertJobRows(ctx context.Context, job int64, rows []ImportRow, aside []model.JobRow) error {
	type record struct {
		NR      int      `json:"nr"`
		Keys    []string `json:"keys"`
		Input   any      `json:"input"`
		Problem string   `json:"problem"`
	}
	all := make([]record, 0, len(rows)+len(aside))
	for i, row := range rows {
		all = append(all, record{NR: i + 1, Keys: personKeys(row.User.Username, row.User.Email), Input: row})
	}
	for i, row := range aside {
		all = append(all, record{NR: len(rows) + i + 1, Keys: personKeys(row.Cells...), Input: row.Cells, Problem: row.Problem})
	}
	for part := range slices.Chunk(all, 5000) {
		data, err := toJSON(part)
		if err != nil {
			return err
		}
		_, err = s.db.Exec(ctx, `insert into job_rows (job_id, nr, keys, input, problem)
			select @job, r.nr, r.keys, r.input, r.problem from jsonb_to_recordset(@rows::jsonb) as r (nr int, keys text[], input jsonb, problem text)`,
			named{"job": job, "rows": data})
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

// personKeys are the keys of the texts by which a person may be found.
func personKeys(texts ...string) []string {
	keys := []string{}
	for _, text := range texts {
		if key := model.Key(text); key != "" {
			keys = append(keys, clean(key, maxText))
		}
	}
	return keys
}

// ImportNext does the next rows of an import; for StepJob. A row that names a group
// which is gone by now is not done, and says so.
func (s *Store) ImportNext(ctx context.Context, j model.Job) (model.Job, error) {
	type record struct {
		nr  int
		row ImportRow
	}
	upTo := min(j.Done+importAtOnce, j.Total)
	records, err := list(ctx, s.db, func(row pgx.CollectableRow) (r record, err error) {
		var input []byte
		if err = row.Scan(&r.nr, &input); err == nil {
			err = json.Unmarshal(input, &r.row)
		}
		return r, err
	}, "select nr, input from job_rows where job_id = @job and nr > @done and nr <= @upto order by nr", named{"job": j.ID, "done": j.Done, "upto": upTo})
	if err != nil {
		return j, err
	}
	rows := make([]ImportRow, len(records))
	for i, r := range records {
		rows[i] = r.row
	}
	groups, err := newUserImport(s, j.Actor, 0).groups(ctx, rows)
	if err != nil {
		return j, err
	}
	todo, nrs, outcomes := rows[:0], []int{}, []jobOutcome{}
	for _, r := range records {
		if gone := slices.IndexFunc(r.row.Groups, func(name string) bool { return groups[model.Key(name)].ID == 0 }); gone >= 0 {
			outcomes = append(outcomes, jobOutcome{NR: r.nr, Problem: fmt.Sprintf("There is no group “%s” any more.", r.row.Groups[gone])})
			continue
		}
		todo, nrs = append(todo, r.row), append(nrs, r.nr)
	}
	j.Kept += len(outcomes)
	did, err := s.ImportUsers(ctx, j.Actor, todo)
	if err != nil {
		return j, err
	}
	for i, u := range did.users {
		if !u.nothing() {
			outcomes = append(outcomes, jobOutcome{NR: nrs[i], Did: &did.users[i]})
		}
	}
	j.Made, j.Changed, j.Done = j.Made+did.Made, j.Changed+did.Changed, upTo
	return j, s.saveOutcomes(ctx, j.ID, outcomes)
}

// jobOutcome is what became of one row.
type jobOutcome struct {
	NR      int           `json:"nr"`
	Did     *importedUser `json:"did"`
	Undone  *bool         `json:"undone"`
	Problem string        `json:"problem"`
}

func (s *Store) saveOutcomes(ctx context.Context, job int64, outcomes []jobOutcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	data, err := toJSON(outcomes)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `update job_rows j set did = coalesce(r.did, j.did), undone = coalesce(r.undone, j.undone), problem = r.problem
		from jsonb_to_recordset(@rows::jsonb) as r (nr int, did jsonb, undone bool, problem text) where j.job_id = @job and j.nr = r.nr`,
		named{"job": job, "rows": data})
	return translate(err)
}

// StartImportUndo starts a job that takes back what an import did, where it is
// unchanged since. ErrConflict when it cannot be undone any more.
func (s *Store) StartImportUndo(ctx context.Context, actor model.Actor, id int64, now time.Time) (j model.Job, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		of, err := single(ctx, tx.db, scanJob, "select "+jobColumns+" from jobs j where j.id = @id for update of j", named{"id": id})
		if err != nil {
			return err
		}
		if !of.CanUndo(now) {
			return ErrConflict
		}
		j, err = tx.startJob(ctx, model.Job{Kind: model.JobImportUndo, State: model.JobWaiting, Actor: actor, Total: of.Done, Undoes: id},
			fmt.Sprintf("%d made, %d changed", of.Made, of.Changed))
		return err
	})
	return j, err
}

// JobAside are the rows of a job that were set aside at its start, and those that
// could not be done, in their order.
func (s *Store) JobAside(ctx context.Context, j model.Job, limit int) ([]model.JobRow, error) {
	of, which := j.ID, "(nr > @total or problem <> '') and undone is null"
	if j.Undoes != 0 {
		of, which = j.Undoes, "undone = false"
	}
	return list(ctx, s.db, func(row pgx.CollectableRow) (r model.JobRow, err error) {
		var input []byte
		if err = row.Scan(&r.Nr, &input, &r.Problem); err != nil {
			return r, err
		}
		if r.Nr > j.Total && j.Undoes == 0 {
			return r, json.Unmarshal(input, &r.Cells)
		}
		var done ImportRow
		err = json.Unmarshal(input, &done)
		r.User, r.Groups = done.User, done.Groups
		return r, err
	}, "select nr, input, problem from job_rows where job_id = @job and "+which+" order by nr limit @limit",
		named{"job": of, "total": j.Total, "limit": limit})
}
