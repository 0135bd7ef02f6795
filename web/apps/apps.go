package apps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/apps"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/standing"
)

func (rm *Room) listApps(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	all, err := standing.With(rm.Kit).Apps(r.Context(), "")
	if err != nil {
		return err
	}
	v := apps.AppList{Page: rm.Page(r, a, layout.NavApps, "Apps", "What gets people and groups from Postern: Jira, Confluence, Bitbucket, Bamboo and others.")}
	for _, app := range all {
		v.Apps = append(v.Apps, apps.AppRow{App: app.App, Health: app.Health})
	}
	return rm.Render(w, r, http.StatusOK, apps.Apps(v))
}

// Integrations that bring an app its users and groups, as the form names them.
const (
	integrationBoth  = "both"
	integrationOIDC  = model.AppOIDC
	integrationCrowd = model.AppCrowd
)

func (rm *Room) newApp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := apps.AppForm{Product: r.URL.Query().Get("product"), Integration: integrationBoth}
	if f.Product == "" {
		f.Product = "jira"
	}
	return rm.renderNewApp(w, r, a, f)
}

func (rm *Room) renderNewApp(w http.ResponseWriter, r *http.Request, a model.Administrator, f apps.AppForm) error {
	p := rm.Page(r, a, layout.NavApps, "Connect an app", "You get the very values to type into the app, screen by screen.")
	p.Crumbs = []layout.Crumb{{Label: "Apps", Href: paths.Apps}}
	status := http.StatusOK
	if len(f.Problems) > 0 {
		p.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, apps.NewApp(apps.NewAppPage{Page: p, Form: f}))
}

// readAppForm reads what was typed about a new app.
func readAppForm(r *http.Request) apps.AppForm {
	f := apps.AppForm{
		Product: kit.Typed(r, "product"), Integration: kit.Typed(r, "road"), Base: strings.TrimRight(kit.Typed(r, "base_url"), "/"),
		Slug: kit.Typed(r, "slug"), Redirect: kit.Typed(r, "redirect_uri"),
	}
	if f.Slug == "" {
		f.Slug = f.Product
	}
	return f
}

// newApps are the apps that the form describes: one for each integration. What is
// wrong with it is added to the form.
func newApps(f *apps.AppForm) []model.App {
	wrong := func(field, text string) { f.Problems = append(f.Problems, model.Problem{Field: field, Text: text}) }
	product := wizard.ProductOf(f.Product)
	if product.ID != f.Product {
		wrong("product", "Choose one of the apps.")
	}
	if err := model.CheckSlug(f.Slug); err != nil {
		wrong("slug", "The short name "+err.Error()+".")
	}
	name := product.Name
	if product.ID == model.ProductOther {
		name = f.Slug
	}
	sign := model.App{Slug: f.Slug, Kind: model.AppOIDC, Name: name, Product: f.Product, AllGroups: true}
	directory := model.App{Slug: f.Slug, Kind: model.AppCrowd, Name: name, Product: f.Product, AllGroups: true}
	if f.Integration != integrationCrowd {
		if redirect, problem := redirectOf(*f); problem != nil {
			wrong(problem.Field, problem.Text)
		} else {
			sign.RedirectURIs = []string{redirect}
		}
	}
	switch f.Integration {
	case integrationOIDC:
		return []model.App{sign}
	case integrationCrowd:
		return []model.App{directory}
	case integrationBoth:
		directory.Slug, directory.Name = f.Slug+wizard.DirectorySuffix, name+" user directory"
		return []model.App{sign, directory}
	default:
		wrong("road", "Choose how the app gets its users.")
		return nil
	}
}

// redirectOf is where the app takes people back: an Atlassian product at a known
// place below its address, another app where it says.
func redirectOf(f apps.AppForm) (string, *model.Problem) {
	if f.Product != model.ProductOther {
		if text := wizard.CheckBaseURL(f.Base); text != "" {
			return "", &model.Problem{Field: "base_url", Text: text}
		}
		return wizard.ProductCallback(f.Base), nil
	}
	if text := wizard.CheckRedirectURI(f.Redirect); text != "" {
		return "", &model.Problem{Field: "redirect_uri", Text: text}
	}
	return f.Redirect, nil
}

// createApp makes the app, or both of its faces, and shows the screens to fill
// in with the secrets: the only time that they are shown.
func (rm *Room) createApp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := readAppForm(r)
	apps := newApps(&f)
	if len(f.Problems) > 0 {
		return rm.renderNewApp(w, r, a, f)
	}
	secrets := map[string]string{}
	err := rm.Store.InTx(r.Context(), func(tx *store.Store) error {
		for _, app := range apps {
			if err := tx.CreateApp(r.Context(), rm.Actor(r, a), app); err != nil {
				return err
			}
			secret, err := addSecret(r.Context(), tx, rm.Actor(r, a), app)
			if err != nil {
				return err
			}
			secrets[app.Slug] = secret
		}
		return nil
	})
	if errors.Is(err, store.ErrExists) {
		f.Problems = []model.Problem{{Field: "slug", Text: fmt.Sprintf("There is an app “%s” already, or its directory. Choose another short name.", f.Slug)}}
		return rm.renderNewApp(w, r, a, f)
	}
	if err != nil {
		return err
	}
	return rm.showSecrets(w, r, a, apps, secrets)
}

