package webtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
)

func Post(path, contentType, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}
