package overview

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/standing"
	"github.com/postern-sso/postern/web/trust"
)

// facts is what the overview was made from.
type facts struct {
	page     overview.OverviewPage
	anew     []store.MadeAnew
	failures []model.NoticeFailure
	leavers  int

	obstacles []kit.Obstacle
	backups   *kit.Backups

	certificates []overview.Need // what waits because of AWS's certificates
}

// needs lists what waits for somebody, the most urgent first. What the alarm
// says already is left out.
func needs(f facts) []overview.Need {
	var all []overview.Need
	for _, c := range f.page.Connections {
		for _, r := range c.Health.Reasons {
			if aboutChange[r.ID] {
				continue // the change of the certificate tells it whole
			}
			if r.State != health.Bad || f.page.Alarm == nil || f.page.Alarm.Connection.Slug != c.Connection.Slug || r.ID != f.page.Alarm.Reason.ID {
				all = appendReason(all, r, "plug-connected", parts.ActionOf(r, c.Connection.Slug, ""), f.page.Now)
			}
		}
		if c.Clock.Wrong() {
			n := overview.Need{Tone: ui.Info, Icon: "clock", Title: "The clocks of AWS and of this server differ, by the sign-ins through " + c.Connection.Name(),
				Text: c.Clock.Sentence(), Actions: []parts.Action{{Label: "See the measurements", Href: paths.Connection(c.Connection.Slug) + "#clock"}}}
			if c.Clock.Ahead > c.Clock.Limit/2 {
				n.Tone = ui.Warn
			}
			all = append(all, n)
		}
	}
	for _, a := range f.page.Apps {
		for _, r := range a.Health.Reasons {
			all = appendReason(all, r, "apps", parts.ActionOf(r, "", a.App.Slug), f.page.Now)
		}
	}
	all = append(all, sourceNeeds(f)...)
	all = append(all, f.certificates...)
	all = append(all, anewNeeds(f.anew, f.page.Now)...)
	all = append(all, obstacleNeeds(f.obstacles)...)
	all = append(all, backupNeed(f.backups)...)
	all = append(all, deliveryNeeds(f.failures, f.page.Now)...)
	if n, found := triedNeed(f.page.People, f.page.Now); found {
		all = append(all, n)
	}
	if f.leavers > 0 {
		all = append(all, leaversNeed(f.leavers))
	}
	slices.SortStableFunc(all, func(a, b overview.Need) int { return cmp.Compare(urgency(a.Tone), urgency(b.Tone)) })
	return all
}

// aboutChange are reasons of health that belong to the change of a certificate.
var aboutChange = map[string]bool{"certificate_offered": true, "certificate_gone": true, "certificate_ends": true, "certificate_ended": true}

// certificateNeed is what waits because of a connection's certificates. That
// people are refused for it is a reason of health, or the alarm.
func certificateNeed(c standing.Connection, change sso.CertificateChange, now time.Time) (overview.Need, bool) {
	if c.Health.Has("certificate_changed") {
		return overview.Need{}, false
	}
	n, found := trust.CertificateNeed(c.Name(), c.Slug, change, now)
	need := overview.Need{ID: "certificate", Tone: ui.Info, Icon: "certificate", Title: "AWS's certificate for " + c.Name(), Text: n.Text,
		Actions: []parts.Action{{Label: n.Link, Href: n.Href}}}
	if n.Urgent {
		need.Tone = ui.Warn
	}
	return need, found
}

func urgency(t ui.Tone) int { return slices.Index([]ui.Tone{ui.Bad, ui.Warn, ui.Info}, t) }

// appendReason adds a reason of health, where it waits for somebody.
func appendReason(all []overview.Need, r health.Reason, icon string, act parts.Action, now time.Time) []overview.Need {
	n := overview.Need{Tone: ui.Info, Title: r.Title, Text: parts.ReasonText(r, now), ID: r.ID, Actions: []parts.Action{act}}
	switch {
	case r.State == health.Bad:
		n.Tone = ui.Bad
	case r.State == health.Warn:
		n.Tone = ui.Warn
	case !r.Waits:
		return all
	}
	if n.Icon = icon; r.Place == health.AtCertificates {
		n.Icon = "certificate"
	}
	return append(all, n)
}

