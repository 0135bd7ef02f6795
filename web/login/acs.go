package login

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/spans"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// attempt is one POST to the assertion consumer service while it is judged.
type attempt struct {
	login      model.Login
	connection model.Connection
	revision   *model.Revision
	pending    *model.PendingRequest // the request it answers, of this browser or another
	ours       bool                  // the pending request belongs to this browser
	request    store.RequestKey      // of the pending request
	relayState string
	identity   *sso.Identity
	assertion  string // the ID of the assertion, once its signature is verified
	app        string // the address of a registered app that RelayState names
}

// samlACS is the assertion consumer service: it judges AWS's answer, lets the
// person in or refuses, and writes the trace either way.
func (rm *Room) samlACS(w http.ResponseWriter, r *http.Request) {
	var a attempt
	ctx, end := rm.Opts.Metrics.Part(r.Context(), spans.Whole)
	defer end()
	r = r.WithContext(ctx)
	defer func() {
		if v := recover(); v != nil {
			rm.refusePanic(w, r, a.login, v)
		}
	}()
	a.login = rm.NewAttempt(r, chi.URLParam(r, "connection"))
	refusal, err := rm.receive(r, &a)
	switch {
	case err != nil:
		err = rm.RefuseInternal(w, r, a.login, err)
	case refusal != nil && refusal.Code == model.CodeReplayed:
		err = rm.repeat(w, r, a, refusal)
	case refusal != nil:
		err = rm.refuseCounted(w, r, a, refusal)
	case a.login.Test:
		err = rm.finishTest(w, r, a)
	default:
		err = rm.finishLogin(w, r, a)
	}
	if err != nil {
		rm.Fail(w, r, err)
	}
}

// maxUnverifiedXML is up to how many bytes a message is kept that nobody may have
// signed: anybody can send one. AWS's own have at most 50,000 characters.
const maxUnverifiedXML = 128 << 10

// receive reads the form and judges the message. Nothing is written yet.
func (rm *Room) receive(r *http.Request, a *attempt) (*model.Refusal, error) {
	field, refusal := readResponseForm(r, a)
	if refusal != nil {
		return refusal, nil
	}
	xml, unreadable := sso.DecodeResponse(field)
	if refusal, err := rm.findContext(r, a, xml); refusal != nil || err != nil {
		return refusal, err
	}
	if flooded, err := rm.flooded(r.Context(), a, model.NetworkOf(a.login.RemoteAddr)); err != nil {
		return nil, err
	} else if flooded {
		return notJudged(), nil
	}
	if unreadable != nil {
		return unreadable, nil
	}
	sealed, err := rm.Sealer.Seal(xml, model.SealedXML(a.login.ID))
	if err != nil {
		return nil, err
	}
	a.login.XMLSealed = sealed
	ctx, end := rm.Opts.Metrics.Part(r.Context(), spans.Verify)
	defer end()
	return rm.judge(ctx, a, xml)
}

// readResponseForm takes the one SAMLResponse field and at most one RelayState
// from the body; the address's query is never looked at.
func readResponseForm(r *http.Request, a *attempt) (string, *model.Refusal) {
	if !isForm(r) {
		return "", sso.Refuse(model.CauseFormUnreadable, "application/x-www-form-urlencoded", kit.Truncate(r.Header.Get("Content-Type"), 200),
			"The request is not a form.")
	}
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return "", sso.Refuse(model.CauseTooLarge, "a form of at most 1 MiB", "more than 1 MiB", "")
		}
		return "", sso.Refuse(model.CauseFormUnreadable, "", "", "The form cannot be read.")
	}
	responses, relays := r.PostForm["SAMLResponse"], r.PostForm["RelayState"]
	if len(responses) != 1 || len(relays) > 1 {
		return "", sso.Refuse(model.CauseFormUnreadable, "exactly one SAMLResponse field and at most one RelayState", "",
			"The form does not have the fields of a SAML response.")
	}
	if len(relays) == 1 {
		a.relayState = relays[0]
	}
	return responses[0], nil
}

// findContext finds the connection, the request that is being answered, and
// the revision to judge by.
func (rm *Room) findContext(r *http.Request, a *attempt, xml []byte) (*model.Refusal, error) {
	c, err := rm.Store.Connection(r.Context(), a.login.Connection)
	if errors.Is(err, store.ErrNotFound) {
		return sso.NotOpen(model.Connection{}), nil
	}
	if err != nil {
		return nil, err
	}
	a.connection = c
	spans.Connection(r.Context(), c.Slug)
	if err := rm.findPending(r, a, xml); err != nil {
		return nil, err
	}
	if a.login.Test {
		rev, err := rm.Store.RevisionByID(r.Context(), a.pending.RevisionID)
		if err != nil {
			return nil, err
		}
		a.revision = &rev
	} else if c.Status == model.StatusLive {
		a.revision = c.Live
	}
	if a.revision == nil {
		return sso.NotOpen(c), nil
	}
	a.login.RevisionID, a.login.RevisionVersion = a.revision.ID, a.revision.Version
	return nil, nil
}

