package login

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// leftAlone are the parts of the site that programs talk to: what they post is
// theirs to judge.
var leftAlone = []string{"/scim", "/crowd", "/oidc"}

// CatchAstray stands before everything else and takes what is an answer of AWS by
// its field and came to another address than the assertion consumer service: the
// address in AWS is wrong. It signs nobody in, and leaves a trace.
func (rm *Room) CatchAstray(next http.Handler) http.Handler {
	refuse := rm.Persons.LoadAndSave(http.HandlerFunc(rm.refuseAstray))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mayBeAstray(r) && carriesAnswer(r) {
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// mayBeAstray tells whether a request is a form to an address at which answers
// have no business.
func mayBeAstray(r *http.Request) bool {
	if r.Method != http.MethodPost || !isForm(r) || isACS(r.URL.EscapedPath()) {
		return false
	}
	for _, prefix := range leftAlone {
		if r.URL.Path == prefix || strings.HasPrefix(r.URL.Path, prefix+"/") {
			return false
		}
	}
	return true
}

func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// isACS tells whether a path is that of an assertion consumer service, as it must
// be spelled.
func isACS(path string) bool {
	p := strings.Split(path, "/")
	return len(p) == 4 && p[0] == "" && p[1] == "saml" && p[3] == "acs" && p[2] != "" && p[2] == strings.ToLower(p[2])
}

// carriesAnswer tells whether the form has the field of a SAML answer. Whoever
// reads the body afterwards gets all of it.
func carriesAnswer(r *http.Request) bool {
	head, _ := io.ReadAll(io.LimitReader(r.Body, kit.MaxForm+1)) // who reads on meets the same error
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), r.Body), r.Body}
	if !bytes.HasPrefix(head, []byte("SAMLResponse=")) && !bytes.Contains(head, []byte("&SAMLResponse=")) {
		return false
	}
	// A single logout has an address of its own, which says what it does with it.
	return !strings.HasSuffix(strings.ToLower(strings.TrimRight(r.URL.Path, "/")), "/logout") || postsResponse(head)
}

// postsResponse tells whether the answer of a form says who signed in, and not
// that somebody signed out.
func postsResponse(form []byte) bool {
	values, err := url.ParseQuery(string(form))
	if err != nil {
		return false
	}
	xml, refusal := sso.DecodeResponse(values.Get("SAMLResponse"))
	return refusal == nil && sso.ClaimsOf(xml).Root == "Response"
}

// refuseAstray judges the answer as far as it can, for the trace, and refuses it.
func (rm *Room) refuseAstray(w http.ResponseWriter, r *http.Request) {
	a := attempt{login: rm.NewAttempt(r, connectionIn(r.URL.Path))}
	defer func() {
		if v := recover(); v != nil {
			rm.refusePanic(w, r, a.login, v)
		}
	}()
	r.Body = http.MaxBytesReader(w, r.Body, kit.MaxForm)
	refusal, err := rm.receiveAstray(r, &a)
	if err != nil {
		err = rm.RefuseInternal(w, r, a.login, err)
	} else {
		err = rm.refuseCounted(w, r, a, refusal)
	}
	if err != nil {
		rm.Fail(w, r, err)
	}
}

func (rm *Room) receiveAstray(r *http.Request, a *attempt) (*model.Refusal, error) {
	field, refusal := readResponseForm(r, a)
	if refusal != nil {
		return refusal, nil
	}
	xml, _ := sso.DecodeResponse(field) // what it is not, is judged below
	claims := sso.ClaimsOf(xml)
	if err := rm.findAstray(r, a, xml, claims); err != nil {
		return nil, err
	}
	if flooded, err := rm.flooded(r.Context(), a, model.NetworkOf(a.login.RemoteAddr)); err != nil {
		return nil, err
	} else if flooded {
		return notJudged(), nil
	}
	refusal = rm.whyAstray(r, a, claims)
	a.login.Checks = []model.Check{sso.AstrayCheck(refusal)}
	if len(xml) == 0 {
		return refusal, nil
	}
	sealed, err := rm.Sealer.Seal(xml, model.SealedXML(a.login.ID))
	if err != nil {
		return nil, err
	}
	if a.login.XMLSealed = sealed; a.revision == nil || a.revision.Config.IdPMetadata == "" {
		if len(xml) > maxUnverifiedXML {
			a.login.XMLSealed = nil
		}
		return refusal, nil
	}
	place := a.login.Checks
	_, err = rm.judge(r.Context(), a, xml) // for its checks: the place decides
	a.login.Checks = append(place, a.login.Checks...)
	return refusal, err
}

// whyAstray says which field in AWS is wrong.
func (rm *Room) whyAstray(r *http.Request, a *attempt, claims sso.Claims) *model.Refusal {
	slug, config := a.login.Connection, model.Config{}
	if a.revision != nil {
		config = a.revision.Config
	}
	if slug == "" {
		slug = "…"
	}
	return rm.ServiceProvider(slug, config).Astray(rm.Opts.PublicURL+r.URL.EscapedPath(), rm.Opts.PublicURL+paths.SAMLLogin(slug), claims)
}

// connectionIn is the connection that a path names, as /saml/{connection}/…
// anywhere in it, in whatever case; empty when it names none.
func connectionIn(path string) string {
	parts := strings.FieldsFunc(strings.ToLower(path), func(c rune) bool { return c == '/' })
	for i, part := range parts[:max(0, len(parts)-1)] {
		if part == "saml" && model.CheckSlug(parts[i+1]) == nil {
			return parts[i+1]
		}
	}
	return ""
}

// findAstray finds whose answer it is: the connection that the path names, else
// that of the request which came along, else the one that the answer itself names.
// The answer is not believed: it only says under which connection the trace stands.
func (rm *Room) findAstray(r *http.Request, a *attempt, xml []byte, claims sso.Claims) error {
	all, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	p, key, err := rm.pendingOf(r, a.relayState, xml)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	asked := err == nil
	c, ok := named(all, a.login.Connection)
	if !ok {
		c, ok = rm.connectionOf(all, p.ConnectionID, claims)
	}
	if !ok {
		return nil
	}
	a.login.Connection, a.connection, a.revision = c.Slug, c, c.Current()
	if asked {
		rm.answers(r, a, p, key)
	}
	if a.login.Test {
		rev, err := rm.Store.RevisionByID(r.Context(), p.RevisionID)
		if err != nil {
			return err
		}
		a.revision = &rev
	}
	if a.revision != nil {
		a.login.RevisionID, a.login.RevisionVersion = a.revision.ID, a.revision.Version
	}
	return nil
}

func named(all []model.Connection, slug string) (model.Connection, bool) {
	i := slices.IndexFunc(all, func(c model.Connection) bool { return c.Slug == slug })
	if i < 0 {
		return model.Connection{}, false
	}
	return all[i], true
}

// connectionOf is for an answer whose path names no connection: that of the
// request, the only one with that issuer, or the one that it names as its place.
func (rm *Room) connectionOf(all []model.Connection, asked int64, claims sso.Claims) (model.Connection, bool) {
	var issued []model.Connection
	for _, c := range all {
		if c.ID == asked {
			return c, true
		}
		if rev := c.Current(); rev != nil && claims.Issuer != "" && rev.Config.IdPMetadata != "" {
			if idp, err := rm.IdentityProvider(rev); err == nil && idp.EntityID == claims.Issuer {
				issued = append(issued, c)
			}
		}
	}
	if len(issued) == 1 {
		return issued[0], true
	}
	u, err := url.Parse(claims.Destination)
	if err != nil {
		return model.Connection{}, false
	}
	return named(all, connectionIn(u.Path))
}
