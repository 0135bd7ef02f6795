package wizard

import (
	"bytes"
	"errors"
	"net/url"
	"sync"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

func metadataFields() []Field {
	return []Field{
		{
			Name: FieldMetadataURL, Label: "Address of the metadata file", Kind: FieldURL, Autocomplete: "off",
			Hint:  "In AWS, on the application's page, panel “IAM Identity Center metadata”: copy the address of the SAML metadata file. Postern fetches it.",
			Value: func(fc Facts) []string { return text(fc.Draft.Config.IdPMetadataURL) },
		},
		{
			Name: FieldMetadataFile, Label: "or the file itself", Kind: FieldFile,
		},
		{
			Name: FieldMetadata, Label: "or its text", Kind: FieldTextarea, Autocomplete: "off",
			Hint: "Everything in the file, from the first “<” to the last “>”.",
		},
		{Name: FieldOther, Label: "Use it all the same. I know that people would sign in there, past AWS", Kind: FieldCheckbox},
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

// TwoSources is the question which one counts, where a form brings metadata in
// two ways; nil where it does not. The address that is stored counts as none,
// because the form has it already. file tells that the text came as a file.
func TwoSources(fc Facts, a Answers, file bool) *model.Problem {
	address := a.Text(FieldMetadataURL)
	if a.Text(FieldMetadata) == "" || address == "" || address == fc.Draft.Config.IdPMetadataURL {
		return nil
	}
	what := "a text"
	if file {
		what = "a file"
	}
	return &model.Problem{Field: FieldMetadataURL, Text: "You gave an address and " + what + ". Which of them counts? Leave the other one empty."}
}

// applyMetadata takes what was fetched, else what was pasted. With neither it
// says so: nothing would be saved, and the form looks as if something were.
func applyMetadata(d *Draft, fc Facts, a Answers) []model.Problem {
	if fetched := a[FieldFetched]; len(fetched) > 0 {
		return storeMetadata(d, fc, brought{FieldMetadataURL, []byte(fetched[0]), a.Text(FieldMetadataURL), a.Ticked(FieldOther)})
	}
	pasted, address := a.Text(FieldMetadata), a.Text(FieldMetadataURL)
	switch {
	case pasted != "":
		paste, err := sso.RecognisePaste(pasted, MetadataOptions(fc))
		if err != nil {
			return []model.Problem{*pasteProblem(FieldMetadata, err)}
		}
		if paste.Kind == sso.PasteMetadataXML {
			return storeMetadata(d, fc, brought{FieldMetadata, paste.XML, "", a.Ticked(FieldOther)})
		}
		return []model.Problem{{Field: FieldMetadata, Text: "This is the address of the metadata. It has not been fetched yet: save once more, or " +
			"paste the metadata itself."}}
	case fc.Draft.Config.IdPMetadata != "" && address != "" && address == fc.Draft.Config.IdPMetadataURL:
		return nil
	case address != "":
		return []model.Problem{{Field: FieldMetadataURL, Text: "The metadata has not been fetched from this address. Save once more, or paste the metadata itself."}}
	case fc.Draft.Config.IdPMetadata != "":
		return []model.Problem{{Field: FieldMetadataURL, Text: "You brought nothing, so the metadata stays as it is. Give its address, " +
			"choose the file, or paste its text."}}
	default:
		return []model.Problem{{Field: FieldMetadata, Text: "Bring AWS's metadata: give its address, choose the file, or paste its text."}}
	}
}

// brought is metadata from a form.
type brought struct {
	field   string // that it came from
	xml     []byte
	address string // where it was fetched; empty: it was not
	anyway  bool   // the administrator takes it although it is not AWS's
}

// otherProvider is the tick that stands for the choice of metadata that is not
// AWS's. It names whose it is, so that it holds for nothing else and the audit
// has it.
func otherProvider(entityID string) StepID { return StepID("not AWS: " + entityID) }

// judge are the problems of metadata that was read. That of another provider
// stops the step until the administrator chooses it by name.
func (b brought) judge(d *Draft, idp *sso.IdentityProvider) []model.Problem {
	var problems []model.Problem
	for _, f := range idp.Findings {
		switch {
		case f.Blocking:
			problems = append(problems, model.Problem{Field: b.field, Text: f.Text})
		case f.Code != sso.FindingOtherIdP:
		case b.anyway:
			d.tick(otherProvider(idp.EntityID))
		case !d.ticked(otherProvider(idp.EntityID)):
			problems = append(problems, model.Problem{Field: FieldOther, Text: f.Text})
		}
	}
	return problems
}

// storeMetadata judges metadata and puts it into the draft. Metadata of another
// application means that the people assigned in AWS are assigned to another one.
func storeMetadata(d *Draft, fc Facts, b brought) []model.Problem {
	xml, address := b.xml, b.address
	if !utf8.Valid(xml) { // the database takes nothing else
		xml = sso.MetadataText(xml)
	}
	idp, err := fc.read(xml)
	if err != nil {
		return []model.Problem{*pasteProblem(b.field, err)}
	}
	problems := b.judge(d, idp)
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
