package people

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) listAWSGroups(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderAWSGroups(w, r, a, people.AWSGroupsPage{})
}

// renderAWSGroups shows the ids; v has what was typed and refused.
func (rm *Room) renderAWSGroups(w http.ResponseWriter, r *http.Request, a model.Administrator, v people.AWSGroupsPage) error {
	q := r.URL.Query()
	v.Search, v.Which, v.Connection = q.Get("q"), q.Get("which"), q.Get("connection")
	query := store.AWSGroupQuery{Connection: v.Connection, Search: v.Search, Nameless: v.Which == people.AWSGroupsNameless, Page: kit.PageOf(r)}
	if v.Which == people.AWSGroupsStale {
		query.SeenBefore = rm.Now().Add(-model.AWSGroupStale)
	}
	groups, next, err := rm.Store.AWSGroups(r.Context(), query)
	if err != nil {
		return err
	}
	if v.Connections, err = rm.Store.Connections(r.Context()); err != nil {
		return err
	}
	counts, err := rm.Store.AWSGroupPeople(r.Context(), groups)
	if err != nil {
		return err
	}
	for i, g := range groups {
		v.Groups = append(v.Groups, people.AWSGroupLine{AWSGroup: g, People: counts[i], Stale: g.LastSeenAt.Before(rm.Now().Add(-model.AWSGroupStale))})
	}
	v.Paging = kit.Paging(r, paths.AWSGroups, next)
	v.Page = rm.Page(r, a, layout.NavGroups, "AWS groups", "AWS names groups by ids. Give them names, and traces and rules show those.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Groups", Href: paths.Groups}}
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.AWSGroups(v))
}

// nameAWSGroups takes the names that were typed beside the ids.
func (rm *Room) nameAWSGroups(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	ids, connections, names := r.PostForm["id"], r.PostForm["connection"], r.PostForm["name"]
	if len(ids) != len(connections) || len(ids) != len(names) {
		return kit.ErrBadForm
	}
	of := map[string]map[string]string{}
	for i, id := range ids {
		if of[connections[i]] == nil {
			of[connections[i]] = map[string]string{}
		}
		of[connections[i]][id] = names[i]
	}
	return rm.saveAWSNames(w, r, a, of)
}

// importAWSGroups takes many names at once: an id and a name a line.
func (rm *Room) importAWSGroups(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := people.AWSGroupsPage{Typed: r.PostFormValue("csv"), TypedConnection: kit.Typed(r, "connection")}
	names, problems := awsNamesTyped(v.Typed)
	if v.Problems = problems; len(problems) > 0 {
		return rm.renderAWSGroups(w, r, a, v)
	}
	if _, err := rm.Store.Connection(r.Context(), v.TypedConnection); errors.Is(err, store.ErrNotFound) {
		v.Problems = []model.Problem{{Field: "connection", Text: "Choose a connection from the list."}}
		return rm.renderAWSGroups(w, r, a, v)
	} else if err != nil {
		return err
	}
	return rm.saveAWSNames(w, r, a, map[string]map[string]string{v.TypedConnection: names})
}

// awsNamesTyped reads lines of an id and a name, with a comma, a semicolon or a tab
// between. A line that names the columns is passed over.
func awsNamesTyped(text string) (names map[string]string, problems []model.Problem) {
	problem := func(format string, args ...any) {
		problems = append(problems, model.Problem{Field: "csv", Text: fmt.Sprintf(format, args...)})
	}
	names = map[string]string{}
	for i, line := range strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		if csvimport.Trim(line) == "" {
			continue
		}
		at := strings.IndexAny(line, "\t;,")
		if at < 0 {
			problem("Line %d has no name behind the id.", i+1)
			continue
		}
		cell := func(s string) string { return csvimport.Trim(strings.Trim(csvimport.Trim(s), `"`)) }
		id, name := cell(line[:at]), cell(line[at+1:])
		switch was, twice := names[id]; {
		case i == 0 && slices.Contains([]string{"id", "groupid", "group id", "group_id"}, strings.ToLower(id)):
		case id == "":
			problem("Line %d has no id.", i+1)
		case name == "":
			problem("Line %d has no name behind the id.", i+1)
		case twice && was != name:
			problem("Line %d names %s once more, and otherwise.", i+1, id)
		default:
			names[id] = name
		}
	}
	switch {
	case len(problems) == 0 && len(names) == 0:
		problem("Type at least one id and its name.")
	case len(names) > model.MaxAWSGroupsNamed:
		problem("These are more than %d names. Bring them in several parts.", model.MaxAWSGroupsNamed)
	case len(problems) > maxAWSProblems:
		problems = append(problems[:maxAWSProblems], model.Problem{Field: "csv", Text: "And more lines like these."})
	}
	return names, problems
}

// maxAWSProblems is how many lines that cannot be used are told of.
const maxAWSProblems = 10

// saveAWSNames writes names by connection and id, and says how many changed.
func (rm *Room) saveAWSNames(w http.ResponseWriter, r *http.Request, a model.Administrator, of map[string]map[string]string) error {
	changed := 0
	for connection, names := range of {
		n, err := rm.Store.NameAWSGroups(r.Context(), rm.Actor(r, a), connection, names, "")
		if err != nil {
			return err
		}
		changed += n
	}
	return rm.Done(w, r, kit.WithQuery(paths.AWSGroups, url.Values{"q": {r.PostFormValue("q")}, "which": {r.PostFormValue("which")}}),
		ui.Count(changed, "name was saved.", "names were saved."))
}
