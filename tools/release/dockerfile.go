package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// lastStage is what the Dockerfile makes the image of, and on what base.
func lastStage(dockerfile string) (instructions.Stage, error) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		return instructions.Stage{}, err
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return instructions.Stage{}, err
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return instructions.Stage{}, err
	}
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" {
		return last, fmt.Errorf("the Dockerfile ends on the base %s, want scratch", last.BaseName)
	}
	return last, nil
}

// describe carries out one instruction of the Dockerfile that says how the image
// is run. What is not known here is an error: the images would differ.
func describe(c *v1.Config, command instructions.Command) error {
	switch command := command.(type) {
	case *instructions.EnvCommand:
		for _, kv := range command.Env {
			c.Env = append(c.Env, kv.Key+"="+kv.Value)
		}
	case *instructions.UserCommand:
		c.User = command.User
	case *instructions.VolumeCommand:
		c.Volumes = map[string]struct{}{}
		for _, v := range command.Volumes {
			c.Volumes[v] = struct{}{}
		}
	case *instructions.ExposeCommand:
		c.ExposedPorts = map[string]struct{}{}
		for _, p := range command.Ports {
			c.ExposedPorts[p+"/tcp"] = struct{}{}
		}
	case *instructions.HealthCheckCommand:
		h := command.Health
		c.Healthcheck = &v1.HealthConfig{Test: h.Test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Retries: h.Retries}
	case *instructions.EntrypointCommand:
		if command.PrependShell {
			return errors.New("the entrypoint wants a shell, which the image does not have")
		}
		c.Entrypoint = command.CmdLine
	case *instructions.CmdCommand:
		if command.PrependShell {
			return errors.New("the command wants a shell, which the image does not have")
		}
		c.Cmd = command.CmdLine
	default:
		return fmt.Errorf("%s is not known here", command.Name())
	}
	return nil
}

// copied are the files that a COPY brings: from the source, or of what the stage
// before made.
func (r *release) copied(c *instructions.CopyCommand, program string) ([]entry, error) {
	owner, err := numbered(c.Chown)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, source := range c.SourcePaths {
		brought, err := r.source(c.From, source, program)
		if err != nil {
			return nil, fmt.Errorf("COPY %s: %w", source, err)
		}
		for _, e := range brought {
			if c.Chmod != "" {
				if e.mode, err = strconv.ParseInt(c.Chmod, 8, 64); err != nil {
					return nil, err
				}
			}
			e.uid, e.gid = owner, owner
			switch {
			case strings.HasSuffix(source, "/"): // what is in a folder
				e.name = path.Join(c.DestPath, e.name) + "/"
			case strings.HasSuffix(c.DestPath, "/"):
				e.name = path.Join(c.DestPath, path.Base(source))
			default:
				e.name = c.DestPath
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// source is what the first stage would have made, or a file of the source.
func (r *release) source(from, name, program string) ([]entry, error) {
	switch {
	case from == "":
		text, err := os.ReadFile(r.at(name))
		return []entry{{mode: 0o644, text: text}}, err
	case from == "build" && name == "/console":
		text, err := os.ReadFile(program)
		return []entry{{mode: 0o755, text: text}}, err
	case from == "build" && name == "/etc/ssl/certs/ca-certificates.crt":
		return []entry{{mode: 0o644, text: authorities()}}, nil
	case from == "build" && name == "/image/": // see the install line of the Dockerfile
		return []entry{{name: "data", mode: 0o700}, {name: "tmp", mode: 0o1777}}, nil
	}
	return nil, fmt.Errorf("what stage %q makes there is not known here", from)
}

// numbered is the number of an account that is also that of its group.
func numbered(chown string) (int, error) {
	if chown == "" {
		return 0, nil
	}
	user, group, _ := strings.Cut(chown, ":")
	n, err := strconv.Atoi(user)
	if err != nil || user != group {
		return 0, fmt.Errorf("--chown=%s: want one number twice", chown)
	}
	return n, nil
}

// authorities are the certificate authorities that Mozilla trusts without
// conditions, from a module of Go's: which ones is fixed by go.sum, and not by the
// machine that builds.
func authorities() []byte {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue // a file cannot say the condition
		}
		if c, err := x509.ParseCertificate(root.Certificate); err == nil {
			fmt.Fprintf(&all, "# %s\n", c.Subject)
		}
		_ = pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
	}
	return all.Bytes()
}