// anewNeeds are people whom AWS calls by other ids than before.
func anewNeeds(all []store.MadeAnew, now time.Time) []overview.Need {
	var list []overview.Need
	for _, m := range all {
		name := m.Name
		if name == "" {
			name = m.Connection
		}
		text := fmt.Sprintf("Of %s who came through %s within a day, %s refused: AWS calls them by other ids than before. Most likely the identity source "+
			"was changed, or the instance moved.", ui.Count(m.Known, "known person", "known people"), name, ui.Count(m.Refused, "was", "were"))
		if m.Allowed > 0 {
			text += fmt.Sprintf(" %s linked anew at the next sign-in.", ui.Count(m.Allowed, "of them is", "of them are"))
		}
		if !m.Since.IsZero() {
			text += " The first of them came " + parts.Ago(now, m.Since) + "."
		}
		list = append(list, overview.Need{ID: "made_anew", Tone: ui.Warn, Icon: "users",
			Title: "AWS calls " + ui.Count(m.Refused, "person", "people") + " by new ids",
			Text:  text, Actions: []parts.Action{
				{Label: "Link them anew…", Href: paths.WithQuery(paths.Link, "what", string(model.ConsentLinkAnew), "connection", m.Connection)},
				{Label: "See who was refused", Href: paths.WithQuery(paths.Logins, "code", string(model.CodeUsernameTaken))},
			}})
	}
	return list
}

// deliveryNeeds are ways by which warnings do not arrive.
func deliveryNeeds(failures []model.NoticeFailure, now time.Time) []overview.Need {
	var list []overview.Need
	for _, way := range []struct{ channel, title string }{
		{model.ChannelMail, "Warnings do not arrive by mail"}, {model.ChannelWebhook, "Warnings do not arrive by webhook"},
	} {
		n, problem := 0, ""
		for _, f := range failures {
			if f.Channel == way.channel {
				n, problem = n+1, f.Problem
			}
		}
		if n > 0 {
			list = append(list, overview.Need{ID: "undelivered_" + way.channel, Tone: ui.Warn, Icon: "mail", Title: way.title,
				Text:    fmt.Sprintf("%s not delivered, and tried again. %s", ui.Count(n, "warning was", "warnings were"), problem),
				Actions: []parts.Action{{Label: "See the warnings", Href: paths.Warnings}}})
		}
	}
	return list
}

// leaversNeed is people who have left and whom no source deactivates.
func leaversNeed(n int) overview.Need {
	return overview.Need{ID: "leavers", Tone: ui.Warn, Icon: "user-x",
		Title:   ui.Count(n, "person has left and is still active", "people have left and are still active"),
		Text:    "A source says so, and none deactivates them by itself.",
		Actions: []parts.Action{{Label: "See who", Href: paths.Leavers}}}
}

// triedNeed is people who came through AWS and are not known here.
func triedNeed(people []overview.TriedPerson, now time.Time) (overview.Need, bool) {
	n, newest := 0, time.Time{}
	for _, p := range people {
		if p.Add == nil {
			continue
		}
		n++
		if p.LastAt.After(newest) {
			newest = p.LastAt
		}
	}
	if n == 0 {
		return overview.Need{}, false
	}
	counted := ui.Count(n, "person", "people")
	if len(people) == peopleOnOverview {
		counted = ui.Number(n) + " or more people"
	}
	return overview.Need{ID: "tried", Tone: ui.Warn, Icon: "user-question", Title: counted + " came through AWS and could not sign in",
		Text:    "No user here fits, and the connection does not create users. The newest came " + parts.Ago(now, newest) + ".",
		Actions: []parts.Action{{Label: "Look at them", Href: "#tried"}}}, true
}
