package model

import "strings"

// Called says what people call connections, apps and sources, by their short names.
type Called struct{ Connections, Apps, Sources map[string]string }

// Connection is the name of a connection; of one that is gone, its short name.
func (c Called) Connection(slug string) string {
	if name := c.Connections[slug]; name != "" {
		return name
	}
	return slug
}

// App is the name of an app; of one that is gone, its short name.
func (c Called) App(slug string) string {
	if name := c.Apps[slug]; name != "" {
		return name
	}
	return slug
}

// Source is the name of a source; of one that is gone, its short name.
func (c Called) Source(slug string) string {
	if name := c.Sources[slug]; name != "" {
		return name
	}
	return slug
}

// Object is what people call the object of an entry of the audit.
func (c Called) Object(e AuditEntry) string {
	switch subject, _, _ := strings.Cut(e.Action, "."); subject {
	case "connection", "revision", "setup_link", "certificate":
		return c.Connection(e.Object)
	case "app":
		return c.App(e.Object)
	case "source":
		slug, run, of := strings.Cut(e.Object, ", ")
		if !of {
			return c.Source(slug)
		}
		return c.Source(slug) + ", " + run
	default:
		return e.Object
	}
}

// actorSource begins the name of a source among those who did something.
const actorSource = "source "

// ActorOfSource is the actor that a source is.
func ActorOfSource(slug string) Actor { return Actor{Name: actorSource + slug} }

// Actor is what people call who did something: a source is called by its name.
func (c Called) Actor(name string) string {
	if slug, is := strings.CutPrefix(name, actorSource); is {
		return actorSource + c.Source(slug)
	}
	return name
}

// Told is the name of a connection in a list of some, with the short name where
// another one has the same.
func Told(all []Connection, c Connection) string {
	for _, other := range all {
		if other.Slug != c.Slug && other.Name() == c.Name() {
			return c.Name() + " (" + c.Slug + ")"
		}
	}
	return c.Name()
}
