package configdoc

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/postern-sso/postern/internal/model"
)

// connectionDoc is what the document says about one connection: a name, perhaps
// a status, and changes to its configuration.
type connectionDoc struct {
	item
	slug   string
	status *model.Status
	set    []func(*model.Config)
}

// apply is the configuration with everything that the document says.
func (c connectionDoc) apply(cfg model.Config) model.Config {
	for _, set := range c.set {
		set(&cfg)
	}
	return cfg
}

func (r *reader) connection(v value) connectionDoc {
	m := r.mapping(v, "slug", "name", "provisioning", "status", "idp_metadata_file", "idp_metadata", "entity_id",
		"allow_idp_initiated", "name_id_format", "clock_skew", "require_signatures", "attributes", "username", "jit")
	c := connectionDoc{item: item{v, map[string]value{}}, slug: r.nameField(v, m, "slug", model.CheckSlug)}
	for key, field := range m {
		c.lines[key] = field
	}
	c.status = choiceField(r, m, "status", model.StatusDraft, model.StatusReady, model.StatusLive, model.StatusSuspended)
	setField(&c, r.textField(m, "name"), func(cfg *model.Config) *string { return &cfg.Name })
	setField(&c, r.textField(m, "entity_id"), func(cfg *model.Config) *string { return &cfg.EntityID })
	setField(&c, choiceField(r, m, "name_id_format", model.NameIDNone, model.NameIDUnspecified, model.NameIDEmail, model.NameIDPersistent, model.NameIDTransient),
		func(cfg *model.Config) *model.NameIDFormat { return &cfg.NameIDFormat })
	setField(&c, choiceField(r, m, "require_signatures", model.SignaturesBoth, model.SignaturesAssertion),
		func(cfg *model.Config) *model.SignatureRequirement { return &cfg.RequireSignatures })
	setField(&c, r.boolField(m, "allow_idp_initiated"), func(cfg *model.Config) *bool { return &cfg.AllowIdPInitiated })
	setField(&c, r.durationField(m, "clock_skew"), func(cfg *model.Config) *time.Duration { return &cfg.ClockSkew })
	if p := choiceField(r, m, "provisioning", model.ProvisioningJIT, model.ProvisioningManual); p != nil {
		c.set = append(c.set, func(cfg *model.Config) {
			cfg.Provisioning = *p
			cfg.DirectorySynced = cfg.DirectorySynced && *p == model.ProvisioningManual
		})
	}
	r.metadata(&c, m)
	r.attributes(&c, m)
	r.usernameRule(&c, m)
	r.jit(&c, m)
	r.problems = append(r.problems, judgeAlone(c)...)
	return c
}

// setField notes that the document sets a field, when it does.
func setField[T any](c *connectionDoc, to *T, field func(*model.Config) *T) {
	if to != nil {
		c.set = append(c.set, func(cfg *model.Config) { *field(cfg) = *to })
	}
}

// nested reads a mapping inside a connection and remembers the lines of its
// fields as "attributes.email".
func (r *reader) nested(c *connectionDoc, m map[string]value, key string, known ...string) map[string]value {
	v, ok := m[key]
	if !ok {
		return nil
	}
	inner := r.mapping(v, known...)
	for name, field := range inner {
		c.lines[key+"."+name] = field
	}
	return inner
}

func (r *reader) attributes(c *connectionDoc, m map[string]value) {
	fields := map[string]func(*model.Config) *string{
		"username":    func(cfg *model.Config) *string { return &cfg.Attributes.Username },
		"email":       func(cfg *model.Config) *string { return &cfg.Attributes.Email },
		"first_name":  func(cfg *model.Config) *string { return &cfg.Attributes.FirstName },
		"last_name":   func(cfg *model.Config) *string { return &cfg.Attributes.LastName },
		"external_id": func(cfg *model.Config) *string { return &cfg.Attributes.ExternalID },
		"aws_groups":  func(cfg *model.Config) *string { return &cfg.Attributes.AWSGroups },
	}
	inner := r.nested(c, m, "attributes", "username", "email", "first_name", "last_name", "external_id", "aws_groups")
	for _, key := range slices.Sorted(maps.Keys(inner)) {
		setField(c, r.textField(inner, key), fields[key])
	}
}

