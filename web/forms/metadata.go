package forms

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/outgoing"
)

// UploadedMetadata is the text of the chosen file; empty when none was chosen.
func UploadedMetadata(r *http.Request) (string, error) {
	if r.MultipartForm == nil {
		return "", nil
	}
	file, _, err := r.FormFile(wizard.FieldMetadataFile)
	if errors.Is(err, http.ErrMissingFile) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, outgoing.MaxMetadata+1))
	if err != nil {
		return "", fmt.Errorf("read the uploaded file: %w", err)
	}
	return string(data), nil
}

// BroughtCertificate is what somebody brought in a form, as a file or as text.
// problem says that it was neither, or both: then it is not sure which counts.
func BroughtCertificate(r *http.Request) (data []byte, problem string, err error) {
	text := strings.TrimSpace(r.PostFormValue(wizard.FieldMetadata))
	chosen := r.MultipartForm != nil && len(r.MultipartForm.File[wizard.FieldMetadataFile]) > 0
	switch {
	case chosen && text != "":
		return nil, "You chose a file and pasted a text. Bring one of them, so that it is sure which counts.", nil
	case chosen:
		file, err := UploadedMetadata(r)
		return []byte(file), "", err
	case text == "":
		return nil, "Choose a file, or paste the certificate.", nil
	}
	return []byte(text), "", nil
}
