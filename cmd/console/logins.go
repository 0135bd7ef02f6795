package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
)

type loginsCmd struct {
	databaseFlags
	Last int    `default:"20" help:"How many, newest first (${default})."`
	ID   string `name:"id" help:"Only the login with this reference."`
	JSON bool   `name:"json" help:"Print an array of objects."`
}

// loginJSON is a trace as a script reads it. The names are a contract.
type loginJSON struct {
	ID          string         `json:"id"`
	Connection  string         `json:"connection"`
	At          time.Time      `json:"at"`
	FinishedAt  *time.Time     `json:"finished_at,omitempty"`
	Outcome     model.Outcome  `json:"outcome"`
	Code        model.Code     `json:"code"`
	Cause       model.Cause    `json:"cause,omitempty"`
	Username    string         `json:"username"`
	NameID      string         `json:"name_id,omitempty"`
	Test        bool           `json:"test,omitempty"`
	Unsolicited bool           `json:"unsolicited,omitempty"`
	Refusal     *model.Refusal `json:"refusal,omitempty"`
	Checks      []model.Check  `json:"checks"`
	Changes     []model.Change `json:"changes"`
}

// Run prints the traces, newest first.
func (c *loginsCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	logins, err := c.read(ctx, db)
	if err != nil {
		return err
	}
	now := time.Now()
	if c.JSON {
		return printLoginsJSON(io.out, logins, now)
	}
	for _, l := range logins {
		printLogin(io.out, l, now, c.ID != "")
	}
	return nil
}

func (c *loginsCmd) read(ctx context.Context, db *database) ([]model.Login, error) {
	if c.ID != "" {
		l, err := db.Login(ctx, c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("no login has the reference %q", c.ID)
		}
		return []model.Login{l}, err
	}
	if c.Last < 1 {
		return nil, errors.New("--last wants a number of at least 1")
	}
	var all []model.Login
	q := store.LoginQuery{}
	for len(all) < c.Last {
		q.Limit = min(c.Last-len(all), 500)
		rows, next, err := db.Logins(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == "" {
			break
		}
		q.After = next
	}
	return all, nil
}

func printLoginsJSON(w io.Writer, logins []model.Login, now time.Time) error {
	out := make([]loginJSON, 0, len(logins))
	for _, l := range logins {
		j := loginJSON{
			ID: l.ID, Connection: l.Connection, At: l.StartedAt.UTC(), Outcome: l.Outcome, Code: l.Code(now),
			Username: l.Username, NameID: l.NameID, Test: l.Test, Unsolicited: l.Unsolicited,
			Refusal: l.Refusal, Checks: l.Checks, Changes: l.Changes,
		}
		if l.Refusal != nil {
			j.Cause = sso.CauseOf(*l.Refusal, sso.Neighborhood{}).ID
		}
		if !l.FinishedAt.IsZero() {
			at := l.FinishedAt.UTC()
			j.FinishedAt = &at
		}
		if j.Checks == nil {
			j.Checks = []model.Check{}
		}
		if j.Changes == nil {
			j.Changes = []model.Change{}
		}
		out = append(out, j)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func printLogin(w io.Writer, l model.Login, now time.Time, whole bool) {
	what := string(l.Outcome)
	if code := l.Code(now); code != "" {
		what += " (" + string(code) + ": " + sso.Explain(code).Title + ")"
	}
	who := l.Username
	if who == "" {
		who = "-"
	}
	fmt.Fprintf(w, "%s  %s  %s  %s  %s\n", l.StartedAt.UTC().Format(time.RFC3339), l.ID, l.Connection, who, what)
	if !whole {
		return
	}
	for _, ch := range l.Checks {
		fmt.Fprintf(w, "  %-8s %s\n", ch.State, ch.Title)
		printEvidence(w, ch)
	}
	for _, ch := range l.Changes {
		fmt.Fprintf(w, "  change   %s %s: %s\n", ch.What, ch.Name, ch.Why)
	}
}

func printEvidence(w io.Writer, ch model.Check) {
	for _, line := range []struct{ label, text string }{
		{"expected", ch.Expected}, {"received", ch.Received}, {"note", ch.Note},
	} {
		if line.text != "" {
			fmt.Fprintf(w, "             %s: %s\n", line.label, line.text)
		}
	}
}
