package whatsapp

import (
	"context"
	"log/slog"
	"regexp"
	"time"

	"go.mau.fi/libsignal/logger"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// meowLog passes on what whatsmeow says without what it says it of: numbers, ids and texts stand in the arguments alone.
type meowLog struct{ log *slog.Logger }

var _ waLog.Logger = meowLog{}

// NewLog gives whatsmeow's words to the log, without anybody's text, name or number.
func NewLog(log *slog.Logger) waLog.Logger { return meowLog{log} }

func (l meowLog) Debugf(msg string, args ...any) { l.write(slog.LevelDebug, msg, args) }
func (l meowLog) Infof(msg string, args ...any)  { l.write(slog.LevelDebug, msg, args) } // of interest to whoever works on the code alone
func (l meowLog) Warnf(msg string, args ...any)  { l.write(slog.LevelInfo, msg, args) }
func (l meowLog) Errorf(msg string, args ...any) { l.write(slog.LevelWarn, msg, args) } // what it cannot do is seen and told by us

// Sub names the part of whatsmeow that speaks.
func (l meowLog) Sub(module string) waLog.Logger { return meowLog{l.log.With("part", module)} }

// verb is a place for an argument.
var verb = regexp.MustCompile(`%[-+# 0]*[0-9]*(?:\.[0-9]+)?[a-zA-Z]`)

func (l meowLog) write(level slog.Level, msg string, args []any) {
	var plain []any
	for _, a := range args {
		switch a := a.(type) {
		case time.Duration, bool:
			plain = append(plain, a)
		}
	}
	if len(plain) > 0 {
		l.log.Log(context.Background(), level, verb.ReplaceAllString(msg, "…"), "with", plain)
		return
	}
	l.log.Log(context.Background(), level, verb.ReplaceAllString(msg, "…"))
}

// signalLog passes on where libsignal found something amiss, and not what: its messages hold parts of keys and of addresses.
type signalLog struct{ log *slog.Logger }

func (l signalLog) Debug(string, string)     {}
func (l signalLog) Info(string, string)      {}
func (l signalLog) Warning(caller, _ string) { l.log.Debug("libsignal warns", "at", caller) }
func (l signalLog) Error(caller, _ string)   { l.log.Debug("libsignal failed", "at", caller) }
func (l signalLog) Configure(string)         {}

// Hush gives libsignal a log. It has one for the whole program and writes to the terminal without it, so this is done once, before a store is opened.
func Hush(log *slog.Logger) {
	var l logger.Loggable = signalLog{log}
	logger.Setup(&l)
}
