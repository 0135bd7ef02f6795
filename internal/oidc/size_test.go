package oidc_test

import (
	"fmt"
	"strings"
	"testing"

	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The largest token is that of whose groups take the most room, of those that the
// app sees, and as large as the one that the app gets.
func TestLargestToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	app, err := s.store.App(t.Context(), "jira")
	s.must(err)
	if size, err := s.LargestToken(t.Context(), app); err != nil || size != (provider.TokenSize{}) {
		t.Errorf("nobody is in a group: %+v, %v", size, err)
	}
	member := func(group, username string) { s.must(s.store.AddMember(t.Context(), storetest.Actor, group, username)) }
	member("jira-users", "user0")
	for i := range 40 { // of which the app sees none
		name := fmt.Sprintf("%s-%d", strings.Repeat("hidden", 5), i)
		storetest.Group(t, s.store, name)
		member(name, "user1")
	}
	small, err := s.LargestToken(t.Context(), app)
	if err != nil || small.Username != "user0" || small.Groups != 1 || small.Large() {
		t.Fatalf("one sees a group: %+v, %v", small, err)
	}
	token, _ := s.signIn("user0")
	if raw, _ := token.Extra("id_token").(string); len(raw)-small.Bytes > 100 || small.Bytes-len(raw) > 100 {
		t.Errorf("said %d bytes, the app got %d", small.Bytes, len(raw))
	}
	app.AllGroups = true
	for i := range 160 {
		name := fmt.Sprintf("%s-%d", strings.Repeat("wide", 8), i)
		storetest.Group(t, s.store, name)
		member(name, "user1")
	}
	s.must(s.store.SaveApp(t.Context(), storetest.Actor, app))
	if size, err := s.LargestToken(t.Context(), app); err != nil || size.Username != "user1" || size.Groups != 200 || !size.Large() {
		t.Errorf("all groups: %+v, %v", size, err)
	}
}
