package whatsapptest

// retries are requests for files that the library's phone has not answered.
type retries struct{ waiting []func() }

func (s *Server) reupload(*device, string, *node) {}
