package settings

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/settings"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/outgoing"
)

// showPublicURL says what stops with another address. It changes nothing, and
// asks nobody.
func (rm *Room) showPublicURL(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := settings.PublicURLPage{To: strings.TrimSpace(r.URL.Query().Get("to")), Back: backFrom(r.URL.Query().Get("back"))}
	if v.To != "" {
		v.To, v.Problems = rm.checkMove(v.To)
	}
	return rm.renderPublicURL(w, r, a, v)
}

// backFrom is the page that one came from: a step of the setup, or the settings.
func backFrom(page string) string {
	if page = kit.LocalPath(page); strings.HasPrefix(page, "/setup/") {
		return page
	}
	return paths.Settings
}

// checkMove is another public URL in its normal form, or what is wrong with it.
func (rm *Room) checkMove(typed string) (string, []model.Problem) {
	to, _, problem := wizard.CheckPublicURL(typed)
	switch {
	case problem != nil:
		problem.Field = "to"
		return typed, []model.Problem{*problem}
	case to == rm.Opts.PublicURL:
		return to, []model.Problem{{Field: "to", Text: "That is the public URL already. Nothing changes with it."}}
	}
	return to, nil
}

func (rm *Room) renderPublicURL(w http.ResponseWriter, r *http.Request, a model.Administrator, v settings.PublicURLPage) error {
	v.Page = rm.Page(r, a, layout.NavSettings, "Another public URL", "What stops when Postern is reached under another address.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Settings", Href: paths.Settings}}
	v.From, v.Fixed = rm.Opts.PublicURL, rm.Opts.PublicURLFixed
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	if v.Fixed || v.To == "" || problemAt(v.Problems, "to") {
		return rm.Render(w, r, status, settings.PublicURL(v))
	}
	v.Asked = true
	if err := rm.whatStops(r.Context(), a, &v); err != nil {
		return err
	}
	return rm.Render(w, r, status, settings.PublicURL(v))
}

func problemAt(problems []model.Problem, field string) bool {
	for _, p := range problems {
		if p.Field == field {
			return true
		}
	}
	return false
}

// whatStops fills in what belongs to the old address, and the way back in.
func (rm *Room) whatStops(ctx context.Context, a model.Administrator, v *settings.PublicURLPage) error {
	from, to := hostOf(v.From), hostOf(v.To)
	v.HostChanges, v.SchemeChanges = from != to, strings.HasPrefix(v.From, "https:") != strings.HasPrefix(v.To, "https:")
	var err error
	if v.HostChanges {
		if v.Passkeys, v.PasskeyOwners, err = rm.Store.CountPasskeys(ctx); err != nil {
			return err
		}
	}
	if v.NoWayIn, err = rm.noWayIn(ctx, a, v.To); err != nil {
		return err
	}
	connections, err := rm.Store.Connections(ctx)
	if err != nil {
		return err
	}
	for _, c := range connections {
		rev := c.Live
		if rev == nil {
			rev = c.Draft
		}
		if rev == nil {
			continue
		}
		v.Moves = append(v.Moves, moved(c.Name(), paths.Connection(c.Slug), "In AWS, in the application", []settings.ValueMove{
			{Label: "Application ACS URL", From: model.ACSURL(v.From, c.Slug), To: model.ACSURL(v.To, c.Slug)},
			{Label: "Application SAML audience", From: rev.Config.EntityIDFor(v.From, c.Slug), To: rev.Config.EntityIDFor(v.To, c.Slug)},
		}))
	}
	apps, err := rm.Store.Apps(ctx)
	for _, app := range apps {
		before, after := wizard.SignOnValues(app, v.From, false), wizard.SignOnValues(app, v.To, false)
		if app.Kind != model.AppOIDC {
			before, after = wizard.DirectoryValues(app, v.From), wizard.DirectoryValues(app, v.To)
		}
		var values []settings.ValueMove
		for i, value := range before {
			values = append(values, settings.ValueMove{Label: value.Label, From: value.Value, To: after[i].Value})
		}
		m := moved(app.Name, paths.App(app.Slug), "In the app", values)
		if app.Kind != model.AppOIDC {
			m.Meanwhile = "Until the new value is there, the app goes on reading for as long as the old address leads here."
		}
		v.Moves = append(v.Moves, m)
	}
	return err
}

