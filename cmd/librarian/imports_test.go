package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows say what each package may import of ours; what is not listed is forbidden. A test may also import what only tests use.
var arrows = map[string][]string{
	"contacts/library":             {},
	"templates":                    {"contacts/library"},
	"cmd/schema":                   {},
	"cmd/localpg":                  {},
	"cmd/schema/pgtest":            {"cmd/schema", "cmd/localpg"},
	"contacts/ledger":              {"contacts/library"},
	"bots/files":                   {"contacts/library"},
	"contacts":                     {"contacts/library", "contacts/ledger"},
	"bots":                         {"contacts", "contacts/library", "bots/files"},
	"bots/telegram":                {"bots", "bots/files", "contacts", "contacts/library", "templates"},
	"bots/webchat":                 {"bots", "bots/files", "contacts", "contacts/library", "templates"},
	"bots/email":                   {"bots", "bots/files", "contacts", "contacts/library", "templates"},
	"bots/email/letter":            {},
	"bots/email/mailtest":          {"bots/email/letter"},
	"bots/telegram/telegramtest":   {},
	"bots/whatsapp/whatsapptest":   {},
	"bots/bottest":                 {"bots", "bots/files", "contacts/library"},
	"bots/whatsapp":                {"bots", "bots/files", "contacts", "contacts/library", "templates"},
	"contacts/cards":               {"contacts", "contacts/library", "contacts/ledger", "bots", "bots/files", "templates"},
	"contacts/papers":              {"contacts", "contacts/library", "contacts/ledger", "bots", "bots/files", "templates"},
	"queue":                        {"contacts", "contacts/library", "contacts/ledger", "bots"},
	"queue/stock":                  {"contacts/library"},
	"queue/fragments":              {"queue", "queue/stock", "contacts", "contacts/cards", "contacts/ledger", "contacts/library", "bots", "bots/files", "templates"},
	"queue/pickup":                 {"queue/fragments", "contacts", "contacts/library", "bots/files", "templates"},
	"queue/web":                    {"queue", "queue/fragments", "queue/stock", "contacts", "contacts/library", "contacts/cards", "contacts/ledger", "bots", "bots/files", "templates"},
	"flows":                        {"contacts/library", "templates"},
	"flows/runner":                 {"flows", "bots", "bots/email", "bots/files", "contacts", "contacts/cards", "contacts/ledger", "contacts/library", "contacts/papers", "queue", "queue/fragments", "queue/stock", "templates"},
	"cmd/librarian/demo/letterbox": {"bots/email/letter", "cmd/librarian/demo/mailbox"},
	"cmd/librarian/demo/mailbox":   {},
	"cmd/librarian":                {"*"},
}

// onlyTests are the packages that help tests, which any test may import and nothing else.
var onlyTests = []string{"cmd/schema/pgtest", "bots/bottest", "bots/email/mailtest", "bots/telegram/telegramtest", "bots/whatsapp/whatsapptest"}

// impure are what conversations may not reach: they are functions of their inputs.
var impure = []string{"github.com/jackc/pgx", "net/http", "os"}

func TestImportsRunOneWay(t *testing.T) {
	seen := map[string]bool{}
	walkGo(t, func(pkg, file string, test bool, imports []string) {
		if test {
			return
		}
		seen[pkg] = true
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("package %s has no line in the table of arrows", pkg)
			return
		}
		for _, imp := range imports {
			ours, ok := strings.CutPrefix(imp, "librarian/")
			if !ok || slices.Contains(allowed, "*") && !slices.Contains(onlyTests, ours) {
				continue
			}
			if !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s", file, ours)
			}
		}
	})
	for pkg := range arrows {
		if !seen[pkg] {
			t.Errorf("the table of arrows names %s, which does not exist", pkg)
		}
	}
}

func TestFlowsArePure(t *testing.T) {
	walkGo(t, func(pkg, file string, test bool, imports []string) {
		if test || pkg != "flows" && pkg != "contacts/library" && pkg != "templates" {
			return
		}
		for _, imp := range imports {
			for _, bad := range impure {
				if imp == bad || strings.HasPrefix(imp, bad+"/") {
					t.Errorf("%s imports %s", file, imp)
				}
			}
		}
	})
}

// TestEachTableHasOneOwner holds that SQL names a table in its owner alone.
func TestEachTableHasOneOwner(t *testing.T) {
	owners := map[string]string{
		"consents": "contacts", "consent_texts": "contacts", "registrations": "contacts", "newcomers": "contacts", "field_changes": "contacts", "codes": "contacts",
		"libraries": "contacts", "library_texts": "contacts", "contacts": "contacts", "addresses": "contacts", "readers": "contacts", "contact_readers": "contacts",
		"facts": "contacts/ledger", "cards": "contacts/cards", "number_series": "contacts/cards",
		"paper_orders": "contacts/papers", "papers": "contacts/papers", "paper_pages": "contacts/papers", "paper_scans": "contacts/papers", "paper_examples": "contacts/papers", "rule_acceptances": "contacts",
		"letters": "bots/email", "whatsapp_links": "bots/whatsapp", "whatsapp_people": "bots/whatsapp", "whatsapp_media": "bots/whatsapp", "channels": "bots", "outbox": "bots", "secrets": "bots", "files": "bots/files", "pending_blobs": "bots/files",
		"conversations": "flows/runner", "events": "flows/runner", "working": "flows/runner",
		"tasks": "queue", "task_log": "queue", "departments": "queue", "sigla": "queue", "staff": "queue", "sessions": "queue", "audit": "queue", "sign_in_tries": "queue",
		"need_topics": "queue", "needs": "queue", "needs_said": "queue",
		"titles": "queue/stock", "editions": "queue/stock", "copies": "queue/stock", "vocabulary": "queue/stock",
		"orders": "queue/fragments", "order_parts": "queue/fragments", "order_steps": "queue/fragments", "order_slips": "queue/fragments",
		"order_sends": "queue/fragments", "order_links": "queue/fragments",
	}
	walkGo(t, func(pkg, file string, test bool, _ []string) {
		if test {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(strings.NewReplacer("(", " ", ")", " ", "`", " ", ",", " ").Replace(string(text)))
		for i, w := range words[:len(words)-1] {
			switch w {
			case "from", "join", "into", "update":
			default:
				continue
			}
			if owner, ok := owners[words[i+1]]; ok && owner != pkg && sqlish(string(text), w+" "+words[i+1]) {
				t.Errorf("%s names the table %s, which belongs to %s", file, words[i+1], owner)
			}
		}
	})
}

// sqlish reports that the words stand in a line that is SQL, not a sentence.
func sqlish(text, words string) bool {
	for line := range strings.Lines(text) {
		if strings.Contains(line, words) && !strings.HasPrefix(strings.TrimSpace(line), "//") &&
			(strings.Contains(line, "`") || strings.Contains(line, "where ") || strings.Contains(line, "select") || strings.Contains(line, "set ")) {
			return true
		}
	}
	return false
}

const root = "../.."

// walkGo calls visit for every Go file of the module.
func walkGo(t *testing.T, visit func(pkg, file string, test bool, imports []string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != root {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, i := range f.Imports {
			imp, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, imp)
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		visit(path.Dir(rel), rel, strings.HasSuffix(rel, "_test.go"), imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
