package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
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
	return rm.renderImport(w, r, a, upload{}, http.StatusOK)
}

func (rm *Room) importLayout(r *http.Request, a model.Administrator, title, intro string) layout.Page {
	p := rm.Page(r, a, layout.NavUsers, title, intro)
	p.Crumbs = []layout.Crumb{{Label: "Users", Href: paths.Users}}
	return p
}

// upload is a file of users as it was sent, judged.
type upload struct {
	file     csvimport.File
	steps    []csvimport.Step    // of the good rows
	problems []csvimport.Problem // of the others, and of the whole
}

// changes are the good rows that change something.
func (u upload) changes() []store.ImportRow {
	var rows []store.ImportRow
	for _, step := range u.steps {
		if step.New || len(step.Changes) > 0 {
			row := step.Row // and not what is stored now: others may change that before it is done
			rows = append(rows, store.ImportRow{KeepActive: row.Active == nil, Groups: step.AddGroups, User: model.User{
				Username: step.User.Username, Email: row.Email, DisplayName: row.DisplayName, FirstName: row.FirstName, LastName: row.LastName,
				Active: step.User.Active, Source: model.UserManual,
			}})
		}
	}
	return rows
}

// partly tells whether the good rows can be imported without the others.
func (u upload) partly() bool { return !u.file.Broken && len(u.problems) > 0 && len(u.changes()) > 0 }

// aside are the rows that are not imported.
func (u upload) aside() []model.JobRow { return u.file.Aside(u.problems) }

// renderImport shows the form again, with what is wrong, and what can be done with
// the rows that are good.
func (rm *Room) renderImport(w http.ResponseWriter, r *http.Request, a model.Administrator, u upload, status int) error {
	v := people.ImportPage{
		Page: rm.importLayout(r, a, "Import users", "A preview comes first: nothing changes until you confirm it."),
		CSV:  shownAgain(u.file.Text), Megabytes: csvimport.MaxBytes >> 20, Rows: csvimport.MaxRows,
	}
	if len(u.problems) > 0 {
		v.Page.Error = true
	}
	for _, p := range u.problems {
		v.Problems = append(v.Problems, people.LineProblem{Line: p.Line, Text: p.Text})
	}
	if u.partly() {
		good := rm.preview(u)
		var err error
		if good.First, err = rm.ifImported(r.Context(), u); err != nil {
			return err
		}
		v.Good, v.Bad = &good, len(u.aside())
	}
	return rm.Render(w, r, status, people.Import(v))
}

// preview is what the good rows of a file would do.
func (rm *Room) preview(u upload) people.ImportPreview {
	v := people.ImportPreview{CSV: u.file.Text, Asked: u.file.Asked}
	for _, step := range u.steps {
		line := people.ImportLine{Line: step.Row.Line, Username: step.User.Username, Email: step.User.Email, Changes: step.Changes}
		if v.Asked != "" && len(v.Sample) < sampleShown {
			v.Sample = append(v.Sample, foreign(step.Row)...)
		}
		switch {
		case step.New:
			v.New = append(v.New, line)
		case len(step.Changes) > 0:
			v.Changed = append(v.Changed, line)
		default:
			v.Unchanged = append(v.Unchanged, line)
		}
	}
	return v
}

// sampleShown is of how many rows words are shown by which a guessed encoding can
// be judged.
const sampleShown = 5

// foreign is a text of the row that is read otherwise in another encoding.
func foreign(row csvimport.Row) []string {
	for _, text := range []string{row.DisplayName, row.LastName, row.FirstName, row.Username, strings.Join(row.Groups, ", ")} {
		if strings.ContainsFunc(text, func(c rune) bool { return c >= utf8.RuneSelf }) {
			return []string{text}
		}
	}
	return nil
}

// previewImport says what the file would do; nothing is changed.
func (rm *Room) previewImport(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, status, err := rm.readUpload(r)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return rm.renderImport(w, r, a, u, status)
	}
	v := rm.preview(u)
	if v.First, err = rm.ifImported(r.Context(), u); err != nil {
		return err
	}
	v.Page = rm.importLayout(r, a, "Preview of the import", "Nothing has been changed yet.")
	return rm.Render(w, r, http.StatusOK, people.Preview(v))
}

// confirmImport starts the import. The file comes back with the form and is judged
// again: users and groups may have changed since the preview. Rows with problems
// stop it, unless the form says that the good ones shall be imported.
func (rm *Room) confirmImport(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, status, err := rm.readUpload(r)
	if err != nil {
		return err
	}
	partly := r.PostFormValue("good") == "yes" && u.partly()
	if status != http.StatusOK && !partly {
		return rm.renderImport(w, r, a, u, status)
	}
	rows := u.changes()
	if len(rows) == 0 {
		return rm.Inform(w, r, paths.Users, "Nothing was changed: everything in the file is so already.")
	}
	j, err := rm.Store.StartImport(r.Context(), rm.Actor(r, a), rows, u.file.Header, u.aside())
	if err != nil {
		return err
	}
	return rm.AnswerJob(w, r, j, paths.Users)
}

// mendImport hands out the rows that have problems, to be mended.
func (rm *Room) mendImport(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, status, err := rm.readUpload(r)
	if err != nil {
		return err
	}
	if u.file.Broken || len(u.problems) == 0 {
		return rm.renderImport(w, r, a, u, status)
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="to-mend-`+rm.Now().UTC().Format(time.DateOnly)+`.csv"`)
	_, err = w.Write(csvimport.Mend(u.file.Header, u.aside()))
	return err
}

// readUpload reads the file of a form and judges it. The status is what a page
// about it answers with.
func (rm *Room) readUpload(r *http.Request) (u upload, status int, err error) {
	text, err := uploadedText(r)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		text, err = strings.Repeat(" ", csvimport.MaxBytes+1), nil // refused as any other that is too large
	}
	if errors.Is(err, errTwoSources) {
		u.file.Text = text
		u.problems = []csvimport.Problem{{Text: "You chose a file and pasted a text. Which of them counts? Empty the text, or choose no file."}}
		return u, http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return u, 0, err
	}
	if u, err = rm.planImport(r.Context(), text); err != nil {
		return u, 0, err
	}
	switch {
	case len(text) > csvimport.MaxBytes:
		return u, http.StatusRequestEntityTooLarge, nil
	case len(u.problems) > 0:
		return u, http.StatusUnprocessableEntity, nil
	}
	return u, http.StatusOK, nil
}

// errTwoSources says that a file was chosen and another text was pasted.
var errTwoSources = errors.New("a file and a text")

// uploadedText is the CSV text: the file, where one was chosen, or what was pasted.
// With both it is errTwoSources and what was pasted, unless that is only what the
// page had put there itself.
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
	if strings.TrimSpace(pasted) != "" && people.TextMark(pasted) != r.PostFormValue(people.FieldShown) {
		return pasted, errTwoSources
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
func (rm *Room) planImport(ctx context.Context, text string) (upload, error) {
	u := upload{file: csvimport.Parse([]byte(text))}
	known, err := rm.knownUsers(ctx, u.file.Rows)
	if err != nil {
		return u, err
	}
	var names []string
	for _, row := range u.file.Rows {
		names = append(names, row.Groups...)
	}
	slices.Sort(names)
	groups, err := rm.Store.GroupNames(ctx, slices.Compact(names))
	if err != nil {
		return u, err
	}
	steps, problems := csvimport.Plan(u.file, known, groups)
	u.steps, u.problems = steps, append(u.file.Problems, problems...)
	slices.SortStableFunc(u.problems, func(a, b csvimport.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return u, nil
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
