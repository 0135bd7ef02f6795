package main

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

// packDeb makes the Debian package. Go's names of the machines are Debian's, too.
func (r *release) packDeb(arch, program, out string) error {
	add := func(source, destination, kind string, mode fs.FileMode) *files.Content {
		return &files.Content{Source: source, Destination: destination, Type: kind,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: r.time}}
	}
	const doc = "/usr/share/doc/postern/"
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "postern", Arch: arch, Platform: "linux", Version: debian(r.version), VersionSchema: "none", MTime: r.time, DisableGlobbing: true,
		Section: "net", Priority: "optional", Maintainer: "The Postern authors", License: "Apache-2.0",
		Description: "single sign-on between AWS IAM Identity Center and Atlassian apps\n" +
			"Postern signs people in through SAML, keeps users and groups, and hands them\n" +
			"to Jira, Confluence, Bitbucket and Bamboo. It has a console in the browser.",
		Overridables: nfpm.Overridables{
			Depends: []string{"ca-certificates", "passwd"}, Suggests: []string{"postgresql"},
			Scripts: nfpm.Scripts{PostInstall: r.at("deploy/deb/postinst"), PreRemove: r.at("deploy/deb/prerm"), PostRemove: r.at("deploy/deb/postrm")},
			Contents: files.Contents{
				add(program, "/usr/bin/console", "", 0o755),
				add(r.at("deploy/deb/postern.service"), "/usr/lib/systemd/system/postern.service", "", 0o644),
				add(r.at("deploy/deb/postern.env"), "/etc/postern/postern.env", "config|noreplace", 0o640),
				add(r.at("LICENSE"), doc+"copyright", "", 0o644),
				add(r.at("NOTICE"), doc+"NOTICE", "", 0o644),
				add(r.at("docs/configuration.md"), doc+"configuration.md", "", 0o644),
				add(r.at("scripts/roles.sql"), doc+"roles.sql", "", 0o644),
			},
		},
	})
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return err
	}
	return writeFile(r.name(out, "postern_%s_%s.deb", info.Version, arch), func(w io.Writer) error {
		if err := deb.Default.Package(info, w); err != nil {
			return fmt.Errorf("deb: %w", err)
		}
		return nil
	})
}

// debian is the version as Debian has it: there a tilde comes before nothing, as
// a hyphen does in Semantic Versioning.
func debian(version string) string { return strings.ReplaceAll(version, "-", "~") }
