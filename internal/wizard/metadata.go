package wizard

import (
	"bytes"
	"errors"
	"net/url"
	"sync"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

func metadataFields() []Field {
	return []Field{
		{
			Name: FieldMetadataURL, Label: "Metadata address", Kind: FieldURL, Autocomplete: "off",
			Hint:  "In AWS, on the application's page: “IAM Identity Center SAML metadata file”, copy the address. Postern fetches it.",
			Value: func(fc Facts) []string { return text(fc.Draft.Config.IdPMetadataURL) },
		},
		{
			Name: FieldMetadataFile, Label: "or the file", Kind: FieldFile,
			Hint: "The XML file that AWS downloads.",
		},
		{
			Name: FieldMetadata, Label: "or its text", Kind: FieldTextarea, Autocomplete: "off",
			Hint: "Everything in the file, from the first “<” to the last “>”.",
		},
	}
}

// MetadataOptions are the circumstances under which the metadata of this
// connection is read. Plain http is accepted on this machine when Postern itself
// is tried out there.
func MetadataOptions(fc Facts) sso.MetadataOptions {
	u, err := url.Parse(fc.PublicURL)
	return sso.MetadataOptions{
		Now:               fc.Now,
		AllowLoopbackHTTP: err == nil && isLoopback(u.Hostname()),
		OurEntityID:       fc.Draft.Config.EntityIDFor(fc.PublicURL, fc.Slug),
	}
}

// ParseFunc reads an identity provider's metadata; its error is a
// *sso.PasteError. sso.ParseMetadata is one.
type ParseFunc func(data []byte, o sso.MetadataOptions) (*sso.IdentityProvider, error)

// Reading are the facts with the parser for all metadata that is read by them.
// The draft's own is read when somebody first asks, and once.
func (fc Facts) Reading(parse ParseFunc) Facts {
	fc.parse = parse
	fc.stored = sync.OnceValues(func() (*sso.IdentityProvider, error) {
		return parse([]byte(fc.Draft.Config.IdPMetadata), MetadataOptions(fc))
	})
	return fc
}

// Stored is AWS as the draft's metadata describes it, or why that cannot be
// used: a *sso.PasteError.
func (fc Facts) Stored() (*sso.IdentityProvider, error) {
	if fc.stored == nil {
		fc = fc.Reading(sso.ParseMetadata)
	}
	return fc.stored()
}

// read reads metadata that was brought.
func (fc Facts) read(xml []byte) (*sso.IdentityProvider, error) {
	if fc.parse == nil {
		fc.parse = sso.ParseMetadata
	}
	return fc.parse(xml, MetadataOptions(fc))
}

// MetadataURL is the address to fetch before the answers are submitted: what
// was typed into the address field, or an address that was pasted as the text.
// Empty with no problem means that there is nothing to fetch. What came from
// there is put into the answers as FieldFetched, and the address as
// FieldMetadataURL.
func MetadataURL(fc Facts, a Answers) (address string, problem *model.Problem) {
	if a.Text(FieldMetadata) != "" {
		paste, err := sso.RecognisePaste(a.Text(FieldMetadata), MetadataOptions(fc))
		if err != nil || paste.Kind != sso.PasteMetadataURL {
			return "", nil // Submit says what it is
		}
		return paste.URL, nil
	}
	typed := a.Text(FieldMetadataURL)
	if typed == "" {
		return "", nil
	}
	paste, err := sso.RecognisePaste(typed, MetadataOptions(fc))
	if err != nil {
		return "", pasteProblem(FieldMetadataURL, err)
	}
	if paste.Kind != sso.PasteMetadataURL {
		if _, err := fc.read(paste.XML); err != nil {
			return "", pasteProblem(FieldMetadataURL, err)
		}
		return "", &model.Problem{Field: FieldMetadataURL, Text: "This is the metadata itself, not its address. Paste it into the field for its text."}
	}
	return paste.URL, nil
}

// applyMetadata takes what was fetched, else what was pasted. With neither, the
// metadata that is stored stays.
func applyMetadata(d *Draft, fc Facts, a Answers) []model.Problem {
	if fetched := a[FieldFetched]; len(fetched) > 0 {
		return storeMetadata(d, fc, FieldMetadataURL, []byte(fetched[0]), a.Text(FieldMetadataURL))
	}
	pasted, address := a.Text(FieldMetadata), a.Text(FieldMetadataURL)
	switch {
	case pasted != "":
		paste, err := sso.RecognisePaste(pasted, MetadataOptions(fc))
		if err != nil {
			return []model.Problem{*pasteProblem(FieldMetadata, err)}
		}
		if paste.Kind == sso.PasteMetadataXML {
			return storeMetadata(d, fc, FieldMetadata, paste.XML, "")
		}
		return []model.Problem{{Field: FieldMetadata, Text: "This is the address of the metadata. It has not been fetched yet: save once more, or " +
			"paste the metadata itself."}}
	case fc.Draft.Config.IdPMetadata != "" && (address == "" || address == fc.Draft.Config.IdPMetadataURL):
		return nil
	case address != "":
		return []model.Problem{{Field: FieldMetadataURL, Text: "The metadata has not been fetched from this address. Save once more, or paste the metadata itself."}}
	default:
		return []model.Problem{{Field: FieldMetadata, Text: "Bring AWS's metadata: give its address, choose the file, or paste its text."}}
	}
}

// storeMetadata judges metadata and puts it into the draft. Metadata of another
// application means that the people assigned in AWS are assigned to another one.
func storeMetadata(d *Draft, fc Facts, field string, xml []byte, address string) []model.Problem {
	xml = sso.MetadataText(xml)
	idp, err := fc.read(xml)
	if err != nil {
		return []model.Problem{*pasteProblem(field, err)}
	}
	var problems []model.Problem
	for _, f := range idp.Findings {
		if f.Blocking {
			problems = append(problems, model.Problem{Field: field, Text: f.Text})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	same := bytes.Equal(xml, []byte(d.Config.IdPMetadata))
	if !same && d.Config.IdPMetadata != "" && storedEntityID(fc) != idp.EntityID {
		d.untick(StepAssign)
	}
	if !same || address != "" {
		d.Config.IdPMetadata, d.Config.IdPMetadataURL = string(xml), address
	}
	return nil
}

// storedEntityID is the entity ID of the stored metadata; empty when it cannot be
// read any more, which is as good as another one.
func storedEntityID(fc Facts) string {
	idp, err := fc.Stored()
	if err != nil {
		return ""
	}
	return idp.EntityID
}

// pasteProblem puts a wrong paste into words: what it is and what to bring.
func pasteProblem(field string, err error) *model.Problem {
	var paste *sso.PasteError
	if errors.As(err, &paste) {
		return &model.Problem{Field: field, Text: paste.Error()}
	}
	return &model.Problem{Field: field, Text: "The metadata cannot be read: " + err.Error() + "."}
}
