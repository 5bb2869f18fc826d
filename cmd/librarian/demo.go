package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/bots/whatsapp"
	"librarian/cmd/librarian/demo/letterbox"
	"librarian/cmd/localpg"
	"librarian/contacts"
	"librarian/contacts/cards"
	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/web"
)

type demoCommand struct {
	Listen    string `default:"127.0.0.1:8080" help:"Address and port on this machine."`
	Data      string `help:"Where the sample library is kept between runs." type:"path" placeholder:"DIR"`
	NoInstall bool   `help:"Do not install PostgreSQL if it is missing."`
	Database  string `env:"DATABASE_URL" help:"Use this PostgreSQL instead of a private one." placeholder:"URL"`
}

// errNotLoopback keeps the demo's open doors off every network.
var errNotLoopback = errors.New("the demo lets anybody sign in, so it listens only on this machine itself, such as 127.0.0.1:8080")

// Run serves the sample library until the context ends.
func (c demoCommand) Run(ctx context.Context) error {
	if err := loopbackOnly(c.Listen); err != nil {
		return err
	}
	dir, err := c.dir()
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(dir, "demo.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer logFile.Close()
	log := slog.New(slog.NewTextHandler(logFile, nil))
	url, stop, err := c.postgres(ctx, dir)
	if err != nil {
		return err
	}
	defer stop()
	return c.serve(ctx, dir, url, log)
}

func loopbackOnly(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	if addr, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !addr.IsLoopback()) {
		return errNotLoopback
	}
	return nil
}

// dir is where the demo keeps everything.
func (c demoCommand) dir() (string, error) {
	dir := c.Data
	if dir == "" {
		base := os.Getenv("XDG_DATA_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("find a place for the demo's data: %w", err)
			}
			base = filepath.Join(home, ".local", "share")
		}
		dir = filepath.Join(base, "librarian-demo")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a place for the demo's data: %w", err)
	}
	return dir, nil
}

// postgres gives a database: the one named, or a private one.
func (c demoCommand) postgres(ctx context.Context, dir string) (string, func(), error) {
	if c.Database != "" {
		return c.Database, func() {}, nil
	}
	place := filepath.Join(dir, "postgres")
	server, err := localpg.Start(ctx, place, localpg.Options{})
	if errors.Is(err, localpg.ErrNoBinaries) && !c.NoInstall {
		fmt.Println("PostgreSQL is not installed; installing Debian's package.")
		if err := localpg.Install(ctx, os.Stdout); err != nil {
			return "", nil, err
		}
		server, err = localpg.Start(ctx, place, localpg.Options{})
	}
	if err != nil {
		return "", nil, err
	}
	return server.URL(), func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "the demo's database did not stop:", err)
		}
	}, nil
}

// serve runs the same service as serve does, with a letter box and open doors.
func (c demoCommand) serve(ctx context.Context, dir, url string, log *slog.Logger) error {
	base := "http://" + c.Listen
	whatsapp.Hush(log)
	cfg := settings{database: database{DatabaseURL: url, KeyFile: filepath.Join(dir, "key")}, Listen: c.Listen, PublicURL: base, Files: filepath.Join(dir, "files")}
	if _, err := os.Stat(cfg.KeyFile); errors.Is(err, fs.ErrNotExist) {
		if err := files.NewKeyFile(cfg.KeyFile); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(cfg.Files, 0o700); err != nil {
		return fmt.Errorf("make a place for files: %w", err)
	}
	pool, keys, err := cfg.unlock(ctx)
	if err != nil {
		return err
	}
	defer closePool(pool)
	box, err := letterbox.Start(ctx, filepath.Join(dir, "letters"), "127.0.0.1:0", demoAddress(demoSlug), demoAddress(fullSlug))
	if err != nil {
		return err
	}
	defer func() {
		if err := box.Stop(); err != nil {
			log.Error("letter box", "err", err)
		}
	}()
	var s *service
	s, err = newService(cfg, pool, keys, log, func(d *web.Deps) { d.SignInOffer = allOffers })
	if err != nil {
		return err
	}
	s.mux.Handle("/demo/mail", box.Handler())
	s.mux.Handle("/demo/mail/", box.Handler())
	s.mux.Handle("POST /desk/demo-sign-in", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.demoSignIn)))
	s.mux.Handle("GET /{$}", http.RedirectHandler("/chat/"+demoSlug, http.StatusFound))
	seeding, err := s.demoLibrary(ctx, box, demoSlug, demoSettings(), demoOffers())
	if err != nil {
		return err
	}
	seedingFull, err := s.demoLibrary(ctx, box, fullSlug, fullSettings(), fullOffers())
	if err != nil {
		return err
	}
	for _, slug := range []string{demoSlug, fullSlug} {
		if err := s.demoBooks(ctx, slug); err != nil {
			return err
		}
	}
	return s.run(ctx, func() {
		var writing errgroup.Group // the readers of both libraries, at once
		if seeding {
			writing.Go(func() error { return s.demoPeople(ctx, demoSlug, samplePeople()) })
		}
		if seedingFull {
			writing.Go(func() error { return s.demoPeople(ctx, fullSlug, sampleStudents()) })
		}
		if err := writing.Wait(); err != nil {
			log.Error("the sample readers are not complete", "err", err)
		}
		fmt.Printf("ready %s\n\n  web chat    %s/chat/%s\n              %s/chat/%s (full registration, with signed papers)\n  desk        %s/desk\n  letter box  %s/demo/mail\n\n",
			base, base, demoSlug, base, fullSlug, base, base)
		fmt.Println("At the desk choose an account with one click:")
		for _, o := range allOffers() {
			fmt.Printf("  %-16s %s\n", o.Login, o.Name)
		}
		fmt.Println("\nStop with Ctrl-C. The data stays in", dir)
	})
}

