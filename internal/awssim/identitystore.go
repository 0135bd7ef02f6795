package awssim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxResults is the largest page of the Identity Store API, and its default.
const maxResults = 100

// storeRequest has the parameters of all operations.
type storeRequest struct {
	IdentityStoreID string `json:"IdentityStoreId"`
	UserID          string `json:"UserId"`
	GroupID         string `json:"GroupId"`
	MemberID        struct {
		UserID string `json:"UserId"`
	} `json:"MemberId"`
	GroupIDs            []string `json:"GroupIds"`
	AlternateIdentifier struct {
		UniqueAttribute struct{ AttributePath, AttributeValue string }
		ExternalID      *ExternalID `json:"ExternalId"`
	}
	Filters    []struct{ AttributePath, AttributeValue string }
	Extensions []string
	MaxResults *int
	NextToken  string
}

// enterpriseExtension names the attributes of SCIM's enterprise extension.
const enterpriseExtension = "aws:identitystore:enterprise"

// storeError is an error of the API, with the fields that its model has.
type storeError struct {
	Type         string `json:"__type"`
	Message      string
	Reason       string `json:",omitempty"`
	RequestID    string `json:"RequestId,omitempty"`
	ResourceID   string `json:"ResourceId,omitempty"`
	ResourceType string `json:",omitempty"`

	RetryAfterSeconds int `json:",omitempty"`
}

func (e *storeError) Error() string { return e.Type + ": " + e.Message }

func unknownOperation(target string) error {
	return &storeError{Type: "UnknownOperationException", Message: "The simulator does not know " + target}
}

func invalid(message string, args ...any) error {
	return &storeError{Type: "ValidationException", Message: fmt.Sprintf(message, args...)}
}

func notFound(kind, id string) error {
	return &storeError{Type: "ResourceNotFoundException", Message: kind + " not found.", ResourceID: id, ResourceType: kind}
}

// identityStore answers the reading operations of the Identity Store API
// (AWS JSON 1.1, https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/).
func (s *Simulator) identityStore(operation string, body []byte) (any, error) {
	var q storeRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, &storeError{Type: "SerializationException", Message: err.Error()}
	}
	if err := s.storeFault(); err != nil {
		return nil, err
	}
	q.UserID, q.GroupID, q.MemberID.UserID = plainID(q.UserID), plainID(q.GroupID), plainID(q.MemberID.UserID)
	c := s.Settings()
	if q.IdentityStoreID != c.IdentityStore && !strings.HasSuffix(q.IdentityStoreID, ":identitystore/"+c.IdentityStore) {
		return nil, notFound("IDENTITY_STORE", q.IdentityStoreID)
	}
	if slices.ContainsFunc(q.Extensions, func(name string) bool { return name != enterpriseExtension }) {
		return nil, invalid("the only extension is %s", enterpriseExtension)
	}
	switch operation {
	case "ListUsers":
		return c.listUsers(q)
	case "ListGroups":
		return c.listGroups(q)
	case "ListGroupMemberships":
		return c.listMembers(q)
	case "ListGroupMembershipsForMember":
		return c.listMemberships(q)
	case "DescribeUser":
		p, err := c.personByID(q.UserID)
		if err != nil {
			return nil, err
		}
		return c.storeUser(p, q), nil
	case "DescribeGroup":
		g, err := c.groupByID(q.GroupID)
		if err != nil {
			return nil, err
		}
		return c.storeGroup(g), nil
	case "GetUserId":
		return c.userID(q)
	case "GetGroupId":
		return c.groupID(q)
	case "IsMemberInGroups":
		return c.isMember(q)
	default:
		return nil, unknownOperation(operation)
	}
}

