package sampleapp

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

type dirUser struct {
	Name   string   `xml:"name,attr"`
	Email  string   `xml:"email"`
	Active bool     `xml:"active"`
	Groups []string `xml:"-"`
}

type dirGroup struct {
	Name string `xml:"name,attr"`
}

type userList struct {
	Users []dirUser `xml:"user"`
}

type groupList struct {
	Groups []dirGroup `xml:"group"`
}

type membershipList struct {
	Memberships []struct {
		Group string    `xml:"group,attr"`
		Users []dirUser `xml:"users>user"`
	} `xml:"membership"`
}

// eventList is what is new since a token. The name of an event's element says
// what it is about.
type eventList struct {
	Token  string `xml:"newEventToken,attr"`
	Events []struct {
		XMLName   xml.Name
		Operation string     `xml:"operation"`
		User      dirUser    `xml:"user"`
		Group     dirGroup   `xml:"group"`
		Child     dirUser    `xml:"childUser"`
		Parents   []dirGroup `xml:"parentGroups>group"`
	} `xml:",any"`
}

// errExpired: what is new since the token is not told, and all is to be read.
var errExpired = errors.New("the event token has expired")

// ask makes one request of Crowd's REST interface, as Atlassian's products do.
func (a *App) ask(ctx context.Context, method, path string, into any) error {
	body := strings.NewReader("")
	if method == http.MethodPost {
		body = strings.NewReader("<null-search-restriction/>")
	}
	r, err := http.NewRequestWithContext(ctx, method, a.opts.Issuer()+"/crowd/rest/usermanagement/1/"+path, body)
	if err != nil {
		return err
	}
	r.SetBasicAuth(a.opts.Directory, a.opts.DirectorySecret)
	r.Header.Set("Accept", "application/xml")
	r.Header.Set("Content-Type", "application/xml")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("ask Postern's directory: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	var refused struct {
		Reason string `xml:"reason"`
	}
	if res.StatusCode != http.StatusOK {
		if xml.NewDecoder(res.Body).Decode(&refused) == nil && refused.Reason == "EVENT_TOKEN_EXPIRED" {
			return errExpired
		}
		return fmt.Errorf("ask Postern's directory: it answers %s", res.Status)
	}
	if err := xml.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("read Postern's directory: %w", err)
	}
	return nil
}
