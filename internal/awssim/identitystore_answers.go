package awssim

// The answers, with the names of the API.
type (
	storeUser struct {
		IdentityStoreID string       `json:"IdentityStoreId"`
		UserID          string       `json:"UserId"`
		UserArn         string       `json:"UserArn,omitempty"`
		UserName        string       `json:"UserName"`
		DisplayName     string       `json:"DisplayName"`
		Name            storeName    `json:"Name"`
		Emails          []storeEmail `json:"Emails,omitempty"`
		ExternalIDs     []ExternalID `json:"ExternalIds,omitempty"`
		Title           string       `json:"Title,omitempty"`
		UserStatus      string       `json:"UserStatus,omitempty"`
		Revision        string       `json:"Revision,omitempty"`

		Extensions map[string]map[string]string `json:"Extensions,omitempty"`
	}
	storeName struct {
		Formatted, GivenName, FamilyName string
		MiddleName                       string `json:",omitempty"`
	}
	storeEmail struct {
		Value, Type string
		Primary     bool
	}
	storeGroup struct {
		IdentityStoreID string `json:"IdentityStoreId"`
		GroupID         string `json:"GroupId"`
		GroupArn        string `json:",omitempty"`
		DisplayName     string
		Description     string       `json:",omitempty"`
		ExternalIDs     []ExternalID `json:"ExternalIds,omitempty"`
		Revision        string       `json:",omitempty"`
	}
	storeMember struct {
		UserID string `json:"UserId"`
	}
	storeMembership struct {
		IdentityStoreID string      `json:"IdentityStoreId"`
		MembershipID    string      `json:"MembershipId"`
		MembershipArn   string      `json:"MembershipArn"`
		GroupID         string      `json:"GroupId"`
		MemberID        storeMember `json:"MemberId"`
	}
	storeExists struct {
		GroupID          string      `json:"GroupId"`
		MemberID         storeMember `json:"MemberId"`
		MembershipExists bool
	}
)