func (c *Settings) storeUser(p *Person, q storeRequest) storeUser {
	u := storeUser{
		IdentityStoreID: c.IdentityStore, UserID: p.ID, UserName: p.Username, DisplayName: p.DisplayName(), Title: p.Title,
		ExternalIDs: p.ExternalIDs,
		Name:        storeName{Formatted: p.DisplayName(), GivenName: p.GivenName, FamilyName: p.FamilyName, MiddleName: p.MiddleName},
	}
	if p.Email != "" {
		u.Emails = []storeEmail{{Value: p.Email, Type: "work", Primary: true}}
	}
	if c.OlderAnswers {
		return u
	}
	if u.UserArn, u.UserStatus = c.storeARN("user", p.ID), "ENABLED"; p.Disabled {
		u.UserStatus = "DISABLED"
	}
	u.Revision = revisionOf(fmt.Sprint(u, p.Enterprise))
	if slices.Contains(q.Extensions, enterpriseExtension) && len(p.Enterprise) > 0 {
		u.Extensions = map[string]map[string]string{enterpriseExtension: p.Enterprise}
	}
	return u
}

// storeARN is the name of somebody or something in the identity store: it has
// neither a Region nor an account.
func (c *Settings) storeARN(kind, id string) string {
	return "arn:" + c.partition() + ":identitystore:::" + kind + "/" + id
}

// plainID takes the id out of an ARN; requests may have either.
func plainID(id string) string {
	if strings.HasPrefix(id, "arn:") {
		return id[strings.LastIndexByte(id, '/')+1:]
	}
	return id
}

// revisionOf changes with what is answered, and with nothing else.
func revisionOf(answer any) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, answer)))[:16]
}

func (c *Settings) storeGroup(g *Group) storeGroup {
	answer := storeGroup{IdentityStoreID: c.IdentityStore, GroupID: g.ID, DisplayName: g.Name, Description: g.Description, ExternalIDs: g.ExternalIDs}
	if !c.OlderAnswers {
		answer.GroupArn, answer.Revision = c.storeARN("group", g.ID), revisionOf(answer)
	}
	return answer
}

func (c *Settings) personByID(id string) (*Person, error) {
	for i := range c.People {
		if c.People[i].ID == id {
			return &c.People[i], nil
		}
	}
	return nil, notFound("USER", id)
}

func (c *Settings) groupByID(id string) (*Group, error) {
	for i := range c.Groups {
		if c.Groups[i].ID == id {
			return &c.Groups[i], nil
		}
	}
	return nil, notFound("GROUP", id)
}

// page cuts a page out of all results and returns the token of the next one.
func page[T any](q storeRequest, all []T) (results []T, next string, err error) {
	size := maxResults
	if q.MaxResults != nil {
		size = *q.MaxResults
	}
	if size < 1 || size > maxResults {
		return nil, "", invalid("MaxResults must be from 1 to %d", maxResults)
	}
	start := 0
	if q.NextToken != "" {
		text, decodeErr := base64.URLEncoding.DecodeString(q.NextToken)
		start, err = strconv.Atoi(string(text))
		if decodeErr != nil || err != nil || start < 0 {
			return nil, "", invalid("NextToken is not one of ours")
		}
	}
	start = min(start, len(all))
	end := min(start+size, len(all))
	if end < len(all) {
		next = base64.URLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}
	return append([]T{}, all[start:end]...), next, nil
}

// filter tells whether a name passes the only filter that the API has left.
func (q storeRequest) filter(path, name string) (bool, error) {
	for _, f := range q.Filters {
		if f.AttributePath != path || len(q.Filters) > 1 {
			return false, invalid("the only filter is one on %s", path)
		}
		if f.AttributeValue != name {
			return false, nil
		}
	}
	return true, nil
}

func (c *Settings) listUsers(q storeRequest) (any, error) {
	var all []*Person
	for i := range c.People {
		keep, err := q.filter("UserName", c.People[i].Username)
		if err != nil {
			return nil, err
		}
		if keep {
			all = append(all, &c.People[i])
		}
	}
	people, next, err := page(q, all)
	users := make([]storeUser, len(people))
	for i, p := range people {
		users[i] = c.storeUser(p, q)
	}
	return struct {
		Users     []storeUser
		NextToken string `json:",omitempty"`
	}{users, next}, err
}

func (c *Settings) listGroups(q storeRequest) (any, error) {
	var all []storeGroup
	for i := range c.Groups {
		keep, err := q.filter("DisplayName", c.Groups[i].Name)
		if err != nil {
			return nil, err
		}
		if keep {
			all = append(all, c.storeGroup(&c.Groups[i]))
		}
	}
	groups, next, err := page(q, all)
	return struct {
		Groups    []storeGroup
		NextToken string `json:",omitempty"`
	}{groups, next}, err
}