// findPending finds the request that an answer belongs to: by its RelayState, or,
// where that is no handle of ours, among those of this browser by what the answer
// says of itself. Whether it says so rightly is judged from what was signed.
func (rm *Room) findPending(r *http.Request, a *attempt, xml []byte) error {
	p, key, err := rm.pendingOf(r, a.relayState, xml)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		rm.answers(r, a, p, key)
	}
	return err
}

// answers notes that an attempt answers a request, unless that is another
// connection's.
func (rm *Room) answers(r *http.Request, a *attempt, p model.PendingRequest, key store.RequestKey) {
	if p.ConnectionID != a.connection.ID {
		return
	}
	a.pending, a.request = &p, key
	value := rm.BrowserValue(r)
	a.ours = value != "" && subtle.ConstantTimeCompare(kit.HashBrowser(value), p.BrowserHash) == 1
	if a.ours {
		a.login.ID, a.login.StartedAt = p.LoginID, p.CreatedAt
		a.login.RequestID, a.login.Test = p.RequestID, p.Test
	}
}

func (rm *Room) pendingOf(r *http.Request, relayState string, xml []byte) (model.PendingRequest, store.RequestKey, error) {
	p, key, err := rm.pendingByHandle(r, relayState)
	if errors.Is(err, store.ErrNotFound) {
		return rm.pendingByAnswer(r, xml)
	}
	return p, key, err
}

func (rm *Room) pendingByHandle(r *http.Request, handle string) (model.PendingRequest, store.RequestKey, error) {
	if len(handle) != kit.HandleLength {
		return model.PendingRequest{}, nil, store.ErrNotFound
	}
	p, err := rm.Store.PendingRequest(r.Context(), handle, rm.Now())
	return p, store.KeyOf(handle), err
}

// pendingByAnswer is for an answer that lost its RelayState on the way.
func (rm *Room) pendingByAnswer(r *http.Request, xml []byte) (model.PendingRequest, store.RequestKey, error) {
	value := rm.BrowserValue(r)
	if value == "" {
		return model.PendingRequest{}, nil, store.ErrNotFound
	}
	id := sso.ClaimsOf(xml).InResponseTo
	if id == "" {
		return model.PendingRequest{}, nil, store.ErrNotFound
	}
	return rm.Store.PendingRequestOf(r.Context(), id, kit.HashBrowser(value), rm.Now())
}

// judge verifies the message and reads the person from it.
func (rm *Room) judge(ctx context.Context, a *attempt, xml []byte) (*model.Refusal, error) {
	cfg := a.revision.Config
	idp, err := rm.IdentityProvider(a.revision)
	if err != nil {
		return nil, err
	}
	message, checks, refusal := sso.Open(xml, sso.Trust{
		Certificates: idp.Certificates, RequireSignatures: cfg.RequireSignatures, IdPEntityID: idp.EntityID,
		SecondOpinion: rm.Opts.VerifyTwice,
	})
	a.login.Checks = checks
	if refusal != nil {
		if len(xml) > maxUnverifiedXML {
			a.login.XMLSealed = nil
		}
		return refusal, nil
	}
	a.login.Verified = true
	a.assertion = message.AssertionID
	seen, err := rm.Store.AssertionSeen(ctx, a.connection.Slug, message.AssertionID)
	if err != nil {
		return nil, err
	}
	sp := rm.ServiceProvider(a.connection.Slug, cfg)
	expect := sso.Expectations{
		EntityID: sp.EntityID, ACSURL: sp.ACSURL, IdPEntityID: idp.EntityID,
		Now: rm.Now(), ClockSkew: cfg.ClockSkew, AllowUnsolicited: cfg.AllowIdPInitiated,
		OtherBrowser: a.pending != nil && !a.ours, Replayed: seen, MeasureClock: true, NoHandle: len(a.relayState) != kit.HandleLength,
	}
	if a.pending != nil {
		expect.Request = &sso.PendingRequest{ID: a.pending.RequestID}
	}
	identity, checks, refusal := message.Judge(expect)
	a.login.Checks = append(a.login.Checks, checks...)
	a.login.Unsolicited = message.InResponseTo == ""
	if refusal != nil {
		return refusal, nil
	}
	a.identity, a.login.NameID = identity, identity.NameID
	p, checks, refusal := sso.MapAttributes(cfg, identity)
	a.login.Checks = append(a.login.Checks, checks...)
	a.login.Person, a.login.Username = &p, p.Username
	if refusal == nil && a.login.Test {
		refusal = sso.JudgeTried(p)
	}
	if refusal != nil {
		return refusal, nil
	}
	return nil, rm.readRelayState(ctx, a)
}

