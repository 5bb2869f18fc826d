package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"librarian/bots"
	"librarian/bots/files"
	"librarian/bots/webchat"
	"librarian/bots/whatsapp"
	"librarian/contacts"
	"librarian/contacts/papers"
	"librarian/flows"
	"librarian/flows/runner"
	"librarian/queue"
	"librarian/queue/fragments"
	"librarian/queue/pickup"
	"librarian/queue/web"
	"librarian/templates"
)

// issuer is how the service calls itself in an app for one-time codes.
const issuer = "Librarian"

// How long the parts of a stop may take; together less than the ten seconds after which a supervisor kills.
const (
	drainTime  = 4 * time.Second // requests and polls that are under way
	finishTime = 5 * time.Second // turns and messages in hand
)

type serveCommand struct{ settings }

// The heap is small and lives for one group: collected four times more seldom than is Go's habit, a turn costs a quarter less of this process's time. Above
// the limit it is collected as often as it takes.
const (
	heapGrowth = 400 // %, unless GOGC says otherwise
	heapLimit  = 256 << 20
)

func tuneHeap() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapLimit)
	}
}

// Run serves until the context ends.
func (c serveCommand) Run(ctx context.Context, log *slog.Logger) error {
	whatsapp.Hush(log)
	if err := c.trustWhatsApp(); err != nil {
		return err
	}
	pool, keys, err := c.unlock(ctx)
	if err != nil {
		return err
	}
	defer closePool(pool)
	s, err := newService(c.settings, pool, keys, log)
	if err != nil {
		return err
	}
	return s.run(ctx, func() { log.Info("ready", "listen", c.Listen) })
}

// service is the whole program, wired.
type service struct {
	settings
	pool      *pgxpool.Pool
	keys      *files.Keys
	log       *slog.Logger
	now       func() time.Time
	texts     *templates.Texts
	libraries *contacts.Libraries
	accounts  *bots.Accounts
	registry  *bots.Registry
	signals   *bots.Signals
	secrets   *bots.Secrets
	outbox    *bots.Outbox
	sender    *bots.Sender
	store     *files.Store
	inspector *files.Inspector
	desk      *queue.Desk
	runner    *runner.Runner
	press     *papers.Press
	joiner    *fragments.Joiner
	mux       *http.ServeMux
	site      *web.Site
	streams   context.Context // ends when the service begins to stop
	endStream context.CancelFunc
	hooks     *hooks
	metrics   *metrics
	links     *whatsapp.Links
	devices   *whatsapp.Store
}

// newService wires the parts; nothing runs yet. Each option may change the desk before its pages are made.
func newService(c settings, pool *pgxpool.Pool, keys *files.Keys, log *slog.Logger, options ...func(*web.Deps)) (*service, error) {
	s := &service{settings: c, pool: pool, keys: keys, log: log, now: time.Now, registry: bots.NewRegistry(), mux: http.NewServeMux(), hooks: &hooks{}}
	var err error
	if s.texts, err = templates.Load(); err != nil {
		return nil, err
	}
	set, err := flows.New(s.texts, flows.All())
	if err != nil {
		return nil, err
	}
	if s.press, err = papers.NewPress(s.texts); err != nil {
		return nil, err
	}
	s.streams, s.endStream = context.WithCancel(context.Background())
	s.libraries, s.accounts = contacts.NewLibraries(pool, s.now), bots.NewAccounts(pool, s.now)
	s.signals, s.secrets = bots.NewSignals(pool), bots.NewSecrets(pool, keys, s.now)
	s.outbox = bots.NewOutbox(pool, s.secrets, s.now)
	s.links = whatsapp.NewLinks(pool, s.accounts, s.now)
	s.desk = queue.NewDesk(pool, keys, issuer, s.now)
	if err := s.openFiles(); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(newBacklog(s.now, s.countBacklog(newBacklogNames())))
	s.runner = runner.New(runner.Config{
		Pool: pool, Flows: set, Texts: s.texts, Libraries: s.libraries, Accounts: s.accounts, Channels: s.registry, Signals: s.signals,
		Outbox: s.outbox, Secrets: s.secrets, Store: s.store, Inspector: s.inspector, Press: s.press, Joiner: s.joiner, PublicURL: s.PublicURL, DrawExample: papers.DrawExample, Moved: s.metrics.moved, Now: s.now,
		Log: log,
	})
	s.sender = bots.NewSender(pool, s.registry, s.secrets, s.signals, s.runner.HandOn, s.now, log)
	s.sender.Tried = s.metrics.tried
	return s, s.routes(options)
}

