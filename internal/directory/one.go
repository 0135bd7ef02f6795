package directory

import "github.com/postern-sso/postern/internal/model"

// One is what a source says of one person at this moment.
type One struct {
	Found  bool // else the source has nobody of that name, or the filter leaves them out
	Person model.SourcePerson
	Groups []string // stable ids of their groups, those that they are in through groups among them
}
