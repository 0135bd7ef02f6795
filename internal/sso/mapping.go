package sso

import "github.com/postern-sso/postern/internal/model"

// MapAttributes reads the person from an identity, as the configuration says.
func MapAttributes(cfg model.Config, id *Identity) (model.Person, []model.Check, *model.Refusal) {
	return model.Person{}, nil, &model.Refusal{Code: model.CodeAttributeMissing}
}

// PreviewUsername applies the rule to a sample value.
func PreviewUsername(rule model.UsernameRule, value string) (string, error) { return value, nil }