// openFiles opens the store and makes what looks at files.
func (s *service) openFiles() error {
	blobs, err := files.OpenBlobs(s.Files)
	if err != nil {
		return err
	}
	s.store = files.NewStore(s.pool, s.keys, blobs, s.now)
	var scanner *files.Scanner
	if s.Clamd != "" {
		if scanner, err = files.NewScanner(s.Clamd); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	s.inspector = files.NewInspector(s.store, scanner, files.NewDecoder([]string{self, "decode"}))
	s.joiner, err = fragments.NewJoiner([]string{self, "join"}, s.texts)
	return err
}

// routes lays out everything that is served.
func (s *service) routes(options []func(*web.Deps)) error {
	proxies, err := s.proxies()
	if err != nil {
		return err
	}
	limits := webchat.DefaultLimits()
	limits.Proxies = proxies
	chat, err := webchat.New(s.chatDeps(limits))
	if err != nil {
		return err
	}
	chat.Routes(s.mux)
	counter, err := pickup.New(pickup.Deps{
		Pool: s.pool, Texts: s.texts, Library: s.libraries.ByID, Find: s.store.Find, Open: s.store.Open, Secure: s.secure(), Now: s.now, Log: s.log,
	})
	if err != nil {
		return err
	}
	counter.Routes(s.mux)
	deps := s.deskDeps()
	deps.Proxies = proxies
	for _, o := range options {
		o(&deps)
	}
	if s.site, err = web.New(deps); err != nil {
		return err
	}
	desk := s.untilStop(s.site.Handler())
	s.mux.Handle("/desk", desk)
	s.mux.Handle("/desk/", desk)
	s.mux.Handle("POST /telegram/{channel}", s.hooks)
	s.mux.HandleFunc("GET /healthz", s.healthGet)
	s.mux.HandleFunc("GET /metrics", s.metricsGet)
	return nil
}

// receive stores what a channel brings, and counts it.
func (s *service) receive(ctx context.Context, in bots.Inbound) error {
	err := s.runner.Receive(ctx, in)
	if err == nil {
		s.metrics.received.Inc()
	}
	return err
}

// secure reports that readers and staff come by https.
func (s *service) secure() bool { return len(s.PublicURL) > 8 && s.PublicURL[:8] == "https://" }

// healthGet says whether the service can do its work: 200, or 503 when the database is away.
func (s *service) healthGet(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.pool.Ping(ctx); err != nil {
		http.Error(w, "the database is away", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// run serves until the context ends, then stops from the outside in: first nothing new comes, then what is in hand is finished.
func (s *service) run(ctx context.Context, ready func()) error {
	tuneHeap()
	if err := s.openDevices(ctx); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	inner, finish := context.WithCancel(context.WithoutCancel(ctx))
	defer finish()
	core, inner := errgroup.WithContext(inner)
	outer, stopOuter := context.WithCancel(ctx)
	defer stopOuter()
	context.AfterFunc(inner, stopOuter) // when a part of the core fails, nothing new is taken
	doors, outer := errgroup.WithContext(outer)
	on := s.firstChannels(outer) // before a turn is worded: what an answer looks like depends on its channel
	core.Go(func() error { return s.signals.Run(inner) })
	core.Go(func() error { return s.runner.Run(inner) })
	core.Go(func() error { return s.sender.Run(inner) })
	core.Go(func() error { return s.housekeep(inner) })

	server := &http.Server{
		Handler: s.metrics.counted(s.mux), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	server.RegisterOnShutdown(s.endStream)
	doors.Go(func() error { return s.superviseChannels(outer, on) })
	doors.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	doors.Go(func() error {
		<-outer.Done()
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := server.Shutdown(draining); err != nil {
			return errors.Join(fmt.Errorf("stop serving: %w", err), server.Close())
		}
		return nil
	})
	ready()
	err = doors.Wait()
	finish()
	return errors.Join(err, waitFor(core.Wait, finishTime))
}

// closeTime is how long connections are waited for at the end: one that is stuck must not hold up the stop.
const closeTime = 500 * time.Millisecond

func closePool(pool *pgxpool.Pool) {
	closed := make(chan struct{})
	go func() { pool.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(closeTime):
	}
}

// errStuck says that work in hand did not end in time; what is not finished is done again after the next start.
var errStuck = errors.New("work in hand did not end in time")

func waitFor(wait func() error, most time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- wait() }()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errStuck
	}
}
