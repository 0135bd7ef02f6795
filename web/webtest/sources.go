package webtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/ldap"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
)

// Directories are what the sources of a site have, by slug.
type Directories struct {
	mu       sync.Mutex
	readings map[string]model.Reading
	failures map[string]error
	secrets  map[string]string
	real     map[string]runner.Opener
	Runner   *runner.Runner
}

func newDirectories(st *store.Store, sealer *seal.Sealer) *Directories {
	d := &Directories{readings: map[string]model.Reading{}, failures: map[string]error{}, secrets: map[string]string{},
		real: map[string]runner.Opener{}}
	d.Runner = runner.New(st, sealer, func(ctx context.Context, src model.Source, secret []byte) (runner.Reader, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.secrets[src.Slug] = string(secret)
		if open := d.real[src.Slug]; open != nil {
			return open(ctx, src, secret)
		}
		return directoryReader{d, src.Slug}, nil
	}, slog.New(slog.DiscardHandler))
	return d
}

// Real has a source read where its settings say, from now on.
func (d *Directories) Real(slug string, open runner.Opener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.real[slug] = open
}

// Have says what a source has from now on.
func (d *Directories) Have(slug string, r model.Reading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readings[slug] = r
	delete(d.failures, slug)
}

// Fail says that a source cannot be read from now on.
func (d *Directories) Fail(slug string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failures[slug] = err
}

// Secret is what a source was opened with last.
func (d *Directories) Secret(slug string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.secrets[slug]
}

type directoryReader struct {
	d    *Directories
	slug string
}

func (r directoryReader) Read(context.Context, func(people, groups int)) (model.Reading, error) {
	r.d.mu.Lock()
	defer r.d.mu.Unlock()
	return r.d.readings[r.slug], r.d.failures[r.slug]
}

// ReadOne answers for one person out of what the whole has.
func (r directoryReader) ReadOne(ctx context.Context, who string) (one directory.One, err error) {
	all, err := r.Read(ctx, nil)
	for _, p := range all.People {
		if p.StableID == who || p.Username == who {
			one.Found, one.Person = true, p
		}
	}
	for _, g := range all.Groups {
		if slices.Contains(g.Members, one.Person.StableID) {
			one.Groups = append(one.Groups, g.StableID)
		}
	}
	return one, err
}

// test answers the test of a source: one step, and its people.
func (d *Directories) test(ctx context.Context, src model.Source) (directory.TestResult, error) {
	reader, err := d.Runner.Reader(ctx, src)
	if err != nil {
		return directory.TestResult{}, err
	}
	reading, err := reader.Read(ctx, func(int, int) {})
	if err != nil {
		result := directory.TestResult{Steps: []directory.Step{{Name: "reach", Title: "Reach", State: directory.StepFailed, Detail: err.Error()}}}
		if c := new(ldap.Certificate); errors.As(err, &c) {
			result.Untrusted = &directory.Certificate{SHA256: c.SHA256, Subject: c.Subject, Issuer: c.Issuer, Names: c.Names, NotBefore: c.NotBefore,
				NotAfter: c.NotAfter}
		}
		return result, nil
	}
	return directory.TestResult{Steps: []directory.Step{{Name: "reach", Title: "Reach", State: directory.StepOK}}, People: reading.People}, nil
}

// SourceOf adds a live source of LDAP with that many people, p0000 and so on, who are all
// in the group staff, and carries its first run out.
func (s *Site) SourceOf(slug string, people int) model.Source {
	s.T.Helper()
	src := model.NewSource(model.SourceLDAP)
	src.Slug, src.Name, src.Status = slug, "Corporate directory", model.SourceLive
	src.LDAP.URLs, src.LDAP.BindDN = []string{"ldaps://dc1.example.com"}, "CN=postern"
	if _, err := s.Store.CreateSource(s.T.Context(), Tester, src); err != nil {
		s.T.Fatal(err)
	}
	s.Directories.Have(slug, ReadingOf(people))
	run := s.RunSource(slug, runner.Ask{Trigger: model.RunByHand, Actor: Tester})
	if run = s.RunSource(slug, runner.Ask{Trigger: model.RunByApproval, Actor: Tester, Approves: run.ID}); run.Outcome != model.RunApplied {
		s.T.Fatalf("the first run ended %s: %s", run.Outcome, run.Detail)
	}
	found, err := s.Store.Source(s.T.Context(), slug)
	if err != nil {
		s.T.Fatal(err)
	}
	return found
}

// RunSource runs a source to its end.
func (s *Site) RunSource(slug string, a runner.Ask) model.SourceRun {
	s.T.Helper()
	run, err := s.Directories.Runner.Sync(s.T.Context(), slug, a)
	if err != nil {
		s.T.Fatal(err)
	}
	return run
}

// ReadingOf is a reading of that many people, all in one group.
func ReadingOf(people int) model.Reading {
	r := model.Reading{GroupsRead: true, Server: "dc1.example.com"}
	g := model.SourceGroup{StableID: "g", Name: "staff"}
	for i := range people {
		name := fmt.Sprintf("p%04d", i)
		r.People = append(r.People, model.SourcePerson{StableID: "id-" + name, Username: name, Email: name + "@example.com", FirstName: "Person",
			LastName: fmt.Sprint(i), Enabled: true, Says: model.SaysAll &^ model.SaysDisplayName, Place: "OU=Staff"})
		g.Members = append(g.Members, "id-"+name)
	}
	r.Groups = append(r.Groups, g)
	return r
}

// Form is what a browser would send of a form as it is shown.
func (p *Page) Form(selector string) url.Values {
	form := url.Values{}
	p.Doc.Find(selector).First().Find("input[name], textarea[name], select[name]").Each(func(_ int, in *goquery.Selection) {
		name := in.AttrOr("name", "")
		_, checked := in.Attr("checked")
		switch in.AttrOr("type", goquery.NodeName(in)) {
		case "checkbox", "radio":
			if checked {
				form.Add(name, in.AttrOr("value", "on"))
			}
		case "textarea":
			form.Add(name, in.Text())
		case "select":
			form.Add(name, in.Find("option[selected]").AttrOr("value", in.Find("option").First().AttrOr("value", "")))
		default:
			form.Add(name, in.AttrOr("value", ""))
		}
	})
	return form
}

// Action is where the form is sent.
func (p *Page) Action(selector string) string {
	return p.Doc.Find(selector).First().AttrOr("action", "")
}
