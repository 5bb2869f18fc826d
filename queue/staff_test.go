package queue_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
	"librarian/queue"
)

func TestWhoMayAddWhom(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.library("second")
	operator, _ := h.staff("operator", queue.RoleOperator)
	director, _ := h.staff("director", queue.RoleDirector)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	good := queue.NewStaff{Library: &h.lib, Name: "Имя", Role: queue.RoleRegistrar, Lang: library.Sakha}
	with := func(change func(n *queue.NewStaff)) queue.NewStaff {
		n := good
		change(&n)
		return n
	}
	for i, c := range []struct {
		name  string
		by    queue.Staff
		login string
		staff queue.NewStaff
		want  error
	}{
		{"console", queue.Console(), "", good, nil},
		{"operator", operator, "", good, nil},
		{"director", director, "", good, nil},
		{"librarian", anna, "", good, queue.ErrNotAllowed},
		{"nobody", queue.Staff{}, "", good, queue.ErrNotAllowed},
		{"director of another library", director, "", with(func(n *queue.NewStaff) { n.Library = &second }), queue.ErrNotAllowed},
		{"operator made by a director", director, "", with(func(n *queue.NewStaff) { n.Library, n.Role = nil, queue.RoleOperator }), queue.ErrNotAllowed},
		{"operator made by an operator", operator, "", with(func(n *queue.NewStaff) { n.Library, n.Role = nil, queue.RoleOperator }), nil},
		{"operator of a library", operator, "", with(func(n *queue.NewStaff) { n.Role = queue.RoleOperator }), queue.ErrInvalid},
		{"librarian of none", operator, "", with(func(n *queue.NewStaff) { n.Library = nil }), queue.ErrInvalid},
		{"unknown role", operator, "", with(func(n *queue.NewStaff) { n.Role = "king" }), queue.ErrInvalid},
		{"unknown language", operator, "", with(func(n *queue.NewStaff) { n.Lang = "de" }), queue.ErrInvalid},
		{"no name", operator, "", with(func(n *queue.NewStaff) { n.Name = " " }), queue.ErrInvalid},
		{"no login", operator, " ", good, queue.ErrInvalid},
		{"Cyrillic login", operator, "анна", good, queue.ErrInvalid},
		{"login of another", operator, "ANNA", good, queue.ErrLoginTaken},
	} {
		n := c.staff
		if n.Login = c.login; n.Login == "" {
			n.Login = "login" + itoa(i)
		}
		err := h.try(func(tx pgx.Tx) error { _, _, err := h.AddStaff(t.Context(), tx, c.by, n); return err })
		want(t, c.name, err, c.want)
	}
}

func TestAccountsOfAnotherLibrary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	operator, _ := h.staff("operator", queue.RoleOperator)
	h.lib = h.library("second")
	director, _ := h.staff("director", queue.RoleDirector)
	for _, of := range []queue.Staff{anna, operator} {
		for name, act := range map[string]func(tx pgx.Tx) error{
			"get":        func(pgx.Tx) error { _, err := h.GetStaff(ctx, director, of.ID); return err },
			"reset":      func(tx pgx.Tx) error { _, err := h.ResetAccess(ctx, tx, director, of.ID); return err },
			"switch off": func(tx pgx.Tx) error { return h.SwitchOff(ctx, tx, director, of.ID) },
			"switch on":  func(tx pgx.Tx) error { return h.SwitchOn(ctx, tx, director, of.ID) },
			"update": func(tx pgx.Tx) error {
				return h.UpdateStaff(ctx, tx, director, of.ID, queue.StaffChange{Name: "x", Role: of.Role, Lang: library.Russian})
			},
		} {
			want(t, name, h.try(act), queue.ErrNotFound)
		}
	}
	list, err := h.ListStaff(ctx, h.lib)
	want(t, "list", err, nil)
	if len(list) != 1 || list[0].ID != director.ID {
		t.Errorf("list: %+v", list)
	}
	operators, err := h.ListOperators(ctx)
	want(t, "operators", err, nil)
	if len(operators) != 1 || operators[0].Library != nil {
		t.Errorf("operators: %+v", operators)
	}
}

func TestResetAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	director, _ := h.staff("director", queue.RoleDirector)
	anna, first := h.staff("anna", queue.RoleLibrarian)
	_, token := h.enrol(anna, first)
	for range 5 {
		_, _, err := h.SignIn(ctx, "anna", "wrong", "")
		want(t, "wrong", err, queue.ErrSignIn)
	}
	var second string
	h.tx(func(tx pgx.Tx) (err error) {
		second, err = h.ResetAccess(ctx, tx, director, anna.ID)
		return err
	})
	_, err := h.SessionOf(ctx, token)
	want(t, "the open session", err, queue.ErrNoSession)
	_, _, err = h.SignIn(ctx, "anna", first, "")
	want(t, "the old password", err, queue.ErrSignIn)
	_, s, err := h.SignIn(ctx, "anna", second, "")
	want(t, "the new password", err, nil)
	if !s.Staff.MustChange || s.Staff.HasTOTP {
		t.Errorf("staff is %+v", s.Staff)
	}
	var text string
	if err := h.pool.QueryRow(ctx, "select (select string_agg(a::text, '') from audit a) || (select string_agg(s::text, '') from staff s)").Scan(&text); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, first) || strings.Contains(text, second) {
		t.Error("a password is stored in the clear")
	}
}

func TestSwitchOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	director, _ := h.staff("director", queue.RoleDirector)
	anna, password := h.staff("anna", queue.RoleLibrarian)
	token, _ := h.session(anna.ID)
	ids := h.open(h.lib, queue.RoleLibrarian, 2)
	if _, err := h.Take(ctx, h.lib, ids[0], anna.ID); err != nil {
		t.Fatal(err)
	}
	off := func(by queue.Staff, id queue.StaffID) error {
		return h.try(func(tx pgx.Tx) error { return h.SwitchOff(ctx, tx, by, id) })
	}
	want(t, "oneself", off(director, director.ID), queue.ErrNotAllowed)
	want(t, "switch off", off(director, anna.ID), nil)
	_, err := h.SessionOf(ctx, token)
	want(t, "the open session", err, queue.ErrNoSession)
	_, _, err = h.SignIn(ctx, "anna", password, "")
	want(t, "sign in", err, queue.ErrSignIn)
	_, err = h.OpenSession(ctx, anna.ID, "")
	want(t, "open session", err, queue.ErrNotAllowed)
	_, err = h.Take(ctx, h.lib, ids[1], anna.ID)
	want(t, "take", err, queue.ErrNotAllowed)
	task, err := h.Get(ctx, h.lib, ids[0])
	want(t, "get", err, nil)
	if task.State != queue.StateOpen || task.Holder != 0 || task.Taken != nil {
		t.Errorf("what was held is %+v", task)
	}
	h.tx(func(tx pgx.Tx) error { return h.SwitchOn(ctx, tx, director, anna.ID) })
	_, _, err = h.SignIn(ctx, "anna", password, "")
	want(t, "sign in when on again", err, nil)
}

func TestUpdateStaff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	director, _ := h.staff("director", queue.RoleDirector)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	for _, c := range []struct {
		name   string
		id     queue.StaffID
		change queue.StaffChange
		want   error
	}{
		{"role", anna.ID, queue.StaffChange{Name: "Анна", Email: "a@example.org", Role: queue.RoleRegistrar, Lang: library.English}, nil},
		{"no name", anna.ID, queue.StaffChange{Role: queue.RoleRegistrar, Lang: library.English}, queue.ErrInvalid},
		{"to operator", anna.ID, queue.StaffChange{Name: "x", Role: queue.RoleOperator, Lang: library.English}, queue.ErrInvalid},
		{"own role", director.ID, queue.StaffChange{Name: "x", Role: queue.RoleLibrarian, Lang: library.English}, queue.ErrNotAllowed},
		{"nobody", 999, queue.StaffChange{Name: "x", Role: queue.RoleLibrarian, Lang: library.English}, queue.ErrNotFound},
	} {
		want(t, c.name, h.try(func(tx pgx.Tx) error { return h.UpdateStaff(ctx, tx, director, c.id, c.change) }), c.want)
	}
	got, err := h.StaffByLogin(ctx, "Anna")
	want(t, "find", err, nil)
	if got.Name != "Анна" || got.Role != queue.RoleRegistrar || got.Lang != library.English || got.Email != "a@example.org" {
		t.Errorf("staff is %+v", got)
	}
	_, err = h.GetStaff(ctx, got, got.ID)
	want(t, "get oneself", err, nil)
	_, err = h.GetStaff(ctx, got, director.ID)
	want(t, "get another", err, queue.ErrNotFound)
}

func TestDepartments(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	director, _ := h.staff("director", queue.RoleDirector)
	anna, _ := h.staff("anna", queue.RoleLibrarian)
	second := h.library("second")
	name := map[library.Lang]string{library.Russian: "Абонемент", library.Sakha: "Абонемент"}
	for _, c := range []struct {
		by   queue.Staff
		dep  queue.Department
		want error
	}{
		{director, queue.Department{Library: h.lib, Name: name, Email: "a@example.org"}, nil},
		{director, queue.Department{Library: h.lib}, queue.ErrInvalid},
		{director, queue.Department{Library: second, Name: name}, queue.ErrNotAllowed},
		{anna, queue.Department{Library: h.lib, Name: name}, queue.ErrNotAllowed},
	} {
		want(t, "add", h.try(func(tx pgx.Tx) error { _, err := queue.AddDepartment(ctx, tx, c.by, c.dep); return err }), c.want)
	}
	list, err := h.ListDepartments(ctx, h.lib)
	want(t, "list", err, nil)
	if len(list) != 1 || list[0].Name[library.Sakha] != "Абонемент" || list[0].Email != "a@example.org" {
		t.Errorf("departments: %+v", list)
	}
}
