package bottest

import (
	"context"
	"time"

	"librarian/bots"
)

// trouble is the case of a message that meets it.
func trouble(of Trouble, want bots.Outcome) func(*scene) {
	return func(s *scene) {
		s.needs(s.Trouble != nil)
		s.greet(Aita)
		send, wait := s.Trouble(of)
		s.needs(send != nil)
		_, failed := s.sendBy(context.Background(), send, bots.Outbound{Seq: 1, Text: Secret})
		if failed == nil {
			s.Fatal("it was sent")
		}
		if failed.Outcome != want || failed.Code == "" || failed.After < wait*9/10 || wait > 0 && failed.After > wait {
			s.Errorf("%v after %v, code %q", failed.Outcome, failed.After, failed.Code)
		}
	}
}

// A provider that takes the call and says nothing is left when the context ends; when it has ended before, at once. Either may have sent the message.
func silence(s *scene) {
	s.needs(s.Trouble != nil)
	s.greet(Aita)
	send, _ := s.Trouble(Silence)
	s.needs(send != nil)
	for _, after := range []time.Duration{0, 300 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), after)
		begun := time.Now()
		_, failed := s.sendBy(ctx, send, bots.Outbound{Seq: 1, Text: Secret})
		cancel()
		if failed == nil || failed.Outcome != bots.Retry {
			s.Errorf("sent with %v", failed)
		}
		if took := time.Since(begun); took > prompt {
			s.Errorf("it took %v", took)
		}
	}
}
