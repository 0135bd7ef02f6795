package scim

import (
	"encoding/json"
	"fmt"

	"github.com/postern-sso/postern/internal/model"
)

// Person is what a person's document says, for the planner. A deleted one is disabled.
func Person(r model.SCIMResource) (model.SourcePerson, error) {
	var doc object
	if err := json.Unmarshal(r.Document, &doc); err != nil {
		return model.SourcePerson{}, fmt.Errorf("document of %s: %w", r.ID, err)
	}
	p := model.SourcePerson{StableID: r.ID, Enabled: true, Says: model.SaysActive, Attributes: map[string][]string{}}
	if r.ExternalID != "" {
		p.ForeignIDs = []string{r.ExternalID}
	}
	name, _ := doc["name"].(object)
	say := func(field model.PersonFields, to *string, value string) {
		if value != "" {
			*to, p.Says = value, p.Says|field
		}
	}
	say(model.SaysUsername, &p.Username, textOf(doc["userName"]))
	say(model.SaysEmail, &p.Email, email(doc["emails"]))
	say(model.SaysFirstName, &p.FirstName, textOf(name["givenName"]))
	say(model.SaysLastName, &p.LastName, textOf(name["familyName"]))
	display := textOf(doc["displayName"])
	if display == "" {
		display = textOf(name["formatted"])
	}
	say(model.SaysDisplayName, &p.DisplayName, display)
	switch {
	case !r.DeletedAt.IsZero():
		p.Enabled, p.Why = false, "deleted by the identity provider"
	case doc["active"] == false:
		p.Enabled, p.Why = false, "active is false"
	}
	p.Attributes = attributes(doc)
	return p, nil
}

// ruleTexts are attributes with one text that rules may ask about.
var ruleTexts = []string{"title", "userType", "preferredLanguage", "locale", "timezone", "nickName"}

func attributes(doc object) map[string][]string {
	out := map[string][]string{}
	add := func(key string, v any) {
		if s := textOf(v); s != "" {
			out[key] = append(out[key], s)
		}
	}
	for _, key := range ruleTexts {
		add(key, doc[key])
	}
	for _, key := range []string{"roles", "entitlements"} {
		list, _ := doc[key].([]any)
		for _, v := range list {
			o, _ := v.(object)
			add(key, o["value"])
		}
	}
	enterprise, _ := doc[urnEnterprise].(object)
	for key, v := range enterprise {
		if o, ok := v.(object); ok {
			v = o["value"]
		}
		add(key, v)
	}
	return out
}

// email is the primary address of a list, else the one for work, else the first.
func email(v any) string {
	list, _ := v.([]any)
	best, rank := "", 0
	for _, v := range list {
		o, _ := v.(object)
		value, its := textOf(o["value"]), 1
		switch {
		case value == "":
			continue
		case o["primary"] == true:
			its = 3
		case model.Key(textOf(o["type"])) == "work":
			its = 2
		}
		if its > rank {
			best, rank = value, its
		}
	}
	return best
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}