func (r *reader) usernameRule(c *connectionDoc, m map[string]value) {
	inner := r.nested(c, m, "username", "lowercase", "strip_domain", "pattern", "replace")
	setField(c, r.boolField(inner, "lowercase"), func(cfg *model.Config) *bool { return &cfg.Username.Lowercase })
	setField(c, r.boolField(inner, "strip_domain"), func(cfg *model.Config) *bool { return &cfg.Username.StripDomain })
	setField(c, r.textField(inner, "pattern"), func(cfg *model.Config) *string { return &cfg.Username.Pattern })
	setField(c, r.textField(inner, "replace"), func(cfg *model.Config) *string { return &cfg.Username.Replace })
}

func (r *reader) jit(c *connectionDoc, m map[string]value) {
	inner := r.nested(c, m, "jit", "create", "update", "existing_username", "allowed_email_domains")
	setField(c, r.boolField(inner, "create"), func(cfg *model.Config) *bool { return &cfg.JIT.Create })
	setField(c, r.boolField(inner, "update"), func(cfg *model.Config) *bool { return &cfg.JIT.Update })
	setField(c, choiceField(r, inner, "existing_username", model.ExistingRefuse, model.ExistingLink),
		func(cfg *model.Config) *model.ExistingUsername { return &cfg.JIT.ExistingUsername })
	domains := r.textsField(inner, "allowed_email_domains")
	if domains != nil {
		for i, d := range *domains {
			if err := checkDomain(d); err != nil {
				r.problem(inner["allowed_email_domains"].at(i), "%v.", err)
			}
		}
	}
	setField(c, domains, func(cfg *model.Config) *[]string { return &cfg.JIT.AllowedEmailDomains })
}

// metadata reads AWS's metadata, from the file beside the document or from the
// document itself.
func (r *reader) metadata(c *connectionDoc, m map[string]value) {
	file, inFile := m["idp_metadata_file"]
	inline, inDocument := m["idp_metadata"]
	if inFile && inDocument {
		r.problem(inline, "is there as well as idp_metadata_file on line %d. Keep one of the two.", file.line)
		return
	}
	var xml *string
	if inDocument {
		if s, ok := r.longText(inline); ok {
			xml = &s
		}
	}
	if name := r.textField(m, "idp_metadata_file"); name != nil {
		data, err := r.readFile(*name)
		if err != nil {
			r.problem(file, "“%s” cannot be read: %v.", *name, err)
			return
		}
		if !utf8.Valid(data) {
			r.problem(file, "“%s” is not UTF-8 text.", *name)
			return
		}
		content := string(data)
		xml = &content
		c.lines["idp_metadata"] = file // where problems with the XML belong
	}
	if xml == nil {
		return
	}
	c.set = append(c.set, func(cfg *model.Config) {
		if cfg.IdPMetadata != *xml {
			cfg.IdPMetadata, cfg.IdPMetadataURL = *xml, "" // it no longer is what was fetched there
		}
	})
}

// durationField reads Go's duration text, for example 3m or 90s, and a bare 0.
func (r *reader) durationField(m map[string]value, key string) *time.Duration {
	v, ok := m[key]
	if !ok {
		return nil
	}
	var s string
	switch n := v.node.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.IntegerNode:
		s = n.String()
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		r.problem(v, "must be a duration with its unit, for example 3m or 90s.")
	case d < 0 || d > model.MaxClockSkew:
		r.problem(v, "must be from 0 to %s.", formatDuration(model.MaxClockSkew))
	default:
		return &d
	}
	return nil
}
