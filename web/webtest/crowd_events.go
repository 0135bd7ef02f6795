package webtest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Since asks what is new and returns it in short form, and the next token.
func (s *CrowdSite) Since(token string) (news []string, next string) {
	s.T.Helper()
	path := "/event"
	if token != "" {
		path += "/" + token
	}
	res := s.Ask("GET", path, "xml", "")
	if res.Status != http.StatusOK {
		return []string{fmt.Sprint(res.Status, " ", between(res.Body, "<reason>", "</reason>"))}, token
	}
	var list struct {
		Token     string `xml:"newEventToken,attr"`
		Available bool   `xml:"incrementalSynchronisationAvailable,attr"`
		Events    []struct {
			XMLName   xml.Name
			Operation string `xml:"operation"`
			Entity    []struct {
				Name   string `xml:"name,attr"`
				Active string `xml:"active"`
				Group  []struct {
					Name string `xml:"name,attr"`
				} `xml:"group"`
			} `xml:",any"`
		} `xml:",any"`
	}
	s.Must(xml.Unmarshal([]byte(res.Body), &list))
	if list.Token == "" || !list.Available {
		s.T.Errorf("events without token: %s", res.Body)
	}
	for _, e := range list.Events {
		line := strings.TrimSuffix(e.XMLName.Local, "Event") + " " + e.Operation
		for _, entity := range e.Entity {
			for _, g := range entity.Group {
				line += " in " + g.Name
			}
			if entity.Name != "" {
				line += " " + entity.Name
			}
			if entity.Active == "false" {
				line += " inactive"
			}
		}
		news = append(news, line)
	}
	return news, list.Token
}

func between(s, begin, end string) string {
	_, s, _ = strings.Cut(s, begin)
	s, _, _ = strings.Cut(s, end)
	return s
}

func (s *CrowdSite) WantNews(token string, want ...string) string {
	s.T.Helper()
	news, next := s.Since(token)
	if !slices.Equal(news, want) {
		s.T.Errorf("news:\n  %s\nwant:\n  %s", strings.Join(news, "\n  "), strings.Join(want, "\n  "))
	}
	return next
}
