package sso

import "github.com/postern-sso/postern/internal/model"

// CheckConfig lists what is wrong with a configuration.
func CheckConfig(cfg model.Config) []model.Problem { return nil }