func addSecret(ctx context.Context, st *store.Store, actor model.Actor, app model.App) (string, error) {
	secret, hash, hint, err := NewAppSecret(app.Kind)
	if err != nil {
		return "", err
	}
	return secret, st.AddAppSecret(ctx, actor, app.Slug, hash, hint)
}

// showSecrets draws the screens to fill in, with the secrets in place. The page
// is the answer itself, and nothing keeps the secrets.
func (rm *Room) showSecrets(w http.ResponseWriter, r *http.Request, a model.Administrator, of []model.App, secrets map[string]string) error {
	product := wizard.ProductOf(of[0].Product)
	v := apps.SecretsPage{Page: rm.Page(r, a, layout.NavApps, "Type these values into "+product.Name, "")}
	v.Page.Crumbs = []layout.Crumb{{Label: "Apps", Href: paths.Apps}, {Label: of[0].Name, Href: paths.App(of[0].Slug)}}
	for _, app := range of {
		screen, err := rm.appScreen(r.Context(), app, secrets[app.Slug])
		if err != nil {
			return err
		}
		v.Screens = append(v.Screens, screen)
	}
	return rm.Render(w, r, http.StatusOK, apps.Secrets(v))
}

// appScreen is the screen of the app to fill in. secret is empty where it is
// not known any more.
func (rm *Room) appScreen(ctx context.Context, app model.App, secret string) (apps.AppScreen, error) {
	v := apps.AppScreen{App: app, Product: wizard.ProductOf(app.Product), Secret: secret,
		Start: wizard.StartURL(app), Fallback: wizard.FallbackURL(app)}
	if app.Kind == model.AppCrowd {
		v.Values = wizard.DirectoryValues(app, rm.Opts.PublicURL)
		return v, nil
	}
	all, err := rm.Store.Apps(ctx)
	if err != nil {
		return v, err
	}
	v.WithDirectory = wizard.HasDirectory(app, all)
	v.Values = wizard.SignOnValues(app, rm.Opts.PublicURL, v.WithDirectory)
	return v, nil
}

func (rm *Room) showApp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	app, err := rm.Store.App(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	return rm.renderApp(w, r, a, app, nil)
}

func (rm *Room) renderApp(w http.ResponseWriter, r *http.Request, a model.Administrator, app model.App, problems []model.Problem) error {
	v, err := rm.AppSeen(r, app)
	if err != nil {
		return err
	}
	secrets, err := rm.Store.AppSecrets(r.Context(), app.Slug)
	if err != nil {
		return err
	}
	connections, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	if app.Kind == model.AppOIDC {
		size, err := rm.provider.LargestToken(r.Context(), app)
		if err != nil {
			return err
		}
		v.Token = &size
	}
	v.Page = rm.Page(r, a, layout.NavApps, app.Name, "")
	v.Page.Crumbs = []layout.Crumb{{Label: "Apps", Href: paths.Apps}}
	v.Secrets, v.Full, v.Connections, v.Problems = secrets, len(secrets) >= store.MaxAppSecrets, connections, problems
	status := http.StatusOK
	if len(problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, apps.App(v))
}

// AppSeen is the screen of an app and what was seen of it.
func (rm *Room) AppSeen(r *http.Request, app model.App) (v apps.AppPage, err error) {
	ctx := r.Context()
	if v.Screen, err = rm.appScreen(ctx, app, ""); err != nil {
		return v, err
	}
	seen, err := standing.With(rm.Kit).Apps(ctx, app.Slug)
	if err != nil || len(seen) == 0 {
		return v, err
	}
	v.Health, v.Now = seen[0].Health, rm.Now()
	if app.Kind == model.AppOIDC {
		v.CanTest, v.SignIns = seen[0].Evidence.Open, &seen[0].Evidence.SignIns
		return v, nil
	}
	v.Directory = &seen[0].Evidence.Directory
	if v.Directory.Requests == 0 {
		v.UnknownApps, err = rm.Store.UnknownApplications(ctx)
		return v, err
	}
	v.Directory.Recent, err = rm.Store.CrowdRequests(ctx, app.Slug)
	return v, err
}

