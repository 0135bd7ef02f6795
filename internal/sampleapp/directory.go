package sampleapp

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// directory is the app's copy of Postern's users and groups, read anew for each
// page: a real app reads it every hour.
type directory struct {
	Users   []dirUser
	Groups  int
	Problem string
	Took    time.Duration
}

type dirUser struct {
	Name   string   `xml:"name,attr"`
	Email  string   `xml:"email"`
	Active bool     `xml:"active"`
	Groups []string `xml:"-"`
}

// usersShown is how many users the page lists.
const usersShown = 50

func (a *App) readDirectory(ctx context.Context) directory {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	began := time.Now()
	var d directory
	var users struct {
		Users []dirUser `xml:"user"`
	}
	if err := a.ask(ctx, http.MethodPost, "search?entity-type=user&start-index=0&max-results=50&expand=user", &users); err != nil {
		return directory{Problem: err.Error()}
	}
	var memberships struct {
		Memberships []struct {
			Group string    `xml:"group,attr"`
			Users []dirUser `xml:"users>user"`
		} `xml:"membership"`
	}
	if err := a.ask(ctx, http.MethodGet, "group/membership", &memberships); err != nil {
		return directory{Problem: err.Error()}
	}
	groups := map[string][]string{}
	for _, m := range memberships.Memberships {
		for _, u := range m.Users {
			key := strings.ToLower(u.Name)
			groups[key] = append(groups[key], m.Group)
		}
	}
	d.Users, d.Groups, d.Took = users.Users, len(memberships.Memberships), time.Since(began).Round(time.Millisecond)
	for i := range d.Users {
		d.Users[i].Groups = groups[strings.ToLower(d.Users[i].Name)]
	}
	if len(d.Users) > usersShown {
		d.Users = d.Users[:usersShown]
	}
	return d
}

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
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("ask Postern's directory: it answers %s", res.Status)
	}
	if err := xml.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("read Postern's directory: %w", err)
	}
	return nil
}
