package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// here is the checkout.
const here = "../../.."

// aRelease is one that is not built.
func aRelease(t *testing.T, tag string) *release {
	t.Helper()
	parts := versions.FindStringSubmatch(tag)
	if parts == nil {
		t.Fatalf("%s is no version", tag)
	}
	r := &release{
		tag: tag, version: tag[1:], pre: parts[2] + parts[3], commit: strings.Repeat("c", 40),
		at: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC), url: "https://git.example/owner/rolecall", maintainer: nobody,
		out: t.TempDir(), work: t.TempDir(),
	}
	for name := range strings.SplitSeq(allSystems, ",") {
		goos, arch, _ := strings.Cut(name, "/")
		r.systems = append(r.systems, system{goos, arch})
	}
	return r
}

// aCheckout makes a repository with one commit, and makes it the working folder.
func aCheckout(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"init", "-q"}, {"commit", "-q", "--allow-empty", "-m", "one"}} {
		commit(t, ".", args...)
	}
}

// commit runs git as somebody at some time, so that commits of the same content are the same.
func commit(t *testing.T, folder string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE=2026-11-29T10:00:00Z", "GIT_COMMITTER_DATE=2026-11-29T10:00:00Z",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestVersionsOfReleases(t *testing.T) {
	for _, version := range []string{"v1.2.3", "v0.0.1", "v10.20.30", "v1.2.3-rc.1", "v1.2.3-alpha.12", "v1.2.3-beta.2"} {
		if !versions.MatchString(version) {
			t.Errorf("%s is refused", version)
		}
	}
	for _, version := range []string{
		"", "1.2.3", "v1.2", "v1.2.3.", "v1.2.3.-rc.1", "v1.2.3.4", "v01.2.3", "v1.2.3-rc1", "v1.2.3-rc.0",
		"v1.2.3-rc.1.2", "v1.2.3-next.1",
		"v1.2.3+build", "v1.2.3 ", "v1.2.3\n", "v1.2.3-dirty", "v1.2.3-4-gabcdef0", "v1.2.3 -X main.x=y", "dev",
	} {
		if versions.MatchString(version) {
			t.Errorf("%q counts as a version", version)
		}
	}
}

