package people_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/webtest"
)

// fortyRows is a file of forty people, three of them bad.
func fortyRows() string {
	var b strings.Builder
	b.WriteString("User name,E-Mail Address,DisplayName\n")
	for i := range 40 {
		email := fmt.Sprintf("person%d@example.com", i)
		if i%15 == 7 {
			email = "nowhere"
		}
		fmt.Fprintf(&b, "person%d,%s,Person %d\n", i, email, i)
	}
	return b.String()
}

// Of a file with bad rows the good ones are imported, the bad ones come back to be
// mended, and the import can be undone.
func TestGoodRowsAreImportedWithoutTheBad(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	page := s.Upload(paths.UsersImport, fortyRows()).Want(t, http.StatusUnprocessableEntity)
	page.Has(t, ".problems", "3 things are wrong")
	page.Has(t, ".problems", "Line 9: The email “nowhere”")
	page.Has(t, "section[aria-labelledby=good]", "The other 37 rows are good")
	page.Has(t, "section[aria-labelledby=good] .btn-primary", "Import the 37 good rows")
	form := page.Doc.Find("section[aria-labelledby=good] form")
	values := url.Values{"csv": {form.Find("textarea").Text()}, "good": {form.Find("[name=good]").AttrOr("value", "")}}
	const problem = ",The email “nowhere” is not an email address.\n"
	const mend = "User name,E-Mail Address,DisplayName,problem\nperson7,nowhere,Person 7" + problem + "person22,nowhere,Person 22" + problem +
		"person37,nowhere,Person 37" + problem
	if file := s.Post(form.Find("[formaction]").AttrOr("formaction", ""), values).Want(t, http.StatusOK).Body; file != mend {
		t.Errorf("the file to mend is\n%s", file)
	}
	if n, err := s.Store.CountUsers(context.Background()); err != nil || n != 0 {
		t.Fatalf("%d users before anything was confirmed, %v", n, err)
	}
	job := s.Post(form.AttrOr("action", ""), values).Want(t, http.StatusSeeOther).Header.Get("Location")
	done := s.Get(job).Want(t, http.StatusOK)
	done.Has(t, "#job-said", "37 added, 0 changed.")
	done.Has(t, "#not-done", "3 rows were not done")
	file, _ := done.Doc.Find("section[aria-labelledby=not-done] a.btn").Attr("href")
	if body := s.Get(file).Want(t, http.StatusOK).Body; body != mend {
		t.Errorf("afterwards the file to mend is\n%s", body)
	}
	mended := s.Upload(paths.UsersImport, strings.ReplaceAll(mend, "nowhere,P", "mended@example.com,P")).Want(t, http.StatusOK)
	if n := mended.Doc.Find("section[aria-labelledby=new] tbody tr").Length(); n != 3 {
		t.Errorf("mended, the file brings %d users", n)
	}
	s.Get("/audit").Has(t, "tbody", "37 users")
	undo, _ := done.Doc.Find(`form[action$="/undo"]`).Attr("action")
	if to := s.Post(undo, nil).Want(t, http.StatusSeeOther).Header.Get("Location"); to != paths.Users {
		t.Errorf("the undo leads to %s", to)
	}
	s.Get(paths.Users).Has(t, ".alert", "Undone: 37 removed, 0 as before.")
	if n, err := s.Store.CountUsers(context.Background()); err != nil || n != 0 {
		t.Errorf("%d users after the undo, %v", n, err)
	}
	s.Post(undo, nil).Want(t, http.StatusConflict)
}

// A file in an encoding that is only guessed is shown as it would be read, and asked for.
func TestAGuessedEncodingIsAskedFor(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	page := s.Upload(paths.UsersImport, "username;display_name\njm;J\xfcrgen M\xfcller\nbo;Bo\n").Want(t, http.StatusOK)
	page.Has(t, ".note", "Read as Windows-1252?")
	page.Has(t, ".note strong", "Jürgen Müller")
	page.Has(t, "form .btn-primary", "Yes, import 2 users")
	s.Post(paths.UsersImport+"/confirm", url.Values{"csv": {page.Doc.Find("textarea[name=csv]").Text()}}).Want(t, http.StatusSeeOther)
	if u, err := s.Store.User(context.Background(), "jm"); err != nil || u.DisplayName != "Jürgen Müller" {
		t.Errorf("%+v, %v", u, err)
	}
	s.Get(paths.Users).Has(t, ".alert", "Imported: 2 added, 0 changed.")
}

// Whatever is too large is refused with the limit that the page names.
func TestATooLargeFileIsNamedWithItsLimit(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	limit := fmt.Sprintf("%d MB", csvimport.MaxBytes>>20)
	s.Get(paths.UsersImport).Has(t, "form .form-hint", "Up to "+limit)
	for _, size := range []int{csvimport.MaxBytes + 1, 20 << 20} {
		page := s.Upload(paths.UsersImport, strings.Repeat("a", size)).Want(t, http.StatusRequestEntityTooLarge)
		page.Has(t, ".problems", "larger than "+limit)
	}
}

// Somebody who may not decide who uses the console is told so, and nothing is done.
func TestAnImportIsRefusedWhereAnOwnerDecides(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	ctx := context.Background()
	g, err := s.Store.CreateGroup(ctx, webtest.Tester, model.Group{Name: "console"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.SaveSettings(ctx, webtest.Tester, func(set *store.Settings) error {
		set.ConsoleGroupID, set.ConsoleRole = g.ID, model.RoleAdmin
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.Post(paths.UsersImport+"/confirm", url.Values{"csv": {"username,groups\nmallory,console\n"}}).Want(t, http.StatusForbidden)
	if n, err := s.Store.CountUsers(ctx); err != nil || n != 0 {
		t.Errorf("%d users, %v", n, err)
	}
}

// A file and another text at once: it is asked which counts. What the page itself
// had put into the field is no second source.
func TestAFileAndATextAreAskedFor(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	const file, other = "username,email\nana,ana@example.com\n", "username,email\nben,ben@example.com\n"
	res := s.UploadWith("/users/import", file, url.Values{"csv": {other}}).Want(t, http.StatusUnprocessableEntity)
	res.Has(t, "main", "Which of them counts?")
	if got := res.Doc.Find("textarea[name=csv]").Text(); strings.TrimSpace(got) != strings.TrimSpace(other) {
		t.Errorf("what was pasted is %q now", got)
	}
	if users, _, err := s.Store.Users(t.Context(), store.UserQuery{}); err != nil || len(users) > 0 {
		t.Errorf("%d users, %v", len(users), err)
	}
	bad := s.Upload("/users/import", "username,email\nana,nowhere\n").Want(t, http.StatusUnprocessableEntity)
	shown := strings.ReplaceAll(bad.Doc.Find("textarea[name=csv]").Text(), "\n", "\r\n") // as a browser sends it
	mended := url.Values{"csv": {shown}, "csv_shown": {bad.Doc.Find("[name=csv_shown]").AttrOr("value", "")}}
	s.UploadWith("/users/import", file, mended).Want(t, http.StatusOK).Has(t, "main", "ana")
	s.UploadWith("/users/import", file, url.Values{"csv": {" \r\n"}}).Want(t, http.StatusOK)
}
