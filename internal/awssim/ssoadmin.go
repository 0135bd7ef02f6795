package awssim

import (
	"encoding/json"
	"strings"
)

// assignmentsPage is how many assignments a page has at most, whatever was asked
// for: AWS may give fewer although there are more.
const assignmentsPage = 2

// instanceID is the part of the instance's ARN that names it; the simulator has one.
func (c *Settings) instanceID() string {
	return "ssoins-" + sha256Hex([]byte(c.Account + c.IdentityStore))[:16]
}

func (c *Settings) instanceARN() string {
	return "arn:" + c.partition() + ":sso:::instance/" + c.instanceID()
}

func (c *Settings) applicationARN(id string) string {
	return "arn:" + c.partition() + ":sso::" + c.Account + ":application/" + c.instanceID() + "/apl-" + strings.TrimPrefix(id, "ins-")
}

// ssoRequest has the parameters of all operations.
type ssoRequest struct {
	InstanceArn, ApplicationArn, NextToken, RegionScope string
	MaxResults                                          *int
}

type (
	ssoInstance struct {
		CreatedDate      float64
		IdentityStoreArn string
		IdentityStoreID  string `json:"IdentityStoreId"`
		InstanceArn      string
		Name             string
		OwnerAccountID   string `json:"OwnerAccountId"`
		PrimaryRegion    string
		Status           string
	}
	ssoApplication struct {
		ApplicationAccount, ApplicationArn, ApplicationProviderArn, Name string
		Description                                                      string `json:",omitempty"`
		InstanceArn, Status                                              string
	}
	ssoAssignment struct {
		ApplicationArn, PrincipalType string
		PrincipalID                   string `json:"PrincipalId"`
	}
)

// ssoAdmin answers the reading operations that concern applications
// (https://docs.aws.amazon.com/singlesignon/latest/APIReference/).
func (s *Simulator) ssoAdmin(operation string, body []byte) (any, error) {
	var q ssoRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, &storeError{Type: "SerializationException", Message: err.Error()}
	}
	c := s.Settings()
	switch operation {
	case "ListInstances":
		return c.listInstances(q)
	case "ListApplications":
		return c.listApplications(q)
	}
	app, err := c.applicationByARN(q.ApplicationArn)
	if err != nil {
		return nil, err
	}
	switch operation {
	case "DescribeApplication":
		return c.ssoApplication(app), nil
	case "ListApplicationAssignments":
		return c.listAssignments(app, q)
	case "GetApplicationAssignmentConfiguration":
		return map[string]bool{"AssignmentRequired": !app.OpenToAll}, nil
	}
	return nil, unknownOperation(operation)
}

func (c *Settings) listInstances(q ssoRequest) (any, error) {
	list, next, err := page(storeRequest{MaxResults: q.MaxResults, NextToken: q.NextToken}, []ssoInstance{{
		CreatedDate: 1577836800, IdentityStoreArn: "arn:" + c.partition() + ":identitystore::" + c.Account + ":identitystore/" + c.IdentityStore,
		IdentityStoreID: c.IdentityStore, InstanceArn: c.instanceARN(), Name: "Simulated", OwnerAccountID: c.Account, PrimaryRegion: c.Region, Status: "ACTIVE",
	}})
	return struct {
		Instances []ssoInstance
		NextToken string `json:",omitempty"`
	}{list, next}, err
}

func (c *Settings) ssoApplication(a *Application) ssoApplication {
	return ssoApplication{ApplicationAccount: c.Account, ApplicationArn: c.applicationARN(a.ID),
		ApplicationProviderArn: "arn:" + c.partition() + ":sso::aws:applicationProvider/custom-saml", Name: a.Name, Description: a.Description,
		InstanceArn: c.instanceARN(), Status: "ENABLED"}
}

func (c *Settings) listApplications(q ssoRequest) (any, error) {
	if q.InstanceArn != c.instanceARN() {
		return nil, &storeError{Type: "ResourceNotFoundException", Message: "Instance " + q.InstanceArn + " was not found."}
	}
	var all []ssoApplication
	for i := range c.Applications {
		all = append(all, c.ssoApplication(&c.Applications[i]))
	}
	list, next, err := page(storeRequest{MaxResults: q.MaxResults, NextToken: q.NextToken}, all)
	return struct {
		Applications []ssoApplication
		NextToken    string `json:",omitempty"`
	}{list, next}, err
}

func (c *Settings) applicationByARN(arn string) (*Application, error) {
	if !strings.Contains(arn, ":application/ssoins-") {
		return nil, invalid("ApplicationArn is not the ARN of an application")
	}
	for i := range c.Applications {
		if c.applicationARN(c.Applications[i].ID) == arn {
			return &c.Applications[i], nil
		}
	}
	return nil, &storeError{Type: "ResourceNotFoundException", Message: "Application " + arn + " was not found."}
}

func (c *Settings) listAssignments(a *Application, q ssoRequest) (any, error) {
	var all []ssoAssignment
	add := func(kind, id string) {
		all = append(all, ssoAssignment{ApplicationArn: c.applicationARN(a.ID), PrincipalType: kind, PrincipalID: id})
	}
	for _, name := range a.AssignedPeople {
		if p := c.person(name); p != nil {
			add("USER", p.ID)
		}
	}
	for _, name := range a.AssignedGroups {
		if g := c.group(name); g != nil {
			add("GROUP", g.ID)
		}
	}
	if q.MaxResults == nil || *q.MaxResults > assignmentsPage && *q.MaxResults <= maxResults {
		size := assignmentsPage
		q.MaxResults = &size
	}
	list, next, err := page(storeRequest{MaxResults: q.MaxResults, NextToken: q.NextToken}, all)
	return struct {
		ApplicationAssignments []ssoAssignment
		NextToken              string `json:",omitempty"`
	}{list, next}, err
}
