package aws

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	smithydocument "github.com/aws/smithy-go/document"

	"github.com/postern-sso/postern/internal/model"
)

// enterprise names the attributes that AWS gives only when asked: those of SCIM's
// enterprise extension.
const enterprise = "aws:identitystore:enterprise"

// Attributes that rules may ask about have AWS's names: title, userType, nickName,
// locale, timezone, preferredLanguage and roles, and of the enterprise extension
// employeeNumber, costCenter, organization, division, department and manager, or
// whatever else it brings.

// text takes what came from outside: without what PostgreSQL does not keep.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return strings.ReplaceAll(strings.ToValidUTF8(*s, "\uFFFD"), "\x00", "\uFFFD")
}

// personOf says of a person only what AWS says: what is absent is left as it is. A
// person without UserStatus, which AWS tells since November 2025, is not one who is
// disabled.
func personOf(u *storetypes.User) model.SourcePerson {
	p := model.SourcePerson{StableID: text(u.UserId), Enabled: true, Attributes: attributes(u)}
	say := func(field model.PersonFields, to *string, value string) {
		if value != "" {
			*to, p.Says = value, p.Says|field
		}
	}
	say(model.SaysUsername, &p.Username, text(u.UserName))
	say(model.SaysEmail, &p.Email, email(u.Emails))
	name := u.Name
	if name == nil {
		name = &storetypes.Name{}
	}
	say(model.SaysFirstName, &p.FirstName, text(name.GivenName))
	say(model.SaysLastName, &p.LastName, text(name.FamilyName))
	display := text(u.DisplayName)
	if display == "" {
		display = text(name.Formatted)
	}
	say(model.SaysDisplayName, &p.DisplayName, display)
	switch u.UserStatus {
	case storetypes.UserStatusEnabled:
		p.Says |= model.SaysActive
	case storetypes.UserStatusDisabled:
		p.Says |= model.SaysActive
		p.Enabled, p.Why = false, "UserStatus DISABLED"
	}
	for _, e := range u.ExternalIds {
		if id := text(e.Id); id != "" {
			p.ForeignIDs = append(p.ForeignIDs, id)
		}
	}
	return p
}

// email is the primary one, or the first.
func email(all []storetypes.Email) string {
	first := ""
	for _, e := range all {
		value := text(e.Value)
		if value != "" && e.Primary {
			return value
		}
		if first == "" {
			first = value
		}
	}
	return first
}

func attributes(u *storetypes.User) map[string][]string {
	all := map[string][]string{}
	for name, value := range map[string]*string{"title": u.Title, "userType": u.UserType, "nickName": u.NickName, "locale": u.Locale,
		"timezone": u.Timezone, "preferredLanguage": u.PreferredLanguage} {
		if value := text(value); value != "" {
			all[name] = []string{value}
		}
	}
	for _, role := range u.Roles {
		if value := text(role.Value); value != "" {
			all["roles"] = append(all["roles"], value)
		}
	}
	for name, value := range extension(u.Extensions[enterprise]) {
		if values := plain(value); len(values) > 0 && all[text(&name)] == nil {
			all[text(&name)] = values
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// extension takes an extension apart; none where it has another form.
func extension(d document.Interface) map[string]any {
	if d == nil {
		return nil
	}
	var fields map[string]any
	if err := d.UnmarshalSmithyDocument(&fields); err != nil {
		return nil
	}
	return fields
}

// plain makes texts of a value: of a list each, of an object its "value", as SCIM
// writes a manager.
func plain(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if v == "" {
			return nil
		}
		return []string{text(&v)}
	case []any:
		var all []string
		for _, one := range v {
			if _, nested := one.([]any); !nested {
				all = append(all, plain(one)...)
			}
		}
		return all
	case map[string]any:
		if value, ok := v["value"].(string); ok {
			return plain(value)
		}
		return nil
	case bool, json.Number, smithydocument.Number, float64, int64:
		return []string{fmt.Sprint(v)}
	}
	return nil
}

// describedUser is the person of an answer to DescribeUser, whose form is another.
func describedUser(d *identitystore.DescribeUserOutput) *storetypes.User {
	return &storetypes.User{UserId: d.UserId, UserName: d.UserName, DisplayName: d.DisplayName, Name: d.Name, Emails: d.Emails, ExternalIds: d.ExternalIds,
		Extensions: d.Extensions, UserStatus: d.UserStatus, Title: d.Title, UserType: d.UserType, NickName: d.NickName, Locale: d.Locale, Timezone: d.Timezone,
		PreferredLanguage: d.PreferredLanguage, Roles: d.Roles}
}
