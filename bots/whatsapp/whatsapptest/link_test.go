package whatsapptest

import (
	"errors"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"

	"librarian/cmd/schema/pgtest"
)

func TestLinkByQR(t *testing.T) {
	t.Parallel()
	_, a, _, p := linked(t)
	if !a.Linked() || a.Logins() != 1 || p.Store.ID.User != a.Number() || p.Store.ID.Device == 0 {
		t.Errorf("linked %t, %d logins, as %s", a.Linked(), a.Logins(), p.Store.ID)
	}
	if err := a.ScanQR("https://wa.me/settings/linked_devices#2@x,AAAA,AAAA,AAAA,1"); !errors.Is(err, errGone) {
		t.Errorf("a picture that nobody shows: %v", err)
	}
}

func TestLinkByCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, other := s.AddAccount(libraryNumber), s.AddAccount("4940765")
	p := join(t, s, pgtest.New(t))
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	await(p, anyOf[*events.QR])
	ask := func() string {
		return must[string](t)(p.PairPhone(t.Context(), libraryNumber, true, whatsmeow.PairClientChrome, "Chrome (Linux)"))
	}
	code := ask()
	if err := other.EnterCode(code); !errors.Is(err, errNoCode) {
		t.Errorf("typed on the phone of another number: %v", err)
	}
	if err := a.EnterCode("11111111"); !errors.Is(err, errWrongCode) {
		t.Errorf("a wrong code: %v", err)
	}
	if err := a.EnterCode(ask()); err != nil {
		t.Fatal(err)
	}
	await(p, anyOf[*events.PairSuccess])
	p.online(a)
	if !a.Linked() || other.Linked() {
		t.Errorf("linked %t, the other %t", a.Linked(), other.Linked())
	}
}

func TestUnlinkFromThePhone(t *testing.T) {
	t.Parallel()
	s, a, ada, p := linked(t)
	a.Unlink()
	if e := await(p, anyOf[*events.LoggedOut]); e.OnConnect {
		t.Errorf("unlinked while connected: %+v", e)
	}
	if a.Linked() || a.Online() {
		t.Error("still linked")
	}
	if id, err := ada.Says(a, "is anybody there?"); !errors.Is(err, ErrUnlinked) || id == "" {
		t.Errorf("said to a phone alone: %q %v", id, err)
	}
	again := join(t, s, pgtest.New(t))
	again.linkByQR(a)
	must[string](t)(ada.Says(a, "now?"))
	if m := again.message(); m.Message.GetConversation() != "now?" {
		t.Errorf("after a new link: %s", m.Message)
	}
}

func TestUnlinkWhileAway(t *testing.T) {
	t.Parallel()
	_, a, _, p := linked(t)
	p.Disconnect()
	a.Unlink()
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	if e := await(p, anyOf[*events.LoggedOut]); !e.OnConnect || e.Reason != events.ConnectFailureLoggedOut {
		t.Errorf("%+v", e)
	}
}

func TestTheProgramUnlinksItself(t *testing.T) {
	t.Parallel()
	_, a, _, p := linked(t)
	if err := p.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.Linked() {
		t.Error("still linked")
	}
}

func TestReplaced(t *testing.T) {
	t.Parallel()
	_, a, _, p := linked(t)
	a.Replace()
	await(p, anyOf[*events.StreamReplaced])
	if a.Online() {
		t.Error("still online")
	}
}

func TestTwoProgramsWithOneDevice(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, pool := s.AddAccount(libraryNumber), pgtest.New(t)
	first := join(t, s, pool)
	first.linkByQR(a)
	second := join(t, s, pool)
	if err := second.Connect(); err != nil {
		t.Fatal(err)
	}
	await(first, anyOf[*events.StreamReplaced])
	await(second, anyOf[*events.Connected])
	if a.Logins() != 2 || !a.Online() {
		t.Errorf("%d logins, online %t", a.Logins(), a.Online())
	}
}

func TestKicked(t *testing.T) {
	t.Parallel()
	s, a, _, p := linked(t)
	a.Kick()
	await(p, anyOf[*events.Disconnected])
	if err := s.Until(patient(t), func() bool { return a.Logins() == 2 && a.Online() }); err != nil {
		t.Fatal(err)
	}
}

func TestBanned(t *testing.T) {
	t.Parallel()
	_, a, _, p := linked(t)
	a.Ban(time.Hour)
	e := await(p, anyOf[*events.TemporaryBan])
	if e.Code != events.TempBanSentToTooManyPeople || e.Expire < 59*time.Minute || e.Expire > time.Hour {
		t.Errorf("told while connected: %s", e)
	}
	p.Disconnect()
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	await(p, anyOf[*events.TemporaryBan])
	p.Disconnect()
	a.Unban()
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	p.online(a)
}

func TestOutdated(t *testing.T) {
	t.Parallel()
	s, a, _, p := linked(t)
	p.Disconnect()
	a.Outdated(true)
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	await(p, anyOf[*events.ClientOutdated])
	p.Disconnect()
	a.Outdated(false)
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	p.online(a)
	s.Outdated(true)
	fresh := join(t, s, pgtest.New(t))
	if err := fresh.Connect(); err != nil {
		t.Fatal(err)
	}
	await(fresh, anyOf[*events.ClientOutdated])
}

func TestTheLineBreaksWhileLinking(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.AddAccount(libraryNumber)
	p := join(t, s, pgtest.New(t))
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	old := await(p, anyOf[*events.QR]).Codes[0]
	s.KickPairing()
	await(p, anyOf[*events.Disconnected])
	again := join(t, s, pgtest.New(t)) // a client that is not linked does not call again by itself, and calling with the same one races within it
	if err := again.Connect(); err != nil {
		t.Fatal(err)
	}
	fresh := await(again, anyOf[*events.QR]).Codes[0]
	if err := a.ScanQR(old); !errors.Is(err, errGone) {
		t.Errorf("a picture of the broken line: %v", err)
	}
	if err := a.ScanQR(fresh); err != nil {
		t.Fatal(err)
	}
	again.online(a)
}
