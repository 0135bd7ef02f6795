package webtest

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
)

// Names are the names in a list, in order.
func (p *Page) Names(t *testing.T) []string {
	t.Helper()
	if strings.HasPrefix(p.Body, "{") {
		var list struct {
			Users, Groups []struct{ Name string }
		}
		if err := json.Unmarshal([]byte(p.Body), &list); err != nil {
			t.Fatalf("%v in %s", err, p.Body)
		}
		names := []string{}
		for _, e := range append(list.Users, list.Groups...) {
			names = append(names, e.Name)
		}
		return names
	}
	var list struct {
		Entries []struct {
			Name string `xml:"name,attr"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(p.Body), &list); err != nil {
		t.Fatalf("%v in %s", err, p.Body)
	}
	names := []string{}
	for _, e := range list.Entries {
		names = append(names, e.Name)
	}
	return names
}
