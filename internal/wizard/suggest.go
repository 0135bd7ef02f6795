package wizard

// Names of the questions that help to choose a provisioning model.
const (
	AskDirectory = "directory" // do users come from LDAP or Active Directory today
	AskEveryone  = "everyone"  // may everybody whom AWS lets in be a user
	AskDomain    = "domain"    // can they be told by their email domain
)

// Question is one that helps to choose, to be answered by yes or no.
type Question struct {
	Name string
	Text string
	Hint string
}

// ProvisioningQuestions are asked in this order.
func ProvisioningQuestions() []Question {
	return []Question{
		{AskDirectory, "Do your Jira users come from LDAP or Active Directory today?",
			"In Jira: User management, User directories. An entry other than “Jira Internal Directory” means yes."},
		{AskEveryone, "May everybody who is assigned to the application in AWS be a user, without anybody adding them here?",
			"You choose in AWS who is assigned, by person or by group."},
		{AskDomain, "Can you tell the right people by the domain of their email address?",
			"For example: everybody with an address at example.com, and nobody else."},
	}
}

// Suggestion is a provisioning model and why it fits.
type Suggestion struct {
	Model string // value of the provisioning radio; empty: more has to be answered
	Why   string
}

// SuggestProvisioning chooses a model from the answers “yes” and “no”. It needs
// only as many as decide.
func SuggestProvisioning(answers map[string]string) Suggestion {
	switch {
	case answers[AskDirectory] == "yes":
		return Suggestion{ModelDirectory, "Postern learns of the directory's users under the names that they have there, so nobody is made twice, " +
			"and of who has left."}
	case answers[AskDirectory] != "no":
		return Suggestion{Why: "Answer the first question."}
	case answers[AskEveryone] == "yes":
		return Suggestion{ModelJIT, "You decide in AWS who gets in, and users are made as they come. There is nothing to prepare. Whoever " +
			"leaves, you deactivate here, unless a source says who has left."}
	case answers[AskEveryone] != "no":
		return Suggestion{Why: "Answer the second question, too."}
	case answers[AskDomain] == "yes":
		return Suggestion{ModelJIT, "Users are made as they come, and a later step limits that to your email domains. Everybody else is refused."}
	case answers[AskDomain] == "no":
		return Suggestion{ModelManual, "Somebody has to say who may be a user, and neither AWS nor the email address can. So you add each person here first."}
	default:
		return Suggestion{Why: "Answer the third question, too."}
	}
}
