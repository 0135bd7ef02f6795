package awssim

// The answers, with the names of the API.
type (
	storeUser struct {
		IdentityStoreID string       `json:"IdentityStoreId"`
		UserID          string       `json:"UserId"`
		UserArn         string       `json:"UserArn"`
		UserName        string       `json:"UserName"`
		DisplayName     string       `json:"DisplayName"`
		Name            storeName    `json:"Name"`
		Emails          []storeEmail `json:"Emails,omitempty"`
		ExternalIDs     []ExternalID `json:"ExternalIds,omitempty"`
		UserStatus      string       `json:"UserStatus"`
		Revision        string       `json:"Revision"`
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
		GroupArn        string
		DisplayName     string
		Description     string       `json:",omitempty"`
		ExternalIDs     []ExternalID `json:"ExternalIds,omitempty"`
		Revision        string
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
