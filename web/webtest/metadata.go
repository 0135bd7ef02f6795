package webtest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strconv"
)

// Bring sends the wizard's metadata form with a file.
func (s *Site) Bring(content, pasted, address string) *Page {
	s.T.Helper()
	return s.SendMetadata("/setup/aws/metadata", strconv.Itoa(s.Draft().Version),
		map[string]string{"metadata": pasted, "metadata_url": address}, content)
}

// SendMetadata sends a metadata form, with a file unless it is empty.
func (s *Site) SendMetadata(action, version string, fields map[string]string, file string) *Page {
	s.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			s.T.Fatal(err)
		}
	}
	if err := form.WriteField("version", version); err != nil {
		s.T.Fatal(err)
	}
	if file != "" {
		part, err := form.CreateFormFile("metadata_file", "metadata.xml")
		if err != nil {
			s.T.Fatal(err)
		}
		if _, err := part.Write([]byte(file)); err != nil {
			s.T.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		s.T.Fatal(err)
	}
	return s.Do(http.MethodPost, action, &body, http.Header{"Content-Type": {form.FormDataContentType()}})
}
