package webtest

import (
	"context"
	"io"
	"net/http"
	"strings"
)

// AskAsAtlassian sends the headers of Atlassian's client.
func (s *CrowdSite) AskAsAtlassian(method, path, body, accept string) *Page {
	s.T.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.URL+CrowdBase+path, strings.NewReader(body))
	s.Must(err)
	req.SetBasicAuth(s.App, s.Password)
	if accept != "" {
		req.Header.Set("Accept", accept)
		req.Header.Set("X-Atlassian-Token", "no-check")
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/xml; charset=UTF-8")
	}
	res, err := http.DefaultClient.Do(req)
	s.Must(err)
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	s.Must(err)
	return &Page{Status: res.StatusCode, Header: res.Header, Body: string(data)}
}
