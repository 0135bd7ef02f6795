package wizard

import "github.com/postern-sso/postern/internal/model"

// SuggestedGroups are the groups that the chosen apps (Config.Apps) make by
// default, so that their permissions fit without any change there.
func SuggestedGroups(apps []string) []model.Group {
	byApp := map[string][]model.Group{
		"jira": {
			{Name: "jira-software-users", Description: "Licensed users of Jira Software"},
			{Name: "jira-servicedesk-users", Description: "Agents of Jira Service Management"},
			{Name: "jira-administrators", Description: "Administrators of Jira"},
		},
		"confluence": {
			{Name: "confluence-users", Description: "Licensed users of Confluence"},
			{Name: "confluence-administrators", Description: "Administrators of Confluence"},
		},
		"bitbucket": {
			{Name: "stash-users", Description: "Licensed users of Bitbucket; the name is from when it was called Stash"},
			{Name: "bitbucket-administrators", Description: "Administrators of Bitbucket; give the group that right in Bitbucket"},
		},
		"bamboo": {
			{Name: "bamboo-users", Description: "Users of Bamboo; give the group that right in Bamboo"},
			{Name: "bamboo-admin", Description: "Administrators of Bamboo"},
		},
	}
	var groups []model.Group
	for _, app := range apps {
		groups = append(groups, byApp[app]...)
	}
	return groups
}