// membership makes one with an ID that stays the same.
func (c *Settings) membership(p *Person, g *Group) storeMembership {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(p.ID+" "+g.ID)))
	id := sum[:8] + "-" + sum[8:12] + "-" + sum[12:16] + "-" + sum[16:20] + "-" + sum[20:32]
	return storeMembership{
		IdentityStoreID: c.IdentityStore, GroupID: g.ID, MemberID: storeMember{p.ID}, MembershipID: id, MembershipArn: c.storeARN("membership", id),
	}
}

type membershipList struct {
	GroupMemberships []storeMembership
	NextToken        string `json:",omitempty"`
}

func (c *Settings) listMembers(q storeRequest) (any, error) {
	g, err := c.groupByID(q.GroupID)
	if err != nil {
		return nil, err
	}
	var all []*Person
	for i := range c.People {
		if slices.Contains(c.People[i].Groups, g.Name) {
			all = append(all, &c.People[i])
		}
	}
	people, next, err := page(q, all)
	list := make([]storeMembership, len(people))
	for i, p := range people {
		list[i] = c.membership(p, g)
	}
	return membershipList{list, next}, err
}

func (c *Settings) listMemberships(q storeRequest) (any, error) {
	p, err := c.personByID(q.MemberID.UserID)
	if err != nil {
		return nil, err
	}
	var all []storeMembership
	for i := range c.Groups {
		if slices.Contains(p.Groups, c.Groups[i].Name) {
			all = append(all, c.membership(p, &c.Groups[i]))
		}
	}
	list, next, err := page(q, all)
	return membershipList{list, next}, err
}

func (c *Settings) userID(q storeRequest) (any, error) {
	attribute, external := q.AlternateIdentifier.UniqueAttribute, q.AlternateIdentifier.ExternalID
	for _, p := range c.People {
		var value string
		if external != nil {
			if slices.Contains(p.ExternalIDs, *external) {
				return map[string]string{"UserId": p.ID, "IdentityStoreId": c.IdentityStore}, nil
			}
			continue
		}
		switch attribute.AttributePath {
		case "userName":
			value = p.Username
		case "emails.value":
			value = p.Email
		default:
			return nil, invalid("AlternateIdentifier: the unique attributes are userName and emails.value")
		}
		if value != "" && strings.EqualFold(value, attribute.AttributeValue) {
			return map[string]string{"UserId": p.ID, "IdentityStoreId": c.IdentityStore}, nil
		}
	}
	return nil, notFound("USER", "")
}

func (c *Settings) groupID(q storeRequest) (any, error) {
	attribute := q.AlternateIdentifier.UniqueAttribute
	if external := q.AlternateIdentifier.ExternalID; external != nil {
		for _, g := range c.Groups {
			if slices.Contains(g.ExternalIDs, *external) {
				return map[string]string{"GroupId": g.ID, "IdentityStoreId": c.IdentityStore}, nil
			}
		}
		return nil, notFound("GROUP", "")
	}
	if attribute.AttributePath != "displayName" {
		return nil, invalid("AlternateIdentifier: the unique attribute is displayName")
	}
	g := c.group(attribute.AttributeValue)
	if g == nil {
		return nil, notFound("GROUP", "")
	}
	return map[string]string{"GroupId": g.ID, "IdentityStoreId": c.IdentityStore}, nil
}

func (c *Settings) isMember(q storeRequest) (any, error) {
	p, err := c.personByID(q.MemberID.UserID)
	if err != nil {
		return nil, err
	}
	if len(q.GroupIDs) < 1 || len(q.GroupIDs) > maxResults {
		return nil, invalid("GroupIds must have from 1 to %d entries", maxResults)
	}
	results := []storeExists{}
	for _, id := range q.GroupIDs {
		g, err := c.groupByID(plainID(id))
		if err != nil {
			return nil, err
		}
		results = append(results, storeExists{g.ID, storeMember{p.ID}, slices.Contains(p.Groups, g.Name)})
	}
	return map[string]any{"Results": results}, nil
}