// demoSignIn opens the desk to one of the sample accounts. It exists in the demo alone, which listens on this machine alone.
func (s *service) demoSignIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	login := r.FormValue("login")
	who, err := s.desk.StaffByLogin(r.Context(), login)
	if err != nil || !slices.ContainsFunc(allOffers(), func(o web.Offer) bool { return o.Login == login }) {
		http.Error(w, "no such account", http.StatusNotFound)
		return
	}
	token, err := s.desk.OpenSession(r.Context(), who.ID, r.UserAgent())
	if err != nil {
		s.log.Error("demo sign-in", "err", err)
		http.Error(w, "the desk is not reachable", http.StatusInternalServerError)
		return
	}
	s.site.Admit(w, token)
	http.Redirect(w, r, "/desk", http.StatusSeeOther)
}

// demoLibrary makes a sample library with its channels and staff, and reports whether it is new.
func (s *service) demoLibrary(ctx context.Context, box *letterbox.Box, slug string, settings library.Settings, staff []web.Offer) (fresh bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		id, err := contacts.AddLibrary(ctx, tx, slug, demoZone, settings)
		if errors.Is(err, contacts.ErrSlugTaken) {
			return err
		}
		if err != nil {
			return err
		}
		if _, err := bots.AddChannel(ctx, tx, s.secrets, bots.Account{Library: id, Kind: bots.WebChat, Name: "web"}, ""); err != nil {
			return err
		}
		if err := s.demoMailbox(ctx, tx, box, id, slug); err != nil {
			return err
		}
		if err := cards.SetSeries(ctx, tx, id, cards.Series{Width: 6, Next: 1}); err != nil {
			return err
		}
		return s.demoStaff(ctx, tx, id, staff)
	})
	if errors.Is(err, contacts.ErrSlugTaken) {
		return false, s.moveLetterBox(ctx, box, slug)
	}
	return err == nil, err
}

func (s *service) demoStaff(ctx context.Context, tx pgx.Tx, id library.ID, staff []web.Offer) error {
	if err := queue.AddExampleDepartments(ctx, tx, queue.Console(), id); err != nil {
		return err
	}
	if err := demoLetterWriter(ctx, tx, id); err != nil {
		return err
	}
	places := demoPlaces()
	for _, o := range staff {
		n := queue.NewStaff{Library: &id, Login: o.Login, Name: o.Name, Role: o.Role, Email: o.Login + "@library.example", Lang: demoLang, Unused: true}
		if o.Role == queue.RoleOperator {
			n.Library = nil
		}
		if place, ok := places[o.Login]; ok {
			department, err := queue.DepartmentNamed(ctx, tx, id, place)
			if err != nil {
				return err
			}
			n.Department = department
		}
		if _, _, err := s.desk.AddStaff(ctx, tx, queue.Console(), n); err != nil {
			return err
		}
	}
	return nil
}

// patience bounds how long the sample readers wait for the bot.
const patience = 20 * time.Second
