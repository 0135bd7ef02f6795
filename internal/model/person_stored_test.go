package model_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

// What AWS sends at most is kept whole; anything beyond is bounded.
func TestStoredPerson(t *testing.T) {
	t.Parallel()
	var groups []string
	for i := range 275 {
		groups = append(groups, fmt.Sprintf("64d84438b0-64d84438-b0c1-708c-f431-%012d", i))
	}
	most := model.Person{AWSGroups: groups, Attributes: map[string][]string{"groups": groups, "email": {"ana@example.com"}, "none": {}}}
	if got := most.Stored(); !reflect.DeepEqual(got, most) {
		t.Error("of AWS's own maximum something is left out")
	}
	if got := (model.Person{}).Stored(); !reflect.DeepEqual(got, model.Person{}) {
		t.Errorf("nothing becomes %+v", got)
	}
	many := map[string][]string{"long": {strings.Repeat("é", 150_000)}, strings.Repeat("n", 300_000): {"x"}}
	for i := range 1000 {
		many[fmt.Sprintf("a%04d", i)] = []string{strings.Repeat("v", 4000)}
	}
	big := model.Person{Username: "ana", Attributes: many, AWSGroups: []string{"g", strings.Repeat("g", 300_000)}}
	got := big.Stored()
	size := 0
	for name, values := range got.Attributes {
		size += len(name)
		for _, v := range values {
			if size += len(v); len(v) > 4100 {
				t.Errorf("a value of %d bytes is kept", len(v))
			}
		}
	}
	if size > 70_000 || len(got.AWSGroups) != 2 || len(got.AWSGroups[1]) > 4100 || len(big.Attributes) != 1002 || got.Username != "ana" {
		t.Errorf("%d bytes of attributes are kept, and the groups %.20q", size, got.AWSGroups)
	}
	long := model.Person{Attributes: map[string][]string{"long": many["long"]}}.Stored().Attributes["long"][0]
	if !strings.HasPrefix(many["long"][0], strings.TrimSuffix(long, "…")) || !strings.HasSuffix(long, "…") {
		t.Errorf("cut to %.20q", long)
	}
}
