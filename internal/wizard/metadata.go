package wizard

import (
	"github.com/postern-sso/postern/internal/model"
)

func metadataFields() []Field {
	return []Field{
		{
			Name: FieldMetadataURL, Label: "Metadata address", Kind: FieldURL, Autocomplete: "off",
			Hint:  "In AWS: “IAM Identity Center SAML metadata file”, copy the address. Postern fetches it.",
			Value: func(fc Facts) []string { return text(fc.Draft.Config.IdPMetadataURL) },
		},
		{
			Name: FieldMetadataFile, Label: "or the file", Kind: FieldFile,
			Hint: "The XML file that AWS downloads.",
		},
		{
			Name: FieldMetadata, Label: "or its text", Kind: FieldTextarea, Autocomplete: "off",
			Hint: "Everything in the file, from “<?xml” or “<md:EntityDescriptor” to the end.",
		},
	}
}

func applyMetadata(d *Draft, fc Facts, a Answers) []model.Problem {
	return nil
}
