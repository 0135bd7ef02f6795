package connections

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/kit"
)

// replayed is how many logins are replayed, the newest.
const replayed = 500

// replayLogins judges the newest logins once more, by the live revision and by
// the draft, and shows where the two differ. What changed about users since a
// login counts for both, so it is no difference. Nobody is signed in.
func (rm *Room) replayLogins(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, err := rm.Store.Connection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return err
	}
	if c.Live == nil || c.Draft == nil {
		return store.ErrNotFound // nothing to compare
	}
	v := connections.ReplayPage{
		Page: rm.Page(r, a, layout.NavConnections, "Replay the last logins",
			fmt.Sprintf("The last %d logins, judged by the draft. What would have gone differently?", replayed)),
		Connection: c,
	}
	v.Page.Crumbs = kit.SetupCrumbs(c)
	if r.URL.Query().Get("run") == "" {
		return rm.Render(w, r, http.StatusOK, connections.Replay(v))
	}
	v.Ran = true
	err = rm.Store.EachLatestLogin(r.Context(), c.Slug, replayed, func(l model.Login) error {
		return rm.replayOne(r.Context(), c, l, &v)
	})
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, connections.Replay(v))
}

// replayOne judges one login and counts the result.
func (rm *Room) replayOne(ctx context.Context, c model.Connection, l model.Login, v *connections.ReplayPage) error {
	xml, err := rm.keptXML(l)
	if err != nil { // sealed with a key that is gone
		rm.Log.WarnContext(ctx, "a login cannot be replayed", "login", l.ID, "error", err)
	}
	if xml == nil && l.Person == nil {
		v.Lost++ // erased, or nothing came that could be judged
		return nil
	}
	live, err := rm.judgeAgain(ctx, c, c.Live, l, xml)
	if err != nil {
		return err
	}
	draft, err := rm.judgeAgain(ctx, c, c.Draft, l, xml)
	if err != nil {
		return err
	}
	v.Replayed++
	if live.Same(draft) {
		return nil
	}
	d := connections.ReplayDifference{Login: l, Live: live, Draft: draft}
	switch {
	case live.Code == "" && draft.Code != "":
		v.NowRefused++
	case live.Code != "" && draft.Code == "":
		v.NowSignedIn++
	default:
		v.Otherwise++
	}
	d.Login.XMLSealed = nil // long, and not shown
	v.Differences = append(v.Differences, d)
	return nil
}

// keptXML is the message of a login, where it is still kept.
func (rm *Room) keptXML(l model.Login) ([]byte, error) {
	if l.XMLSealed == nil {
		return nil, nil
	}
	return rm.Sealer.Open(l.XMLSealed, model.SealedXML(l.ID))
}

// judgeAgain is how a login would end by a revision, by its own time.
func (rm *Room) judgeAgain(ctx context.Context, c model.Connection, rev *model.Revision, l model.Login, xml []byte) (connections.ReplayOutcome, error) {
	p, refusal, err := rm.personAgain(c, rev, l, xml)
	if err != nil || refusal != nil {
		return replayRefused(refusal), err
	}
	again := l
	again.Person = p
	d, err := rm.Store.PreviewLogin(ctx, c.ID, c.Slug, *p, rm.Decide(c, rev, again))
	if err != nil || d.Refusal != nil {
		return replayRefused(d.Refusal), err
	}
	o := connections.ReplayOutcome{Username: d.User.Username}
	for _, change := range d.Changes {
		if change.What == model.ChangeGroupAdded || change.What == model.ChangeGroupKept {
			o.Groups = append(o.Groups, change.Name)
		}
	}
	slices.Sort(o.Groups)
	o.Does = strings.ToLower(string(d.Action))
	return o, nil
}

func replayRefused(refusal *model.Refusal) connections.ReplayOutcome {
	if refusal == nil {
		return connections.ReplayOutcome{}
	}
	return connections.ReplayOutcome{Code: refusal.Code, Why: sso.Explain(refusal.Code).Title}
}

// personAgain reads who signed in, from the message where it is kept, else from
// what was read from it then.
func (rm *Room) personAgain(c model.Connection, rev *model.Revision, l model.Login, xml []byte) (*model.Person, *model.Refusal, error) {
	idp, err := rm.IdentityProvider(rev)
	if err != nil {
		return nil, nil, forecast.ErrUnusableMetadata
	}
	cfg := rev.Config
	if xml == nil {
		p, _, refusal := sso.MapAttributes(cfg, &sso.Identity{Issuer: idp.EntityID, NameID: l.Person.NameID, Attributes: l.Person.Attributes})
		return &p, refusal, nil
	}
	sp := rm.ServiceProvider(c.Slug, cfg)
	found := sso.Inspect(xml, sso.InspectOptions{
		Metadata: idp, Now: l.FinishedAt, EntityID: sp.EntityID, ACSURL: sp.ACSURL,
		RequireSignatures: cfg.RequireSignatures, ClockSkew: cfg.ClockSkew, Config: &cfg,
	})
	if found.Refusal == nil && found.Unsolicited && !cfg.AllowIdPInitiated {
		return nil, sso.Refuse(model.CauseTileRefused, "", "", ""), nil
	}
	return found.Person, found.Refusal, nil
}
