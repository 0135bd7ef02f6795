package web

import "strings"

// actionWords says what an audited action is; an action without an entry shows
// as it is recorded.
func actionWords(action string) string {
	subjects := map[string]string{
		"user": "User", "group": "Group", "rule": "Rule", "connection": "Connection", "revision": "Revision",
		"administrator": "Administrator", "settings": "Settings", "identity": "AWS identity", "membership": "Membership",
		"login": "Login", "app": "App", "draft": "Draft",
	}
	subject, what, found := strings.Cut(action, ".")
	if !found || subjects[subject] == "" {
		return action
	}
	return subjects[subject] + " " + pastTense(what)
}

func pastTense(what string) string {
	words := map[string]string{
		"create": "created", "update": "changed", "delete": "deleted", "go_live": "went live", "suspend": "suspended",
		"resume": "resumed", "restore": "brought back", "save_draft": "draft saved", "start_draft": "draft started",
		"discard_draft": "draft discarded", "sign_in": "signed in", "claim": "claimed this Postern", "xml_shown": "XML shown",
		"link": "linked", "unlink": "unlinked", "add": "added", "remove": "removed", "import": "imported", "test": "tested",
	}
	if word, ok := words[what]; ok {
		return word
	}
	return strings.ReplaceAll(what, "_", " ")
}
