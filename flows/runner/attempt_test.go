package runner_test

import (
	"slices"
	"testing"
)

// A message that is stored at the third try is charged to its sender once.
func TestPaceCountsAnArrivalOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	w.exec(`create sequence tries`)
	w.exec(`create function fail() returns trigger language plpgsql as $$ begin
  if nextval('tries') <= 2 then raise exception 'planned' using errcode = '40001'; end if; return new; end $$`)
	w.exec(`create trigger fail before insert on events for each row execute function fail()`)
	in := w.photo("anna", "large", "")
	in.Files[0].Size = 200 << 20 // twice this is more than a day's
	w.receive(i, in)
	if n := w.count(`select count(*) from events where external_id = 'm:large' and json_array_length(body -> 'files') = 1 and body -> 'refused' is null`); n != 1 {
		t.Error("the file is refused")
	}
	if n := w.count(`select last_value from tries`); n != 3 {
		t.Errorf("%d tries", n)
	}
}

// At the end of the tries a file that was looked at keeps what was found.
func TestTriesEndOnlyForWhatIsNotLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.start()
	w.say(i, "anna", "меню")
	i.stop()
	w.exec(`insert into events (library_id, conversation_id, seq, kind, external_id, body, state, written_at, received_at, ready_at, fetch_at, fetches)
select library_id, id, next_event, 'message', 'm:two', '{"files": [{"ref": "a", "kind": "text"}, {"ref": "b"}]}', 'waiting', $1, $1, $1, $1, 100 from conversations`, w.Now())
	w.exec(`update conversations set next_event = next_event + 1, ready_at = $1`, w.Now())
	w.start()
	w.inspected("anna", 1)
	got := w.strings(`select coalesce(f ->> 'kind', '') || '/' || coalesce(f ->> 'problem', '') from events, json_array_elements(body -> 'files') f where external_id = 'm:two'`)
	if !slices.Equal(got, []string{"text/", "/lost"}) {
		t.Errorf("files are %q", got)
	}
}