// finishLogin carries the login out in one transaction and signs the person in.
func (rm *Room) finishLogin(w http.ResponseWriter, r *http.Request, a attempt) error {
	for _, c := range rm.Opts.Sources.ReadAtLogin(r.Context(), a.connection.Slug, *a.login.Person) {
		c.Title = sso.CheckTitle(c.ID)
		a.login.Checks = append(a.login.Checks, c)
	}
	l, u, err := rm.complete(r.Context(), a)
	if err != nil {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	if l.Refusal != nil {
		return rm.showRefusal(w, r, l)
	}
	w.Header().Set(HeaderLogin, l.ID)
	ctx, end := rm.Opts.Metrics.Part(r.Context(), spans.Session)
	err = rm.welcome(w, r.WithContext(ctx), a, u)
	end()
	if err != nil {
		return rm.showInternal(w, r, l, err)
	}
	rm.countLogin(r.Context(), l)
	rm.Log.InfoContext(r.Context(), "signed in", "login", l.ID, "connection", l.Connection, "user", u.ID)
	return nil
}

// complete carries out what provisioning decides about a login.
func (rm *Room) complete(ctx context.Context, a attempt) (model.Login, model.User, error) {
	ctx, end := rm.Opts.Metrics.Part(ctx, spans.Store)
	defer end()
	c := rm.completion(a, a.answered())
	decide := c.Decide
	c.Decide = func(known model.Known) model.Decision {
		_, end := rm.Opts.Metrics.Part(ctx, spans.Decide)
		defer end()
		return decide(known)
	}
	return rm.Store.CompleteLogin(ctx, c)
}

// countLogin tells figures and trace how a login ended.
func (rm *Room) countLogin(ctx context.Context, l model.Login) {
	rm.Opts.Metrics.CountLogin(l)
	spans.Login(ctx, l.ID)
	code := ""
	if l.Refusal != nil {
		code = string(l.Refusal.Code)
	}
	spans.Ended(ctx, string(l.Outcome), code)
}

// completion is a login that was judged good, with the request that it consumes.
func (rm *Room) completion(a attempt, request store.RequestKey) store.Completion {
	return store.Completion{
		Login: a.login, Request: request, ConnectionID: a.connection.ID,
		AssertionID: a.identity.AssertionID, AssertionExpires: a.identity.ExpiresAt,
		Person: *a.login.Person, Decide: rm.Decide(a.connection, a.revision, a.login), Now: rm.Now(),
	}
}

// answered is the request that this message answers; a message that AWS started
// answers none, whatever its RelayState.
func (a attempt) answered() store.RequestKey {
	if a.login.Unsolicited {
		return nil
	}
	return a.request
}

// returnTo is where the person goes: where they came from, or what the AWS
// application's relay state names, a path of this site or an address of a
// registered app, or their own page.
func (a attempt) returnTo() string {
	if a.ours && a.pending.ReturnTo != "" {
		return a.pending.ReturnTo
	}
	if a.login.Unsolicited {
		return cmp.Or(kit.LocalPath(a.relayState), a.app, paths.Me)
	}
	return paths.Me
}

// finishTest ends a login that the setup wizard started: it says what would
// have happened and changes nothing but the trace and the revision's test mark.
func (rm *Room) finishTest(w http.ResponseWriter, r *http.Request, a attempt) error {
	p := *a.login.Person
	before, err := rm.Store.Namesakes(r.Context(), a.connection.ID, a.connection.Slug, p)
	if err != nil {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	check, refusal := sso.JudgeNamesakes(a.revision.Config, p, before)
	a.login.Checks = append(a.login.Checks, check)
	if refusal != nil {
		return rm.refuseAttempt(w, r, a, refusal)
	}
	d, err := rm.Store.PreviewLogin(r.Context(), a.connection.ID, a.connection.Slug, p, rm.Decide(a.connection, a.revision, a.login))
	if err != nil {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	a.login.Checks = append(a.login.Checks, d.Check)
	if d.Refusal != nil {
		return rm.refuseAttempt(w, r, a, d.Refusal)
	}
	a.login.Changes, a.login.UserID = d.Changes, d.User.ID
	l, err := rm.Store.FinishTest(r.Context(), rm.completion(a, a.request))
	if err != nil {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	if l.Refusal != nil {
		return rm.showRefusal(w, r, l)
	}
	w.Header().Set(HeaderLogin, l.ID)
	return kit.SeeOther(w, r, paths.SAMLTested(a.connection.Slug))
}