// moved keeps the values that differ.
func moved(name, href, where string, values []settings.ValueMove) settings.Move {
	m := settings.Move{Name: name, Href: href, Where: where, Meanwhile: "Until the new values are there, nobody signs in this way."}
	for _, value := range values {
		if value.From != value.To {
			m.Values = append(m.Values, value)
		}
	}
	return m
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// noWayIn says why who changes the address could not sign in afterwards; empty:
// they can. An account with a passkey wants more than its password.
func (rm *Room) noWayIn(ctx context.Context, a model.Administrator, to string) (string, error) {
	if a.PasswordHash == "" {
		return "Your account has no password, and you could not sign in afterwards. Ask an owner who has one to change the address.", nil
	}
	if hostOf(rm.Opts.PublicURL) == hostOf(to) {
		return "", nil
	}
	has, err := rm.Store.HasPasskey(ctx, a.ID)
	if err != nil || !has {
		return "", err
	}
	left, err := rm.Store.CountRecoveryCodes(ctx, a.ID)
	if err != nil || left > 0 {
		return "", err
	}
	return "Your passkeys stop working with this change, and your account has no recovery code left: you could not sign in afterwards. " +
		"Make recovery codes on your account's page first, and keep them.", nil
}

// changePublicURL changes it, where who does so can come in again, and where the
// new address leads here or they know that it does not yet.
func (rm *Room) changePublicURL(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := settings.PublicURLPage{To: kit.Typed(r, "to"), Anyway: r.PostFormValue("anyway") != "", Back: backFrom(r.PostFormValue("back"))}
	if rm.Opts.PublicURLFixed {
		return rm.renderPublicURL(w, r, a, v)
	}
	v.To, v.Problems = rm.checkMove(v.To)
	if len(v.Problems) > 0 {
		return rm.renderPublicURL(w, r, a, v)
	}
	if kit.Typed(r, "from") != rm.Opts.PublicURL {
		v.Problems = []model.Problem{{Text: "The public URL was changed by somebody else meanwhile. What stops now stands below; look at it once more."}}
		return rm.renderPublicURL(w, r, a, v)
	}
	noWayIn, err := rm.noWayIn(r.Context(), a, v.To)
	if err != nil {
		return err
	}
	if noWayIn != "" { // it stands on the page
		v.Problems = []model.Problem{{Text: "Nothing was changed: you could not sign in afterwards."}}
		return rm.renderPublicURL(w, r, a, v)
	}
	unanswered, err := rm.leadsHere(r.Context(), v.To)
	if err != nil {
		return err
	}
	if unanswered != "" && !v.Anyway {
		v.Unanswered = unanswered
		v.Problems = []model.Problem{{Field: "anyway", Text: "Nothing was changed. " + unanswered}}
		return rm.renderPublicURL(w, r, a, v)
	}
	err = rm.Store.InTx(r.Context(), func(tx *store.Store) error {
		return rm.MovePublicURL(r.Context(), tx, rm.Actor(r, a), v.To, unanswered)
	})
	if err != nil {
		return err
	}
	// A session belongs to a host, and its cookie to https or http: where it ends
	// here, the sign-in page tells of the new address, and no message waits for later.
	message := "Postern answers as " + v.To + " now. Type its new values into AWS and into the apps, or nobody can sign in."
	if strings.HasPrefix(rm.Opts.PublicURL, "https:") != strings.HasPrefix(v.To, "https:") {
		message = ""
	}
	if err := rm.PublicURLChanged(r.Context()); err != nil {
		return err
	}
	return rm.Done(w, r, v.Back, message)
}

// leadsHere asks an https address whether it leads to this Postern, and says why
// not; empty: it does. Plain http is only for this machine, where nobody is locked out.
func (rm *Room) leadsHere(ctx context.Context, address string) (why string, err error) {
	if !strings.HasPrefix(address, "https:") {
		return "", nil
	}
	question := rand.Text()
	sealed, err := rm.Sealer.Seal([]byte(question), model.SealedPublicURL)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address + paths.Here)
	if err != nil {
		return "", err
	}
	u.RawQuery = url.Values{"ask": {base64.RawURLEncoding.EncodeToString(sealed)}}.Encode()
	fetcher := outgoing.NewFetcher(rm.OnLoopback())
	fetcher.Private, fetcher.Roots = rm.Opts.AllowPrivateMetadata, rm.Opts.WebRoots
	ctx, cancel := context.WithTimeout(ctx, outgoing.FetchPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	client := fetcher.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the address itself is to answer
	res, err := client.Do(req)
	if err != nil {
		return unreached(ctx, u, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, int64(len(question))+1))
	if err != nil {
		return unreached(ctx, u, err)
	}
	if res.StatusCode != http.StatusOK || string(answer) != question {
		return fmt.Sprintf("%s answers, with status %d, but not as this Postern.", address, res.StatusCode), nil
	}
	return "", nil
}

// unreached puts into words why an address did not answer.
func unreached(ctx context.Context, u *url.URL, err error) (string, error) {
	var failed *outgoing.Error
	if err := outgoing.ExplainFetch(context.WithoutCancel(ctx), u, err); !errors.As(err, &failed) {
		return "", err
	}
	if failed.Inside {
		return u.Hostname() + " leads to an address inside the network, which Postern asks only when it was started with --allow-private-metadata. " +
			"So it is not known whether it leads here.", nil
	}
	return failed.Text, nil
}
