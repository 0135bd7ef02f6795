package paths

import "testing"

func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{User("ana"), "/users/ana"},
		{User("a/b c?d"), "/users/a%2Fb%20c%3Fd"},
		{User("new"), "/users/%6Eew"},
		{UserAction("import", "delete"), "/users/%69mport/delete"},
		{Group("new"), "/groups/%6Eew"},
		{GroupAction("jira users", "delete"), "/groups/jira%20users/delete"},
		{RuleAction("new", "delete"), "/rules/%6Eew/delete"},
		{WithQuery("/users", "q", "a&b", "sort", ""), "/users?q=a%26b"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
