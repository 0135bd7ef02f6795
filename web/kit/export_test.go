package kit

// HasVerb tells whether the rest of an action has words of its own.
func HasVerb(what string) bool { return auditVerbs[what] != "" }
