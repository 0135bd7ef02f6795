package kit

import (
	"strings"
)

// AuditSubjects are what audited actions are about, in words, by the first word of the
// action.
var AuditSubjects = map[string]string{ //nolint:gochecknoglobals // a table
	"signing_key": "Signing key",
	"user":        "User", "group": "Group", "rule": "Rule", "connection": "Connection", "revision": "Revision:",
	"administrator": "Administrator", "warnings": "Warnings:", "settings": "Settings", "audit": "Audit", "identity": "AWS identity", "membership": "Membership",
	"login": "Login", "config": "Configuration document", "trace_link": "Link to follow a login", "setup_link": "Setup link",
	"certificate": "Certificate", "app": "App", "bulk": "Many users", "source": "Source", "aws_group": "AWS group",
}

// auditVerbs are what was done, by the rest of the action.
var auditVerbs = map[string]string{ //nolint:gochecknoglobals // a table
	"sign_in_refused": "sign-in refused", "mail": "mail changed", "webhook": "webhook changed", "calendar": "calendar address made",
	"secret.create": "secret created", "secret.delete": "secret deleted", "passkey_add": "passkey registered", "passkey_remove": "passkey removed",
	"passkeys_removed": "passkeys removed", "recovery_codes": "recovery codes made", "recovery_code_used": "recovery code used",
	"sessions_ended": "sessions ended", "data_exported": "data downloaded", "erase": "erased", "password.create": "local password made",
	"password.delete": "local password removed", "rotate": "rotated", "group_lost": "lost a group",
	"passkey_refused": "passkey refused", "console_refused": "refused at the console", "restored": "restored from a backup",
	"keys_forgotten": "earlier secret keys removed",
	"key_replaced":   "lost secret key given up",
	"create":         "created", "update": "changed", "delete": "deleted", "import": "imported",
	"go_live": "went live", "trust": "certificates changed", "trust_new": "trust of new certificates changed", "status": "status changed",
	"restore": "brought back", "allow_domain": "email domain allowed",
	"allow_link": "may be linked at the next sign-in", "allow_link_anew": "may be linked anew",
	"take_back_link": "may no longer be linked by itself", "undo_link": "link undone",
	"start": "draft started", "save": "draft saved", "discard": "draft discarded",
	"link": "linked", "unlink": "unlinked", "add": "added", "remove": "removed",
	"open": "opened", "revoke": "revoked", "propose": "proposed", "refuse": "refused",
	"sign_in": "signed in", "claim": "claimed this Postern", "xml_shown": "XML shown", "xml_downloaded": "XML downloaded",
	"end": "ended", "export": "exported", "lock_out_accepted": "changed although people are locked out",
	"run": "run began", "run_applied": "run carried out", "run_held": "run waits for a person", "run_rejected": "run rejected",
	"run_undo": "run taken back", "secret": "secret changed",
	"pins": "pins changed", "name": "named", "token.create": "token made", "token.delete": "token removed",
	"linked_to_source": "linked to a source", "unlinked_from_source": "no longer linked to a source",
	"adopt": "given a source as home", "activate": "activated", "deactivate": "deactivated",
	"undo_add": "added: undone", "undo_remove": "removed: undone",
	"undo_activate": "activated: undone", "undo_deactivate": "deactivated: undone",
}

// ActionWords says what an audited action is; an action without an entry shows
// as it is recorded.
func ActionWords(action string) string {
	whole := map[string]string{
		"user.import": "Import of users", "user.import_cancel": "Import of users: to be ended", "user.import_done": "Import of users finished",
		"user.import_canceled": "Import of users ended early", "user.import_failed": "Import of users failed",
		"user.import_undo": "Undo of an import", "user.import_undo_cancel": "Undo of an import: to be ended",
		"user.import_undo_done": "Undo of an import finished", "user.import_undo_canceled": "Undo of an import ended early",
		"user.import_undo_failed": "Undo of an import failed",
	}
	if words, ok := whole[action]; ok {
		return words
	}
	subject, what, found := strings.Cut(action, ".")
	if !found || AuditSubjects[subject] == "" {
		return action
	}
	return AuditSubjects[subject] + " " + pastTense(what)
}

func pastTense(what string) string {
	if word, ok := auditVerbs[what]; ok {
		return word
	}
	return strings.ReplaceAll(what, "_", " ")
}