// A release is what one commit says, in a folder of its own.
func TestWhatIsRefused(t *testing.T) {
	aCheckout(t)
	good := options{version: "v1.2.3", out: "out", systems: "linux/amd64", dirty: true}
	for name, c := range map[string]struct {
		change func(*options)
		says   string
	}{
		"no version":        {func(o *options) { o.version = "" }, "make dist VERSION="},
		"unknown system":    {func(o *options) { o.systems = "linux/amd64,plan9/386" }, "plan9/386"},
		"no system":         {func(o *options) { o.systems = "" }, "none of the systems"},
		"URL with a blank":  {func(o *options) { o.url = "https://a b" }, "URL"},
		"URL with a quote":  {func(o *options) { o.url = `https://a/"b` }, "URL"},
		"URL without TLS":   {func(o *options) { o.url = "http://a/b" }, "URL"},
		"URL with commands": {func(o *options) { o.url = "https://a/$(id)" }, "URL"},
		"someone's folder":  {func(o *options) { o.out = "." }, "choose another folder"},
	} {
		o := good
		c.change(&o)
		if _, err := newRelease(o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := newRelease(good); err != nil {
		t.Error(err)
	}
	if _, err := newRelease(good); err != nil {
		t.Errorf("the folder of a release cannot be used again: %v", err)
	}
}

func TestChangesAreRefused(t *testing.T) {
	aCheckout(t)
	o := options{version: "v1.2.3", out: t.TempDir(), systems: "linux/amd64"}
	if _, err := newRelease(o); err != nil {
		t.Fatal(err)
	}
	commit(t, ".", "config", "status.showUntrackedFiles", "no")
	if err := os.WriteFile("new.go", nil, 0o600); err != nil { // Go would compile it
		t.Fatal(err)
	}
	if _, err := newRelease(o); err == nil || !strings.Contains(err.Error(), "new.go") {
		t.Errorf("a file that is in no commit: %v", err)
	}
	commit(t, ".", "add", "new.go")
	commit(t, ".", "commit", "-q", "-m", "two")
	commit(t, ".", "tag", "v1.2.3", "HEAD~1")
	if _, err := newRelease(o); err == nil || !strings.Contains(err.Error(), "v1.2.3 is the commit") {
		t.Errorf("the tag is another commit: %v", err)
	}
	commit(t, ".", "tag", "-f", "v1.2.3")
	r, err := newRelease(o)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC); !r.at.Equal(want) {
		t.Errorf("the time is %s, the commit's is %s", r.at, want)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1000000000")
	if r, err = newRelease(o); err != nil || r.at.Year() != 2001 {
		t.Errorf("SOURCE_DATE_EPOCH does not count: %v, %v", r, err)
	}
}

// Whatever is linked into a program, on any system, has a licence whose terms a release keeps.
func TestEachModuleHasALicence(t *testing.T) {
	t.Chdir(here)
	all := map[string]*module{}
	for name := range strings.SplitSeq(allSystems, ",") {
		goos, arch, _ := strings.Cut(name, "/")
		for _, program := range programs {
			g, err := linked(system{goos, arch}, program)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range g.modules {
				m.merge(all)
			}
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d modules", len(all))
	}
	delete(all, ownModule+" ")
	text, err := thirdParty(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Go's runtime and standard library 1.", "github.com/aws/aws-sdk-go-v2 v", "NOTICE.txt",
		"github.com/Microsoft/go-winio v",
		"internal/sync/singleflight/LICENSE", // a folder's own, inside a module
		"SQLite Is Public Domain", "Everyone is permitted to copy",
	} {
		if found := strings.Contains(string(text), want); found != (want != "Everyone is permitted to copy") {
			t.Errorf("%q: %v", want, found)
		}
	}
}

func TestKindsOfLicences(t *testing.T) {
	const bsd = "Redistribution and use in source and binary forms, with or\nwithout modification …"
	for text, want := range map[string]string{
		"Apache License\n   Version 2.0, January 2004":                                   "Apache-2.0",
		"Permission is hereby granted, free of charge,\n to any person obtaining a copy": "MIT",
		bsd:                                 "BSD-2-Clause",
		bsd + " Neither the name of Google": "BSD-3-Clause",
		"Permission to use, copy, modify, and distribute this software for any purpose with or without fee is " +
			"hereby granted, provided that": "ISC",
		"GNU LESSER GENERAL PUBLIC LICENSE Everyone is permitted to copy and distribute verbatim copies of this license " +
			"document, but": "GPL",
		"Mozilla Public License Version 2.0":                                 "MPL-2.0",
		"Business Source License 1.1":                                        "BUSL",
		"Apache License Version 2.0 with “Commons Clause” License Condition": "Apache-2.0 Commons",
		"All rights reserved.":                                               "",
	} {
		if got := strings.Join(kinds(text), " "); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}

// A module without a licence, with an unknown one, or with one that is not allowed stops a release.
func TestModulesThatMayNotBeLinked(t *testing.T) {
	for file, c := range map[string]struct{ text, says string }{
		"README.md":   {"MIT", "no licence text"},
		"LICENSE":     {"All rights reserved.", "no kind that is known"},
		"LICENCE.txt": {"Mozilla Public License, version 2.0", "not allowed"},
		"COPYING": {
			"Everyone is permitted to copy and distribute verbatim copies of this license document, but", "not allowed",
		},
		"inner/LICENSE": {"Business Source License 1.1", "no licence text|not allowed"},
		"license.go":    {"package x", "no licence text"},
	} {
		dir := t.TempDir()
		inner := filepath.Join(dir, "inner")
		if err := os.Mkdir(inner, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		m := &module{path: "example.com/x", version: "v1.0.0", dir: dir, packages: map[string]bool{inner: true}}
		_, err := m.licence()
		if err == nil || !slices.ContainsFunc(strings.Split(c.says, "|"), func(s string) bool {
			return strings.Contains(err.Error(), s)
		}) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
