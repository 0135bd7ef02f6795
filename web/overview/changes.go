package overview

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// changeIcons are the signs of what was changed, by the first word of the action.
var changeIcons = map[string]string{
	"user": "user-plus", "group": "users-group", "membership": "users-group", "rule": "list-check", "connection": "plug-connected",
	"revision": "plug-connected", "identity": "link", "app": "apps", "administrator": "shield-lock", "settings": "settings", "warnings": "mail",
	"login": "login-2", "setup_link": "send", "trace_link": "send", "bulk": "users", "signing_key": "key", "source": "database", "config": "file-import",
}

// reference is a name that a machine made: it tells people nothing.
var reference = regexp.MustCompile(`^([a-z2-7]{16}|[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27})$`)

// changes are the newest acts, a line each, by the names that people know.
func (rm *Room) changes(entries []model.AuditEntry, more []int, v overview.OverviewPage) []overview.Change {
	names := called(v)
	var all []overview.Change
	for i, e := range entries {
		subject, _, _ := strings.Cut(e.Action, ".")
		c := overview.Change{At: e.At, Actor: actor(names, e.Actor), Action: kit.ActionWords(e.Action), Icon: changeIcons[subject], More: more[i], Undo: e.Undo,
			Href: paths.WithQuery(paths.Audit, "object", e.Object)}
		if c.Icon == "" {
			c.Icon = "history"
		}
		if more[i] > 0 {
			c.Href = paths.WithQuery(paths.Audit, "act", strconv.FormatInt(e.ID, 10))
		}
		if !reference.MatchString(e.Object) {
			c.Object = names.Object(e)
		}
		all = append(all, c)
	}
	return all
}

// called are the names of what the page shows anyhow.
func called(v overview.OverviewPage) model.Called {
	c := model.Called{Connections: map[string]string{}, Apps: map[string]string{}, Sources: map[string]string{}}
	for _, o := range v.Connections {
		c.Connections[o.Connection.Slug] = o.Connection.Name()
	}
	for _, o := range v.Apps {
		c.Apps[o.App.Slug] = o.App.Name
	}
	for _, o := range v.Sources {
		c.Sources[o.Source.Slug] = o.Source.Name
	}
	return c
}

// actor is who did it. A sign-in did it by itself; which one is in the audit.
func actor(names model.Called, name string) string {
	if strings.HasPrefix(name, "login ") {
		return "at a sign-in"
	}
	return names.Actor(name)
}
