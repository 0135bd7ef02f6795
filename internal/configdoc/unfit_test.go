package configdoc_test

import (
	"strings"
	"testing"
)

// A plan names the rules that it makes or changes and that nobody fits, with what
// AWS brought; those that it leaves alone it does not.
func TestDocumentNamesRulesThatFitNobody(t *testing.T) {
	t.Parallel()
	st := company(t)
	o := rehearsed(t, st, `groups: [{name: staff}, {name: ops}]
rules:
  - {name: all, connection: aws, when: {email_domain: example.com}, groups: [staff]}
  - {name: dept, connection: aws, when: {attribute: department, equals: Ops}, groups: [ops]}
  - {name: known, connection: aws, when: {attribute: login, equals: ana.new}, groups: [ops]}
`)
	if len(o.Rules) != 1 || o.Rules[0].Rule != "dept" ||
		!strings.Contains(o.Rules[0].Text, "The 3 people whom AWS described last brought no attribute “department”. What came: email, login and userId.") {
		t.Errorf("%+v", o.Rules)
	}
}
