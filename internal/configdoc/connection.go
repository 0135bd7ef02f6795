package configdoc

import (
	"time"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// connectionDoc is what the document says about one connection: a name, perhaps
// a status, and changes to its configuration.
type connectionDoc struct {
	thing[model.Config]
	slug   string
	status *model.Status
}

// configSettings are all settings of a connection's configuration, in the
// document's order.
var configSettings = []setting[model.Config]{
	fitSetting("name", func(c *model.Config) *string { return &c.Name }, model.MaxTitle),
	provisioningSetting(),
	metadataSetting(),
	textSetting("entity_id", func(c *model.Config) *string { return &c.EntityID }),
	boolSetting("allow_idp_initiated", func(c *model.Config) *bool { return &c.AllowIdPInitiated }),
	choiceSetting("name_id_format", func(c *model.Config) *model.NameIDFormat { return &c.NameIDFormat },
		model.NameIDNone, model.NameIDUnspecified, model.NameIDEmail, model.NameIDPersistent, model.NameIDTransient),
	durationSetting("clock_skew", func(c *model.Config) *time.Duration { return &c.ClockSkew }, model.MaxClockSkew),
	choiceSetting("require_signatures", func(c *model.Config) *model.SignatureRequirement { return &c.RequireSignatures },
		model.SignaturesBoth, model.SignaturesAssertion),
	textSetting("attributes.username", func(c *model.Config) *string { return &c.Attributes.Username }),
	textSetting("attributes.email", func(c *model.Config) *string { return &c.Attributes.Email }),
	textSetting("attributes.first_name", func(c *model.Config) *string { return &c.Attributes.FirstName }),
	textSetting("attributes.last_name", func(c *model.Config) *string { return &c.Attributes.LastName }),
	textSetting("attributes.external_id", func(c *model.Config) *string { return &c.Attributes.ExternalID }),
	textSetting("attributes.aws_groups", func(c *model.Config) *string { return &c.Attributes.AWSGroups }),
	boolSetting("username.lowercase", func(c *model.Config) *bool { return &c.Username.Lowercase }),
	boolSetting("username.strip_domain", func(c *model.Config) *bool { return &c.Username.StripDomain }),
	textSetting("username.pattern", func(c *model.Config) *string { return &c.Username.Pattern }),
	textSetting("username.replace", func(c *model.Config) *string { return &c.Username.Replace }),
	boolSetting("jit.create", func(c *model.Config) *bool { return &c.JIT.Create }),
	boolSetting("jit.update", func(c *model.Config) *bool { return &c.JIT.Update }),
	choiceSetting("jit.existing_username", func(c *model.Config) *model.ExistingUsername { return &c.JIT.ExistingUsername },
		model.ExistingRefuse, model.ExistingLink),
	domainsSetting("jit.allowed_email_domains", func(c *model.Config) *[]string { return &c.JIT.AllowedEmailDomains }),
}

func (r *reader) connection(v value) connectionDoc {
	c := connectionDoc{thing: readThing(r, v, configSettings, "slug", "status")}
	own := readOwn(r, c.item)
	c.slug = own.Slug
	if own.Status != "" {
		c.status = &own.Status
	}
	r.problems = append(r.problems, judgeAlone(c)...)
	return c
}

// readOwn reads what is of the connection, and not of its revision.
func readOwn(r *reader, it item) model.Connection {
	var own model.Connection
	for _, row := range []setting[model.Connection]{
		nameSetting("slug", func(c *model.Connection) *string { return &c.Slug }, model.CheckSlug),
		choiceSetting("status", func(c *model.Connection) *model.Status { return &c.Status },
			model.StatusDraft, model.StatusReady, model.StatusLive, model.StatusSuspended),
	} {
		if set := row.read(r, it); set != nil {
			set(&own)
		}
	}
	return own
}

// provisioningSetting also ends what only goes with the manual model. A
// connection for which nothing is chosen yet has no word for it.
func provisioningSetting() setting[model.Config] {
	s := choiceSetting("provisioning", func(c *model.Config) *model.Provisioning { return &c.Provisioning },
		model.ProvisioningJIT, model.ProvisioningManual)
	read := s.read
	s.read = func(r *reader, it item) func(*model.Config) {
		set := read(r, it)
		if set == nil {
			return nil
		}
		return func(c *model.Config) {
			set(c)
			c.DirectorySynced = c.DirectorySynced && c.Provisioning == model.ProvisioningManual
		}
	}
	s.omit = func(c model.Config) bool { return c.Provisioning == "" }
	return s
}

// metadataSetting is AWS's metadata, from the file beside the document or from
// the document itself.
func metadataSetting() setting[model.Config] {
	return setting[model.Config]{
		key: "idp_metadata", also: "idp_metadata_file",
		read: func(r *reader, it item) func(*model.Config) {
			xml, ok := r.metadata(it.lines)
			if !ok {
				return nil
			}
			return func(c *model.Config) {
				if c.IdPMetadata != xml {
					c.IdPMetadata, c.IdPMetadataURL = xml, "" // it no longer is what was fetched there
				}
			}
		},
		get:   func(c model.Config) any { return c.IdPMetadata },
		words: func(before, after model.Config) []edit { return metadataChange(before.IdPMetadata, after.IdPMetadata) },
	}
}

func (r *reader) metadata(m map[string]value) (xml string, ok bool) {
	file, inFile := m["idp_metadata_file"]
	inline, inDocument := m["idp_metadata"]
	switch {
	case inFile && inDocument:
		r.problem(inline, "is there as well as idp_metadata_file on line %d. Keep one of the two.", file.line)
		return "", false
	case inDocument:
		return r.longText(inline)
	case !inFile:
		return "", false
	}
	name, ok := r.text(file)
	if !ok {
		return "", false
	}
	data, err := r.readFile(name)
	if err != nil {
		r.problem(file, "“%s” cannot be read: %v.", name, err)
		return "", false
	}
	if !utf8.Valid(data) {
		data = sso.MetadataText(data)
	}
	if !utf8.Valid(data) {
		r.problem(file, "“%s” is in an encoding that cannot be read.", name)
		return "", false
	}
	m["idp_metadata"] = file // where problems with the XML belong
	return string(data), true
}
