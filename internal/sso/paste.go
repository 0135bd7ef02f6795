package sso

// Permanent codes of PasteError.
const (
	PasteNotXML = "not_xml"
)

// Kinds of Paste.
const (
	PasteMetadataXML = "metadata_xml"
	PasteMetadataURL = "metadata_url"
)

// PasteError says what was pasted in place of metadata.
type PasteError struct {
	Code   string // permanent
	Title  string // short
	Text   string // what it is
	Remedy string // what to do
}

func (e *PasteError) Error() string { return e.Title }

// Paste is something that leads to metadata.
type Paste struct {
	Kind string // PasteMetadataXML or PasteMetadataURL
	URL  string
	XML  []byte
}

// RecognisePaste looks at anything that an administrator pasted and says what
// it is. The error is a *PasteError.
func RecognisePaste(text string, o MetadataOptions) (Paste, error) {
	return Paste{}, &PasteError{Code: PasteNotXML}
}
