package sso

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// CheckConfig says everything that is wrong with a configuration and can be
// judged from it alone. Fields are named as in the configuration document.
func CheckConfig(c model.Config) []model.Problem {
	var problems []model.Problem
	add := func(field, format string, args ...any) {
		problems = append(problems, model.Problem{Field: field, Text: fmt.Sprintf(format, args...)})
	}
	if c.Provisioning != "" && c.Provisioning != model.ProvisioningJIT && c.Provisioning != model.ProvisioningManual {
		add("provisioning", "%q is not a provisioning model; use jit or manual.", c.Provisioning)
	}
	if c.ClockSkew < 0 || c.ClockSkew > model.MaxClockSkew {
		add("clock_skew", "%s is outside 0s to %s.", c.ClockSkew, model.MaxClockSkew)
	}
	if c.RequireSignatures != model.SignaturesBoth && c.RequireSignatures != model.SignaturesAssertion {
		add("require_signatures", "%q is not known; use both or assertion.", c.RequireSignatures)
	}
	if c.NameIDFormat != model.NameIDNone && c.NameIDFormat.URN() == "" {
		add("name_id_format", "%q is not known; use none, unspecified, emailAddress, persistent or transient.", c.NameIDFormat)
	}
	if c.EntityID != "" {
		if u, err := url.Parse(c.EntityID); err != nil || !u.IsAbs() || len(c.EntityID) > 1024 || strings.ContainsAny(c.EntityID, " \t\r\n") {
			add("entity_id", "The entity ID must be an absolute URI of at most 1024 characters.")
		}
	}
	if c.IdPMetadata != "" {
		if _, err := ParseMetadata([]byte(c.IdPMetadata), MetadataOptions{AllowLoopbackHTTP: true, Now: time.Unix(0, 0)}); err != nil {
			add("idp_metadata", "%s", err.Error())
		}
	}
	problems = append(problems, checkAttributes(c.Attributes)...)
	problems = append(problems, checkUsernameRule(c.Username)...)
	return append(problems, checkJIT(c.JIT)...)
}

func checkAttributes(a model.AttributeMap) []model.Problem {
	var problems []model.Problem
	if a.Username == "" {
		problems = append(problems, model.Problem{Field: "attributes.username", Text: "Say where the username comes from: subject, or the name of an attribute."})
	}
	for _, f := range mappedAttributes(a) {
		if len(f.from) > 256 || f.from != strings.TrimSpace(f.from) || strings.ContainsFunc(f.from, func(r rune) bool { return r < 0x20 }) {
			problems = append(problems, model.Problem{Field: "attributes." + f.field,
				Text: "The attribute's name begins or ends with a blank, or has a character that AWS does not allow."})
		}
	}
	return problems
}

func checkUsernameRule(r model.UsernameRule) []model.Problem {
	if len(r.Pattern) > 500 || len(r.Replace) > 500 {
		return []model.Problem{{Field: "username.pattern", Text: "The pattern or its replacement is longer than 500 characters."}}
	}
	if _, err := regexp.Compile(r.Pattern); err != nil {
		return []model.Problem{{Field: "username.pattern", Text: "The pattern cannot be read: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ") + "."}}
	}
	return nil
}

func checkJIT(j model.JITRules) []model.Problem {
	var problems []model.Problem
	if j.ExistingUsername != model.ExistingRefuse && j.ExistingUsername != model.ExistingLink {
		problems = append(problems, model.Problem{Field: "jit.existing_username", Text: fmt.Sprintf("%q is not known; use refuse or link.", j.ExistingUsername)})
	}
	for _, d := range j.AllowedEmailDomains {
		if err := model.CheckAllowedDomain(d); err != nil {
			problems = append(problems, model.Problem{Field: "jit.allowed_email_domains", Text: fmt.Sprintf("“%s” %v.", d, err)})
		}
	}
	return problems
}
