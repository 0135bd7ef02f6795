package sso

import "github.com/postern-sso/postern/internal/model"

// ServiceProvider is what we are to the identity provider of one connection.
type ServiceProvider struct {
	EntityID     string
	ACSURL       string
	NameIDFormat model.NameIDFormat
}

// Metadata is our own metadata, ready to upload to AWS.
func (sp ServiceProvider) Metadata() ([]byte, error) { return nil, nil }
