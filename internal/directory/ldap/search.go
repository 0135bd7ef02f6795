package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// How many entries are asked for at once. Active Directory gives 1,000 at most.
const (
	pageSize   = 500
	groupPage  = 50        // groups are long: those of a page have 64 MiB together
	maxEntries = 1_000_000 // of people, and of groups
	maxEmpty   = 50        // pages in a row without an entry
)

// query is a search that is read to its end.
type query struct {
	what       string // "reading people"
	base       string
	filter     string
	attributes []string
	page       int // entries of one answer
	first      int // stop after so many entries; zero: read all
}

// search reads all pages and hands each entry on. It ends without an error only when
// the server said success on the last page, or after the entries that were asked for.
func (s *session) search(ctx context.Context, q query, each func(entry) error, page func()) error {
	paging, read, empty := ldap.NewControlPaging(uint32(q.page)), 0, 0
	for {
		request := ldap.NewSearchRequest(q.base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, q.filter, q.attributes, nil)
		if s.pages() {
			request.Controls = []ldap.Control{paging}
		}
		result, err := s.ask(ctx, request)
		if result != nil {
			s.entries += len(result.Entries)
		}
		if err != nil {
			return s.failed(q.what, err)
		}
		s.referred(q, result.Referrals)
		for _, e := range result.Entries {
			if err := each(newEntry(e)); err != nil {
				return s.failed(q.what, err)
			}
			if read++; q.first > 0 && read >= q.first {
				return nil
			}
		}
		page()
		if ctx.Err() != nil { // the answer may have been quicker than the end of the connection
			return s.ended(q.what, left(ctx))
		}
		answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(answer.Cookie) == 0 {
			return nil
		}
		if empty++; len(result.Entries) > 0 {
			empty = 0
		}
		if read > maxEntries || empty > maxEmpty {
			return endless(q.what, read)
		}
		paging = ldap.NewControlPaging(uint32(q.page))
		paging.SetCookie(answer.Cookie)
	}
}

func endless(what string, read int) error {
	return &directory.ReadError{Reason: "endless", Incomplete: true, Remedy: "Choose a narrower base or filter, and look into the server's log.",
		Detail: fmt.Sprintf("%s: after %s the server still says that there are more.", model.UpperFirst(what), model.Count(read, "entry", "entries"))}
}

// pages tells whether the server can answer in pages. One that does not say what it
// can is asked to.
func (s *session) pages() bool {
	controls := s.root.all("supportedControl")
	return len(controls) == 0 || slices.Contains(controls, pagedResults)
}

// referred says that other servers were named. They are never asked: they would get
// the password.
func (s *session) referred(q query, addresses []string) {
	if len(addresses) > 0 {
		s.remark(fmt.Sprintf("%s: the server named other servers for parts of the tree. They were not asked.", model.UpperFirst(q.what)))
	}
}

// ask puts one question.
func (s *session) ask(ctx context.Context, request *ldap.SearchRequest) (result *ldap.SearchResult, err error) {
	err = s.operate(ctx, func() (err error) { result, err = s.conn.Search(request); return err })
	return result, err
}

// operate runs one operation within its time and bounds. Time that is up ends the
// connection, so that nothing waits for it any longer.
func (s *session) operate(ctx context.Context, do func() error) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.reader.patience.operation, errTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { s.guard.end(left(ctx)) })
	defer stop()
	defer func() {
		if p := recover(); p != nil { // of the library, over an answer that nobody expected
			s.guard.end(errNotLDAP)
			err = errNotLDAP
		}
	}()
	s.guard.ask()
	return do()
}

// left is why a context has ended.
func left(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errTime) || errors.Is(cause, errRunTime) {
		return cause
	}
	return fmt.Errorf("%w: %w", errLeft, cause)
}
