package setup

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/web/kit"
)

// newConnection asks for the name of a new connection.
func (rm *Room) newConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	all, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	v := setup.NewPage{First: len(all) == 0}
	if v.First {
		v.Name, v.Slug = "AWS", "aws"
	}
	return rm.renderNewConnection(w, r, a, v)
}

func (rm *Room) renderNewConnection(w http.ResponseWriter, r *http.Request, a model.Administrator, v setup.NewPage) error {
	v.Page = rm.Page(r, a, layout.NavConnections, "Set up a connection",
		"A connection is one application in AWS IAM Identity Center. The setup takes you through both sides, step by step.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Connections", Href: paths.Connections}}
	v.Example = rm.Opts.PublicURL + paths.SAMLLogin("aws")
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, setup.New(v))
}

func (rm *Room) createConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := setup.NewPage{Name: kit.Typed(r, "name"), Slug: kit.Typed(r, "slug")}
	slug := v.Slug
	if slug == "" {
		slug = slugOf(v.Name)
	}
	if v.Name == "" {
		v.Problems = append(v.Problems, model.Problem{Field: "name", Text: "Give the connection a name."})
	}
	v.Problems = append(v.Problems, kit.Judged("name", "The name", v.Name, model.CheckTitle)...)
	if err := model.CheckSlug(slug); err != nil {
		v.Problems = append(v.Problems, kit.Problem("slug", "The short name", err))
	}
	if len(v.Problems) > 0 {
		return rm.renderNewConnection(w, r, a, v)
	}
	cfg := model.DefaultConfig(v.Name)
	cfg.Attributes = model.WizardAttributes()
	c, err := rm.Store.CreateConnection(r.Context(), rm.Actor(r, a), slug, cfg)
	if errors.Is(err, store.ErrExists) {
		v.Slug = slug
		v.Problems = []model.Problem{{Field: "slug", Text: fmt.Sprintf("There is a connection “%s” already. Choose another short name.", slug)}}
		return rm.renderNewConnection(w, r, a, v)
	}
	if err != nil {
		return err
	}
	return kit.SeeOther(w, r, paths.SetupStep(c.Slug, wizard.StepWelcome))
}

// slugOf proposes a slug for a name: its letters and digits, in lower case,
// with hyphens for everything between.
func slugOf(name string) string {
	word := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	slug := strings.Join(strings.FieldsFunc(strings.ToLower(name), word), "-")
	if utf8.RuneCountInString(slug) > 64 {
		slug = strings.TrimRight(slug[:64], "-")
	}
	return slug
}
