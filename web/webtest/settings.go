package webtest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/postern-sso/postern/templates/paths"
)

// SaveSettingsWith sends the settings with a file as the logo.
func (s *Site) SaveSettingsWith(file []byte, fields url.Values) *Page {
	s.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		if err := form.WriteField(name, values[0]); err != nil {
			s.T.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("logo", "logo.png")
	if err != nil {
		s.T.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		s.T.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.T.Fatal(err)
	}
	return s.Do(http.MethodPost, paths.Settings, &body, http.Header{"Content-Type": {form.FormDataContentType()}})
}
