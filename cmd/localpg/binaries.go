package localpg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoBinaries is wrapped when the machine has no PostgreSQL server programs that fit.
var ErrNoBinaries = errors.New("no PostgreSQL server binaries")

// binaries gives the directory of initdb and postgres, of the given major version unless that is empty.
// $PG_BIN, when set, is the only place looked at.
func binaries(version string) (string, error) {
	places := installed()
	if dir := os.Getenv("PG_BIN"); dir != "" {
		places = []string{dir}
	}
	for _, dir := range places {
		if !executable(filepath.Join(dir, "initdb")) || !executable(filepath.Join(dir, "postgres")) {
			continue
		}
		if version == "" {
			return dir, nil
		}
		major, err := majorVersion(dir)
		if err != nil {
			return "", err
		}
		if major == version {
			return dir, nil
		}
	}
	if version != "" {
		return "", fmt.Errorf("%w of version %s, which made the data", ErrNoBinaries, version)
	}
	return "", ErrNoBinaries
}

// installed lists where servers are usually found: PATH first, then each system's own place, newest version first.
func installed() []string {
	var places []string
	if path, err := exec.LookPath("initdb"); err == nil {
		// postgres finds its libraries from its real place, and on some systems only initdb is linked.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			places = append(places, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian
		"/usr/pgsql-*/bin",          // PGDG on Red Hat
		"/usr/libexec/postgresql*",  // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue // only a malformed pattern fails, and these are constant
		}
		places = append(places, newestFirst(found)...)
	}
	return places
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)?`)

// newestFirst sorts by the last number in each path, as numbers: 9.6 is older than 15.
func newestFirst(dirs []string) []string {
	number := func(dir string) float64 {
		all := versionNumber.FindAllString(dir, -1)
		if len(all) == 0 {
			return 0
		}
		n, err := strconv.ParseFloat(all[len(all)-1], 64)
		if err != nil {
			return 0
		}
		return n
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
	return dirs
}

func majorVersion(dir string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask postgres for its version: %w", err)
	}
	number := versionNumber.FindString(string(out))
	if major, _, _ := strings.Cut(number, "."); !strings.HasPrefix(number, "9.") {
		return major, nil
	}
	return number, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
