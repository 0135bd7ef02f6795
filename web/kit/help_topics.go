package kit

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/templates/layout"
)

// HelpTopics says for every page what it is, and which page of the guide has
// more. The key is the route, for the wizard's steps with the step in place.
var HelpTopics = map[string]layout.Topic{
	"/": {Text: "How sign-in is doing today, what needs you, and what changed lately.", Guide: "what-postern-is"},
	"/setup": {Text: "A connection is one application in AWS through which people sign in. The setup makes it, on " +
		"this side and in AWS.", Guide: "before-you-start"},
	"/setup/{connection}": {Text: "Changes of a live connection are made in a draft. Logins go on as before until it goes live.",
		Guide: "going-live-and-back"},
	"/setup/welcome":      {Text: "The name is for people. The address is where AWS sends their browsers back to.", Guide: "before-you-start"},
	"/setup/provisioning": {Text: "Decides whether a sign-in may make users, or only lets in those who are here.", Guide: "setting-up"},
	"/setup/aws-application": {Text: "AWS needs an application that stands for Postern. The drawings are AWS's own screens, with your values.",
		Guide: "setting-up"},
	"/setup/metadata": {Text: "AWS's metadata says where AWS is and which certificate it signs with. Postern believes nobody else.",
		Guide: "setting-up"},
	"/setup/attributes": {Text: "AWS says about a person only what this table asks for.", Guide: "setting-up"},
	"/setup/directory":  {Text: "Where Postern learns of the people of a directory, and of who has left.", Guide: "sources"},
	"/setup/users":      {Text: "Who may become a user by signing in, or who the users are.", Guide: "users-and-groups"},
	"/setup/groups":     {Text: "AWS sends no usable group names, so the groups that the apps see are kept here.", Guide: "users-and-groups"},
	"/setup/assign":     {Text: "AWS lets in only people who are assigned to the application, directly or by a group.", Guide: "setting-up"},
	"/setup/test":       {Text: "A real sign-in, judged by the draft. Nothing is created and nobody is signed in.", Guide: "setting-up"},
	"/setup/apps":       {Text: "The apps learn of people and groups from Postern once they are connected.", Guide: "apps"},
	"/setup/go-live": {Text: "From now on people sign in with this configuration. The connection's page brings an earlier one back.",
		Guide: "going-live-and-back"},
	"/connections":               {Text: "Each connection is one application in AWS. Most companies need one.", Guide: "what-postern-is"},
	"/connections/{slug}":        {Text: "The values for AWS, what AWS says about itself, the clocks, and every revision.", Guide: "going-live-and-back"},
	"/connections/{slug}/replay": {Text: "Judges real logins of the past once more, by the draft. Nobody is signed in.", Guide: "going-live-and-back"},
	"/connections/{slug}/restore": {Text: "An earlier revision takes the place of the live one. That one stays, so you can go back again.",
		Guide: "going-live-and-back"},
	"/connections/{slug}/certificates": {Text: "The certificates with which AWS may sign, how the next one gets in, and how the old one goes.",
		Guide: "certificates"},
	"/users":            {Text: "Everybody known: by signing in, by hand, or from a file.", Guide: "users-and-groups"},
	"/users/new":        {Text: "Somebody who is here before they first sign in. The page says what that sign-in does.", Guide: "users-and-groups"},
	"/users/import":     {Text: "Adds and changes many users at once. Nothing changes before you confirm.", Guide: "users-and-groups"},
	"/users/{username}": {Text: "Who this is in AWS, which groups they have and why, and their latest logins.", Guide: "users-and-groups"},
	"/groups":           {Text: "The groups that the apps see. Name them as the app does.", Guide: "users-and-groups"},
	"/groups/new":       {Text: "A group means something only where an app gives it rights.", Guide: "users-and-groups"},
	"/groups/{name}":    {Text: "Who is in the group, and why: by hand, or by a rule.", Guide: "users-and-groups"},
	"/groups/{name}/bulk": {Text: "Puts many people into a group, or takes them out. You see first what would change, and can undo it.",
		Guide: "users-and-groups"},
	"/users/bulk": {Text: "Changes many users at once. You see first what would change, and can undo it.", Guide: "users-and-groups"},
	"/bulk/users": {Text: "Changes many users at once. You see first what would change, and can undo it.", Guide: "users-and-groups"},
	"/link": {Text: "Lets many users be linked to whom AWS calls by their username, or linked anew to people who were made anew there.",
		Guide: "people-made-anew"},
	"/aws-groups":               {Text: "The groups of AWS by the ids that answers bring, and what they are called.", Guide: "rules"},
	"/leavers":                  {Text: "People who are active here although a source says that they have left.", Guide: "leavers"},
	"/sources/{slug}/requests":  {Text: "What the identity provider asked for, and what came of it.", Guide: "sources"},
	"/rules":                    {Text: "Rules give groups at each sign-in and at runs of sources. They never take away what was given by hand.", Guide: "rules"},
	"/rules/new":                {Text: "Try it before you save it: you see who would gain what, and why.", Guide: "rules"},
	"/rules/{name}":             {Text: "A change counts from each person's next sign-in on. Try it before you save it.", Guide: "rules"},
	"/sources":                  {Text: "Where people and groups come from before anybody signs in, and who has left.", Guide: "sources"},
	"/sources/new":              {Text: "AWS and LDAP are read from here; an identity provider pushes to here.", Guide: "sources"},
	"/sources/new/{kind}":       {Text: "A new source is a draft: it shows what it would do, and changes nothing.", Guide: "sources"},
	"/sources/{slug}":           {Text: "What the source decides, when it was read, and what waits for you.", Guide: "sources"},
	"/sources/{slug}/conflicts": {Text: "Say which user somebody of the source is. What you decided can be taken back.", Guide: "sources"},
	"/sources/{slug}/runs":      {Text: "Each run says what it read and did. A run that failed or was cut off changed nothing.", Guide: "sources"},
	"/sources/{slug}/runs/{id}": {Text: "What the run did or would do, and why, person by person. What it did can be taken back as one.", Guide: "sources"},
	"/sources/{slug}/settings":  {Text: "When what is read changes, the next run is a dry run.", Guide: "sources"},
	"/logins":                   {Text: "Every attempt to sign in, also those that never came back from AWS.", Guide: "when-somebody-cannot-sign-in"},
	"/logins/inspect": {Text: "Judges an answer of AWS that you paste. AWS shows it when you hold Shift and click the tile.",
		Guide: "when-somebody-cannot-sign-in"},
	"/logins/follow": {Text: "Makes a link for one person. When they open it, you watch their sign-in here.",
		Guide: "when-somebody-cannot-sign-in"},
	"/logins/follow/{id}":   {Text: "Follows the sign-in of the person who has the link.", Guide: "when-somebody-cannot-sign-in"},
	"/logins/{id}/link":     {Text: "What linking the person of this login to a user does.", Guide: "when-somebody-cannot-sign-in"},
	"/logins/{id}/unlink":   {Text: "What undoing the link does that was made by this login's page.", Guide: "when-somebody-cannot-sign-in"},
	"/logins/{id}/domain":   {Text: "What allowing the email domain of this login does.", Guide: "when-somebody-cannot-sign-in"},
	"/logins/{id}/activate": {Text: "What activating the user of this login does.", Guide: "when-somebody-cannot-sign-in"},
	"/logins/{id}": {Text: "One attempt from beginning to end: what was checked, what came, and what it did.",
		Guide: "when-somebody-cannot-sign-in"},
	"/logins/people/{name}": {Text: "What is stored about a name that no user has, of somebody who was refused or deleted. Hand it out, or erase it.",
		Guide: "when-somebody-cannot-sign-in"},
	"/apps":                 {Text: "What gets people and groups from Postern.", Guide: "apps"},
	"/apps/new":             {Text: "You get the values to type into the app, drawn as its own screens.", Guide: "apps"},
	"/apps/{slug}":          {Text: "The values for the app, its secrets, what it may see, and what was seen of it.", Guide: "apps"},
	"/apps/{slug}/tested":   {Text: "What the app would be told about the person who signed in.", Guide: "apps"},
	"/jobs":                 {Text: "Work that takes long goes on here, whoever looks. It survives a restart of Postern.", Guide: "users-and-groups"},
	"/jobs/{id}":            {Text: "How far it is, what it did, and what it left for you.", Guide: "users-and-groups"},
	"/audit":                {Text: "Every change: who, when, before and after. Nobody can change it here.", Guide: "administrators"},
	"/account":              {Text: "Your passkeys and recovery codes, and the browsers in which you are signed in.", Guide: "administrators"},
	"/account/passkeys/new": {Text: "A passkey proves that it is you, with your fingerprint, your face or a key.", Guide: "administrators"},
	"/administrators":       {Text: "Who may use this console. An account of its own works when AWS's sign-in does not.", Guide: "administrators"},
	"/settings": {Text: "What holds for all connections: the address, whom people ask, how long messages are kept.",
		Guide: "administrators"},
	"/settings/public-url": {Text: "What stops when Postern is reached under another address, before anything is changed.",
		Guide: "administrators"},
	"/settings/warnings":     {Text: "Whom Postern tells that a certificate ends or changes, and how.", Guide: "certificates"},
	"/settings/signing-keys": {Text: "The keys with which Postern signs what apps are told about people.", Guide: "apps"},
	"/help":                  {Text: "The administrator's guide.", Guide: "what-postern-is"},
	"/help/{page}":           {Text: "The administrator's guide.", Guide: "what-postern-is"},
} //nolint:gochecknoglobals // a table

// topicOf is what the page of a request is.
func topicOf(r *http.Request) layout.Topic {
	route := chi.RouteContext(r.Context())
	if route == nil {
		return layout.Topic{}
	}
	pattern := route.RoutePattern()
	if step := route.URLParam("step"); step != "" {
		pattern = "/setup/" + step
	}
	for pattern != "" && pattern != "/" { // a form's own address is below its page's
		if t, ok := HelpTopics[pattern]; ok {
			return t
		}
		pattern = strings.ReplaceAll(pattern[:strings.LastIndexByte(pattern, '/')], "{connection}/", "")
	}
	return HelpTopics["/"]
}
