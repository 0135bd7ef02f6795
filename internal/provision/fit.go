package provision

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Unfit says why a rule can give nothing to anybody: by the configuration, or
// because nobody whom AWS described lately fits it, with what they brought
// instead. Empty: it fits somebody, or nothing is known. The rule is good all the
// same, because what AWS sends may change. awsNames are what AWS's groups are called,
// by their ids.
func Unfit(r model.Rule, c model.Config, newest []model.Person, awsNames map[string]string) string {
	never := never(r, c)
	if never != "" && (r.Kind != model.RuleAWSGroup || c.Attributes.AWSGroups == "") {
		return never
	}
	seen := ""
	if !slices.ContainsFunc(newest, func(p model.Person) bool { return Matches(r, p) }) && len(newest) > 0 {
		seen = brought(r, newest, awsNames)
	}
	if never == "" && seen != "" {
		never = "So far, it fits nobody."
	}
	return strings.TrimSpace(never + " " + seen)
}

// groupID is how AWS writes the id of a group.
var groupID = regexp.MustCompile(`^([0-9a-f]{10}-)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// never is what the configuration says against a rule.
func never(r model.Rule, c model.Config) string {
	switch {
	case r.Kind == model.RuleAWSGroup && c.Attributes.AWSGroups == "":
		return "As it is, it fits nobody: no attribute of the connection holds AWS's groups. Name one in the setup, step Attributes."
	case r.Kind == model.RuleAWSGroup && !groupID.MatchString(r.Value):
		return "As it is, it most likely fits nobody: AWS sends ids such as 64d84438-b0c1-708c-f431-91ece2abb39a, and “" + r.Value + "” is none."
	case r.Kind == model.RuleEmailDomain && c.Attributes.Email == "":
		return "As it is, it fits nobody: no attribute of the connection holds the email. Name one in the setup, step Attributes."
	default:
		return ""
	}
}

// brought says what the newest answers brought in the place of what a rule that
// fits none of them asks for.
func brought(r model.Rule, newest []model.Person, awsNames map[string]string) string {
	names, values := map[string]bool{}, map[string]bool{}
	for _, p := range newest {
		for name := range p.Attributes {
			names[name] = true
		}
		for _, v := range asked(r, p) {
			if r.Kind == model.RuleAWSGroup {
				v = model.CalledAWSGroup(v, awsNames[v])
			}
			values[v] = true
		}
	}
	people := "The person whom AWS described last"
	if len(newest) > 1 {
		people = fmt.Sprintf("The %d people whom AWS described last", len(newest))
	}
	what, found, wanted := words(r)
	switch {
	case r.Kind == model.RuleAlways:
		return ""
	case len(values) > 0:
		return fmt.Sprintf("%s brought %s %s, and not %s.", people, found, some(values), wanted)
	case r.Kind == model.RuleAttribute && names[r.Attribute]:
		return fmt.Sprintf("%s brought the attribute “%s” without a value.", people, r.Attribute)
	case len(names) > 0:
		return fmt.Sprintf("%s brought no %s. What came: %s.", people, what, some(names))
	default:
		return people + " brought no attributes at all."
	}
}

// asked are the values of a person at which a rule looks.
func asked(r model.Rule, p model.Person) []string {
	switch r.Kind {
	case model.RuleAttribute:
		return slices.DeleteFunc(slices.Clone(p.Attributes[r.Attribute]), func(v string) bool { return v == "" })
	case model.RuleAWSGroup:
		return p.AWSGroups
	case model.RuleEmailDomain:
		if d := model.EmailDomain(p.Email); d != "" {
			return []string{d}
		}
	case model.RuleAlways:
	}
	return nil
}

// words name what a rule looks at, what is there otherwise, and what it wants there.
func words(r model.Rule) (what, found, wanted string) {
	switch r.Kind {
	case model.RuleAttribute:
		return "attribute “" + r.Attribute + "”", "the attribute “" + r.Attribute + "” with", "with “" + r.Value + "”"
	case model.RuleEmailDomain:
		domain := model.CanonicalDomain(r.Value)
		return "email", "emails at", "at " + domain
	default:
		return "group of AWS", "of AWS's groups", r.AWSGroup()
	}
}

// someNamed is how many values a sentence names, and how much of each.
const (
	someNamed = 5
	someLong  = 60
)

func some(of map[string]bool) string {
	all := slices.Sorted(maps.Keys(of))
	for i, v := range all {
		if r := []rune(v); len(r) > someLong {
			all[i] = string(r[:someLong]) + "…"
		}
	}
	switch n := len(all); {
	case n > someNamed:
		return strings.Join(all[:someNamed], ", ") + fmt.Sprintf(" and %d more", n-someNamed)
	case n > 1:
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	default:
		return strings.Join(all, "")
	}
}
