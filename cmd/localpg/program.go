package localpg

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ErrNoProgram is wrapped when the machine has no client program of PostgreSQL that is new enough.
var ErrNoProgram = errors.New("no PostgreSQL program that fits")

// Program finds a client program of PostgreSQL, such as pg_dump, and gives its path and major version: the oldest that is not older than least.
func Program(ctx context.Context, name string, least int) (path string, major int, err error) {
	places := installed()
	if found, err := exec.LookPath(name); err == nil {
		places = append(places, filepath.Dir(found)) // last: on Debian it is a script that chooses by its own rules
	}
	for _, dir := range places {
		file := filepath.Join(dir, name)
		if !executable(file) {
			continue
		}
		version, err := programVersion(ctx, file)
		if err != nil {
			return "", 0, err
		}
		if version >= least && (path == "" || version < major) {
			path, major = file, version
		}
	}
	if path == "" {
		return "", 0, fmt.Errorf("find %s of version %d or newer: %w", name, least, ErrNoProgram)
	}
	return path, major, nil
}

// programVersion reads the major version, as client programs have it since PostgreSQL 10.
func programVersion(ctx context.Context, file string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, file, "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("ask %s for its version: %w", filepath.Base(file), err)
	}
	number, _, _ := strings.Cut(versionNumber.FindString(string(out)), ".")
	version, err := strconv.Atoi(number)
	if err != nil {
		return 0, fmt.Errorf("version of %s is not understood", filepath.Base(file))
	}
	return version, nil
}
