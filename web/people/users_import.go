package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) newImport(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderImport(w, r, a, "", nil)
}

func (rm *Room) importLayout(r *http.Request, a model.Administrator, title, intro string) layout.Page {
	p := rm.Page(r, a, layout.NavUsers, title, intro)
	p.Crumbs = []layout.Crumb{{Label: "Users", Href: paths.Users}}
	return p
}

func (rm *Room) renderImport(w http.ResponseWriter, r *http.Request, a model.Administrator, text string, problems []csvimport.Problem) error {
	v := people.ImportPage{
		Page: rm.importLayout(r, a, "Import users", "A preview comes first: nothing changes until you confirm it."), CSV: text,
	}
	status := http.StatusOK
	if len(problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	for _, p := range problems {
		v.Problems = append(v.Problems, people.LineProblem{Line: p.Line, Text: p.Text})
	}
	return rm.Render(w, r, status, people.Import(v))
}

// previewImport says what the file would do; nothing is changed.
func (rm *Room) previewImport(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	text, err := uploadedText(r)
	if err != nil {
		return err
	}
	steps, problems, err := rm.planImport(r.Context(), text)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return rm.renderImport(w, r, a, shownAgain(text), problems)
	}
	v := people.ImportPreview{
		Page: rm.importLayout(r, a, "Preview of the import", "Nothing has been changed yet."), CSV: text,
	}
	for _, step := range steps {
		line := people.ImportLine{Line: step.Row.Line, Username: step.User.Username, Email: step.User.Email, Changes: step.Changes}
		switch {
		case step.New:
			v.New = append(v.New, line)
		case len(step.Changes) > 0:
			v.Changed = append(v.Changed, line)
		default:
			v.Unchanged = append(v.Unchanged, line)
		}
	}
	return rm.Render(w, r, http.StatusOK, people.Preview(v))
}

// confirmImport carries the import out. The file comes back with the form and
// is judged again: users and groups may have changed since the preview.
func (rm *Room) confirmImport(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	text, err := uploadedText(r)
	if err != nil {
		return err
	}
	steps, problems, err := rm.planImport(r.Context(), text)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return rm.renderImport(w, r, a, shownAgain(text), problems)
	}
	var rows []store.ImportRow
	for _, step := range steps {
		if step.New || len(step.Changes) > 0 {
			rows = append(rows, store.ImportRow{User: step.User, Groups: step.AddGroups})
		}
	}
	created, updated, err := rm.Store.ImportUsers(r.Context(), rm.Actor(r, a), rows)
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Users, fmt.Sprintf("Imported: %d added, %d changed.", created, updated))
}

// uploadedText is the CSV text: the file, where one was chosen, else what was pasted.
func uploadedText(r *http.Request) (string, error) {
	if err := r.ParseForm(); err != nil {
		return "", fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	if err := r.ParseMultipartForm(kit.MaxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return "", fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	pasted := r.PostFormValue("csv")
	f, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return pasted, nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err != nil {
		return "", fmt.Errorf("read the uploaded file: %w", err)
	}
	if len(data) == 0 {
		return pasted, nil
	}
	return string(data), nil
}

// shownAgain is the text to put back into the form; a large file is better
// chosen again than edited in a browser.
func shownAgain(text string) string {
	const most = 200_000
	if len(text) > most || !utf8.ValidString(text) {
		return ""
	}
	return text
}

// planImport judges the file and compares it with what is stored.
func (rm *Room) planImport(ctx context.Context, text string) ([]csvimport.Step, []csvimport.Problem, error) {
	file := csvimport.Parse([]byte(text))
	known, err := rm.knownUsers(ctx, file.Rows)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, row := range file.Rows {
		names = append(names, row.Groups...)
	}
	slices.Sort(names)
	groups, err := rm.Store.GroupNames(ctx, slices.Compact(names))
	if err != nil {
		return nil, nil, err
	}
	steps, problems := csvimport.Plan(file, known, groups)
	return steps, append(file.Problems, problems...), nil
}

// knownUsers reads what is known about those whom the file names.
func (rm *Room) knownUsers(ctx context.Context, rows []csvimport.Row) (map[string]csvimport.Known, error) {
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		names = append(names, row.Username)
	}
	users, err := rm.Store.UsersByName(ctx, names)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(users))
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	groups, err := rm.Store.ManualGroups(ctx, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[string]csvimport.Known, len(users))
	for _, u := range users {
		known[model.Key(u.Username)] = csvimport.Known{User: u, Groups: groups[u.ID]}
	}
	return known, nil
}
