package webtest

import (
	"context"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/web/login"
)

// PostOver posts over TCP and returns the status and the trace.
func (x *Target) PostOver(e Exchange, contentType, encoding, body string) (status int, trace string) {
	x.T.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, x.URL+"/saml/aws/acs", strings.NewReader(body))
	if err != nil {
		x.T.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	for _, c := range e.Cookies {
		r.AddCookie(c)
	}
	res, err := x.Browser().Do(r)
	if err != nil {
		x.T.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode, res.Header.Get(login.HeaderLogin)
}
