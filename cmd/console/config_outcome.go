package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/ui"
)

// printOutcome prints one line a change, then what it does to people and apps.
func printOutcome(w io.Writer, o configdoc.Outcome) {
	for _, c := range o.Changes {
		fmt.Fprintln(w, c)
	}
	if len(o.Changes) == 0 {
		fmt.Fprintln(w, "no changes")
	}
	for _, line := range peopleLines(o.People) {
		fmt.Fprintln(w, "people:", line)
	}
	for _, n := range o.Rules {
		fmt.Fprintf(w, "rule %s: %s\n", n.Rule, n.Text)
	}
	for _, a := range o.Apps {
		fmt.Fprintf(w, "app %s: %s\n", a.Slug, appWords[a.Effect])
	}
}

var appWords = map[forecast.EffectKind]string{
	forecast.AppLosesGroup:    "loses a group that was chosen for it",
	forecast.AppNoGroupLeft:   "loses its last group, and sees none any more",
	forecast.AppPeopleRenamed: "hears other usernames of people, as they sign in",
}

// namesShown is how many people a line names.
const namesShown = 10

// peopleLines has one line for each thing that happens to people, with the first
// few of them.
func peopleLines(all []forecast.Effect) []string {
	type group struct {
		words, connection string
		names             []string
		count             int
	}
	var groups []*group
	at := map[string]*group{}
	for _, e := range all {
		words := effectWords(e)
		key := words + "\x00" + e.Connection
		if at[key] == nil {
			at[key] = &group{words: words, connection: e.Connection}
			groups = append(groups, at[key])
		}
		g := at[key]
		if g.count++; len(g.names) < namesShown {
			g.names = append(g.names, named(e))
		}
	}
	lines := make([]string, len(groups))
	for i, g := range groups {
		through := ""
		if g.connection != "" {
			through = " through " + g.connection
		}
		more := ""
		if rest := g.count - len(g.names); rest > 0 {
			more = fmt.Sprintf(" and %d more", rest)
		}
		lines[i] = fmt.Sprintf("%s: %s%s: %s%s", ui.Count(g.count, "person", "people"), g.words, through, strings.Join(g.names, ", "), more)
	}
	return lines
}

// named is the person of an effect, with the new name where there is one.
func named(e forecast.Effect) string {
	if e.Effect == forecast.RenamedTo || e.Effect == forecast.NewUser {
		return e.From + " → " + e.To
	}
	return e.Username
}

// effectWords says what happens, without to whom.
func effectWords(e forecast.Effect) string {
	next := ""
	if e.Connection != "" {
		next = " at the next sign-in"
	}
	switch e.Effect {
	case forecast.LockedOut:
		return "locked out (" + model.LowerFirst(sso.Explain(e.Code).Title) + ")"
	case forecast.LetIn:
		return "can sign in from now on"
	case forecast.RenamedTo:
		return "renamed" + next
	case forecast.NewUser:
		return "becomes another user" + next
	case forecast.LinkedAnew:
		return "linked to AWS anew" + next
	case forecast.GroupLost:
		return "loses the group " + e.From + next
	case forecast.GroupGained:
		return "gets the group " + e.To + next
	case forecast.Deactivated:
		return "deactivated"
	case forecast.Activated:
		return "activated"
	default:
		return string(e.Effect)
	}
}

// printOutcomeJSON prints the object that programs read. Its fields are a contract.
func printOutcomeJSON(w io.Writer, o configdoc.Outcome) error {
	type change struct {
		Object string `json:"object"`
		Key    string `json:"key"`
		From   string `json:"from"`
		To     string `json:"to"`
	}
	changes := make([]change, len(o.Changes))
	for i, c := range o.Changes {
		changes[i] = change{c.Object + " " + c.Name, c.Key, c.From, c.To}
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(struct {
		Changes []change             `json:"changes"`
		Rules   []configdoc.RuleNote `json:"rules,omitempty"` // those that fit nobody
		forecast.Effects
	}{changes, o.Rules, o.Effects})
}
