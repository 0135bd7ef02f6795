package forms

import (
	"errors"
	"fmt"
	"io"
	"net/http"

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
