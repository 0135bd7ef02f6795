package configdoc

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// field is one setting of a connection as the document has it. Export writes
// these and Plan compares them, so that the two cannot disagree.
type field struct {
	key   string // "clock_skew", "attributes.email"
	value any    // string, bool or []string
}

// configFields are all settings of a configuration, in the document's order.
func configFields(c model.Config) []field {
	return []field{
		{"name", c.Name},
		{"provisioning", string(c.Provisioning)},
		{"idp_metadata", c.IdPMetadata},
		{"entity_id", c.EntityID},
		{"allow_idp_initiated", c.AllowIdPInitiated},
		{"name_id_format", string(c.NameIDFormat)},
		{"clock_skew", formatDuration(c.ClockSkew)},
		{"require_signatures", string(c.RequireSignatures)},
		{"attributes.username", c.Attributes.Username},
		{"attributes.email", c.Attributes.Email},
		{"attributes.first_name", c.Attributes.FirstName},
		{"attributes.last_name", c.Attributes.LastName},
		{"attributes.external_id", c.Attributes.ExternalID},
		{"attributes.aws_groups", c.Attributes.AWSGroups},
		{"username.lowercase", c.Username.Lowercase},
		{"username.strip_domain", c.Username.StripDomain},
		{"username.pattern", c.Username.Pattern},
		{"username.replace", c.Username.Replace},
		{"jit.create", c.JIT.Create},
		{"jit.update", c.JIT.Update},
		{"jit.existing_username", string(c.JIT.ExistingUsername)},
		{"jit.allowed_email_domains", c.JIT.AllowedEmailDomains},
	}
}

// shown is a value on one line of a plan.
func shown(v any) string {
	switch x := v.(type) {
	case bool:
		return strconv.FormatBool(x)
	case []string:
		return "[" + strings.Join(x, ", ") + "]"
	case string:
		switch {
		case strings.Contains(x, "\n") || len(x) > 120:
			return fmt.Sprintf("(%d characters)", len(x))
		case x == "" || strings.ContainsAny(x, " \t"):
			return strconv.Quote(x)
		default:
			return x
		}
	default:
		return fmt.Sprint(x)
	}
}

// formatDuration writes a duration without the zero units that Go adds: 3m
// rather than 3m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
