package webtest

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

var Tester = model.Actor{Name: "test"}

// AddUser puts a user into the store, in the groups given, which are made.
func (s *Site) AddUser(username string, groups ...string) model.User {
	s.T.Helper()
	for _, g := range groups {
		s.AddGroup(g)
	}
	u, err := s.Store.CreateUser(context.Background(), Tester, model.User{
		Username: username, Email: username + "@example.com", Active: true, Source: model.UserManual,
	}, groups)
	if err != nil {
		s.T.Fatal(err)
	}
	return u
}

func (s *Site) AddGroup(name string) {
	s.T.Helper()
	if _, err := s.Store.CreateGroup(context.Background(), Tester, model.Group{Name: name}); err != nil {
		s.T.Fatal(err)
	}
}

func (s *Site) User(username string) model.User {
	s.T.Helper()
	u, err := s.Store.User(context.Background(), username)
	if err != nil {
		s.T.Fatalf("user %s: %v", username, err)
	}
	return u
}

// Want stops the test unless the answer has that status.
func (p *Page) Want(t testing.TB, status int) *Page {
	t.Helper()
	if p.Status != status {
		t.Fatalf("answered %d, want %d: %s", p.Status, status, p.Text())
	}
	return p
}

func (p *Page) Has(t testing.TB, selector, text string) {
	t.Helper()
	if got := p.Find(selector); !strings.Contains(got, text) {
		t.Errorf("%s says %q, want %q", selector, got, text)
	}
}

// Upload sends a CSV file as a browser does.
func (s *Site) Upload(path, csv string) *Page { return s.UploadWith(path, csv, nil) }

// UploadWith is Upload with other fields beside the file.
func (s *Site) UploadWith(path, csv string, fields url.Values) *Page {
	s.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, value := range values {
			if err := form.WriteField(name, value); err != nil {
				s.T.Fatal(err)
			}
		}
	}
	f, err := form.CreateFormFile("file", "users.csv")
	if err != nil {
		s.T.Fatal(err)
	}
	if _, err := f.Write([]byte(csv)); err != nil {
		s.T.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.T.Fatal(err)
	}
	return s.Do(http.MethodPost, path, &body, http.Header{"Content-Type": {form.FormDataContentType()}})
}