// updateApp changes what one may change about an app.
func (rm *Room) updateApp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	before, err := rm.Store.App(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	app, problems := rm.readApp(r, before)
	if len(problems) > 0 {
		return rm.renderApp(w, r, a, app, problems)
	}
	err = rm.Store.SaveApp(r.Context(), rm.Actor(r, a), app)
	if errors.Is(err, store.ErrNotFound) {
		return rm.renderApp(w, r, a, app, []model.Problem{{Field: "groups",
			Text: "One of these groups does not exist. Write each name as it is on the Groups page."}})
	}
	if errors.Is(err, store.ErrNoConnection) {
		return rm.renderApp(w, r, a, app, []model.Problem{{Field: "connection", Text: "This connection is not there any more. Choose another one."}})
	}
	if err != nil {
		return err
	}
	return rm.Saved(w, r, paths.App(app.Slug), "")
}

func (rm *Room) readApp(r *http.Request, app model.App) (model.App, []model.Problem) {
	var problems []model.Problem
	wrong := func(field, text string) { problems = append(problems, model.Problem{Field: field, Text: text}) }
	if app.Name = kit.Typed(r, "name"); app.Name == "" {
		wrong("name", "Give the app a name.")
	}
	problems = append(problems, kit.Judged("name", "The name", app.Name, model.CheckTitle)...)
	app.AllGroups = r.PostFormValue("group_scope") == "all"
	app.Groups = typedLines(r, "groups")
	if !app.AllGroups && len(app.Groups) == 0 {
		wrong("groups", "Name at least one group, or let the app see all of them.")
	}
	if app.Kind == model.AppCrowd {
		app.AllowedIPs = typedWords(r, "allowed_ips", ",;")
		for _, text := range app.AllowedIPs {
			if err := model.CheckNetwork(text); err != nil {
				wrong("allowed_ips", fmt.Sprintf("“%s” %v.", text, err))
			}
		}
		return app, problems
	}
	app.Connection, app.Public = r.PostFormValue("connection"), r.PostFormValue("public") != ""
	app.RedirectURIs, app.PostLogoutURIs = typedWords(r, "redirect_uris", ""), typedWords(r, "post_logout_uris", "")
	if len(app.RedirectURIs) == 0 {
		wrong("redirect_uris", "Name at least one address to which people go back.")
	}
	start := []string{}
	if app.StartURL = kit.Typed(r, "start_url"); app.StartURL != "" {
		start = append(start, app.StartURL)
	}
	for field, uris := range map[string][]string{"redirect_uris": app.RedirectURIs, "post_logout_uris": app.PostLogoutURIs, "start_url": start} {
		for _, uri := range uris {
			if err := model.CheckRedirectURI(uri); err != nil {
				wrong(field, fmt.Sprintf("“%s” %v.", uri, err))
			}
		}
	}
	return app, problems
}

// typedLines are the lines of a text area, without blanks and empty ones.
func typedLines(r *http.Request, field string) []string {
	var lines []string
	for line := range strings.Lines(r.PostFormValue(field)) {
		if line = model.Canonical(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// typedWords are what stands between blanks and ends of lines in a text area, and
// between the separators. A comma or a semicolon at the end belongs to none.
func typedWords(r *http.Request, field, separators string) []string {
	var words []string
	for _, word := range strings.FieldsFunc(r.PostFormValue(field), func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(separators, c) }) {
		if word = strings.TrimRight(word, ",;"); word != "" {
			words = append(words, model.Canonical(word))
		}
	}
	return words
}

// renewSecret gives an app another secret. The old one goes on working until it
// is removed, so that nobody is cut off in between.
func (rm *Room) renewSecret(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	app, err := rm.Store.App(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	secret, err := addSecret(r.Context(), rm.Store, rm.Actor(r, a), app)
	if errors.Is(err, store.ErrTooManySecrets) {
		return rm.renderApp(w, r, a, app, []model.Problem{{
			Text: "The app has two secrets already. Remove the one that it does not use any more, then make another."}})
	}
	if err != nil {
		return err
	}
	return rm.showSecrets(w, r, a, []model.App{app}, map[string]string{app.Slug: secret})
}

func (rm *Room) removeSecret(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	slug := kit.PathValue(r, "slug")
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return store.ErrNotFound
	}
	if err := rm.Store.DeleteAppSecret(r.Context(), rm.Actor(r, a), slug, id); err != nil {
		return err
	}
	return rm.Done(w, r, paths.App(slug), "The secret is removed. Nobody gets in with it any more.")
}

func (rm *Room) deleteApp(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	app, err := rm.Store.App(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	if text := kit.Confirmed(r, app.Name); text != "" {
		return rm.renderApp(w, r, a, app, []model.Problem{{Field: "confirm", Text: text}})
	}
	if err := rm.Store.DeleteApp(r.Context(), rm.Actor(r, a), app.Slug); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Apps, app.Name+" is deleted.")
}
