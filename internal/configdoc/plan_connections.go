package configdoc

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// connections plans what the document says about connections, but for removing
// those that it does not name.
func (p *plan) connections() {
	if p.doc.connections == nil {
		return
	}
	have := byKey(p.have.Connections, func(c model.Connection) string { return c.Slug })
	for _, doc := range *p.doc.connections {
		before, exists := have[model.Key(doc.slug)]
		if !exists {
			p.newConnection(doc)
			continue
		}
		p.changedConnection(doc, before)
	}
}

func (p *plan) newConnection(doc connectionDoc) {
	cfg := doc.apply(model.DefaultConfig(doc.slug))
	status := model.StatusDraft
	if doc.status != nil {
		status = *doc.status
	}
	p.judge(doc, cfg, status)
	text := "create"
	if status != model.StatusDraft {
		text += " as " + statusWords(status)
	}
	p.do("connection", doc.slug, act("create", text), func(ctx context.Context, st *store.Store, actor model.Actor) error {
		c, err := st.CreateConnection(ctx, actor, doc.slug, cfg)
		if err != nil {
			return err
		}
		return reach(ctx, st, actor, c, status)
	})
}

func statusWords(s model.Status) string {
	if s == model.StatusDraft {
		return string(s)
	}
	return string(s) + " (without a tested login)"
}

func (p *plan) changedConnection(doc connectionDoc, before model.Connection) {
	rev := before.Current()
	if rev == nil {
		p.problem(doc.at, "the connection has neither a live revision nor a draft in the database.")
		return
	}
	cfg := doc.apply(rev.Config)
	changes := differences(configSettings, rev.Config, cfg)
	edited := len(changes) > 0
	status := before.Status
	if edited && status == model.StatusReady {
		status = model.StatusDraft // what was tested is not what will be
	}
	if doc.status != nil {
		status = *doc.status
	}
	if status != before.Status {
		changes = append(changes, statusChange(before, status, edited))
	}
	if before.Live != nil && (status == model.StatusDraft || status == model.StatusReady) {
		p.problem(doc.where("status"), "the connection has been live and cannot be a %s again. Write suspended to close it.", status)
	}
	if len(changes) > 0 {
		p.judge(doc, cfg, status)
	}
	p.do("connection", before.Slug, changes, func(ctx context.Context, st *store.Store, actor model.Actor) error {
		c := before
		if edited {
			var err error
			if c, err = reconfigure(ctx, st, actor, before, doc); err != nil {
				return err
			}
		}
		return reach(ctx, st, actor, c, status)
	})
}

// statusChange says so when a connection goes live with what no login has
// tested.
func statusChange(before model.Connection, to model.Status, edited bool) edit {
	e := changed("status", string(before.Status), string(to))
	tested := !edited && before.Draft != nil && before.Draft.TestedLogin != ""
	if before.Live == nil && to != model.StatusDraft && !tested {
		e.text += " (without a tested login)"
	}
	return e
}

// judge looks at a connection's configuration as a whole. A draft may be
// incomplete.
func (p *plan) judge(doc connectionDoc, cfg model.Config, status model.Status) {
	p.problems = append(p.problems, judgeConfig(doc, cfg, status != model.StatusDraft)...)
}

// removeConnections removes the connections that the document does not name,
// and with them their identities. Their rules are planned with the rules.
func (p *plan) removeConnections() {
	wanted := p.doc.namedConnections()
	if wanted == nil {
		return
	}
	for _, c := range p.have.Connections {
		if !wanted[model.Key(c.Slug)] {
			p.do("connection", c.Slug, act("remove", "remove"), func(ctx context.Context, st *store.Store, actor model.Actor) error {
				return st.DeleteConnection(ctx, actor, c.Slug)
			})
		}
	}
}

// reconfigure writes the document's settings. A connection that has been live
// gets a new live revision; a draft that somebody is editing meanwhile is kept
// as it is. A connection that has not been live has its draft changed.
func reconfigure(ctx context.Context, st *store.Store, actor model.Actor, c model.Connection, doc connectionDoc) (model.Connection, error) {
	edit := func(r *model.Revision) error {
		r.Config = doc.apply(r.Config)
		return nil
	}
	if c.Live == nil {
		if _, err := st.SaveDraft(ctx, actor, c.Slug, c.Draft.Version, edit); err != nil {
			return c, err
		}
		return st.Connection(ctx, c.Slug)
	}
	if c.Draft != nil {
		if err := st.DiscardDraft(ctx, actor, c.Slug); err != nil {
			return c, err
		}
	}
	draft, err := st.StartDraft(ctx, actor, c.Slug)
	if err != nil {
		return c, err
	}
	if draft, err = st.SaveDraft(ctx, actor, c.Slug, draft.Version, edit); err != nil {
		return c, err
	}
	if err := st.GoLive(ctx, actor, c.Slug, draft.Version, true); err != nil {
		return c, err
	}
	if c.Draft != nil {
		if err := putBack(ctx, st, actor, c.Slug, *c.Draft); err != nil {
			return c, err
		}
	}
	return st.Connection(ctx, c.Slug)
}

// putBack makes the draft again that stood aside for a new live revision.
func putBack(ctx context.Context, st *store.Store, actor model.Actor, slug string, draft model.Revision) error {
	fresh, err := st.StartDraft(ctx, actor, slug)
	if err != nil {
		return err
	}
	_, err = st.SaveDraft(ctx, actor, slug, fresh.Version, func(r *model.Revision) error {
		r.Config, r.Ticks = draft.Config, draft.Ticks
		return nil
	})
	return err
}

// reach brings a connection to a status. One that has never been live goes live
// first, without a tested revision; the audit says so.
func reach(ctx context.Context, st *store.Store, actor model.Actor, c model.Connection, to model.Status) error {
	if c.Live == nil && (to == model.StatusLive || to == model.StatusSuspended) {
		if err := st.GoLive(ctx, actor, c.Slug, c.Draft.Version, true); err != nil {
			return err
		}
		c.Status = model.StatusLive
	}
	if c.Status == to {
		return nil
	}
	return st.SetStatus(ctx, actor, c.Slug, to)
}
