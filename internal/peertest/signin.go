package peertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// maxPage bounds what is read of a page, in bytes.
const maxPage = 1 << 20

// Answer is the form with which the identity provider sends a browser back to
// the service provider. A browser submits it by itself.
type Answer struct {
	ACSURL string     // where it goes
	Form   url.Values // SAMLResponse and, where there is one, RelayState
}

// StartURL is where a person begins who opens the application in the identity
// provider's portal, without a request of the service provider. relayState may
// be empty.
func (p *IdP) StartURL(sp ServiceProvider, relayState string) string {
	query := url.Values{"spentityid": {sp.EntityID}}
	if relayState != "" {
		query.Set("RelayState", relayState)
	}
	return p.baseURL + "saml2/idp/SSOService.php?" + query.Encode()
}

// SignIn opens startURL as a browser does: it follows redirects to the identity
// provider, enters name and password where it is asked for them, and returns the
// form that leads back, without submitting it. The client needs a cookie jar.
// A wrong password is an error.
func (p *IdP) SignIn(ctx context.Context, client *http.Client, startURL, username, password string) (Answer, error) {
	at, err := open(ctx, client, startURL)
	if err != nil {
		return Answer{}, err
	}
	if form := at.formWith("username", "password"); form != nil {
		form.values.Set("username", username)
		form.values.Set("password", password)
		if at, err = submit(ctx, client, form); err != nil {
			return Answer{}, err
		}
		if at.formWith("password") != nil {
			return Answer{}, fmt.Errorf("the identity provider refuses the name or the password of %q", username)
		}
	}
	form := at.formWith("SAMLResponse")
	if form == nil {
		return Answer{}, fmt.Errorf("no answer of the identity provider at %s:\n%s", at.url, at.text())
	}
	return Answer{ACSURL: form.action, Form: form.values}, nil
}

// page is what a browser shows.
type page struct {
	url *url.URL
	doc *goquery.Document
}

// form is a form of a page, with the values that it comes with.
type form struct {
	action string
	values url.Values
}

func open(ctx context.Context, client *http.Client, address string) (*page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return load(client, req)
}

func submit(ctx context.Context, client *http.Client, f *form) (*page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.action, strings.NewReader(f.values.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return load(client, req)
}

func load(client *http.Client, req *http.Request) (*page, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	doc, err := goquery.NewDocumentFromReader(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", resp.Request.URL, err)
	}
	at := &page{url: resp.Request.URL, doc: doc}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s:\n%s", at.url, resp.Status, at.text())
	}
	return at, nil
}

// formWith is the page's form that is sent by POST and has all these fields, or
// nil.
func (at *page) formWith(fields ...string) *form {
	var found *form
	at.doc.Find("form").EachWithBreak(func(_ int, s *goquery.Selection) bool {
		f, err := at.read(s)
		if err != nil {
			return true
		}
		for _, name := range fields {
			if !f.values.Has(name) {
				return true
			}
		}
		found = f
		return false
	})
	return found
}

func (at *page) read(s *goquery.Selection) (*form, error) {
	if !strings.EqualFold(s.AttrOr("method", "get"), http.MethodPost) {
		return nil, errors.New("the form is not sent by POST")
	}
	action, err := at.url.Parse(s.AttrOr("action", ""))
	if err != nil {
		return nil, fmt.Errorf("form's address: %w", err)
	}
	f := &form{action: action.String(), values: url.Values{}}
	s.Find("input[name]").Each(func(_ int, input *goquery.Selection) {
		switch strings.ToLower(input.AttrOr("type", "text")) {
		case "checkbox", "radio", "submit", "button", "image", "reset":
			return // not chosen, or not a value
		}
		f.values.Add(input.AttrOr("name", ""), input.AttrOr("value", ""))
	})
	return f, nil
}

// text is what a person reads on the page.
func (at *page) text() string { return strings.Join(strings.Fields(at.doc.Find("body").Text()), " ") }
