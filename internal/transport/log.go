package transport

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// logs adapts a slog.Logger to the loggers of the protocol packages. With a
// nil Logger it is silent and formats nothing.
type logs struct {
	log *slog.Logger
}

// NewLogger implements logging.LoggerFactory.
func (l logs) NewLogger(scope string) logging.LeveledLogger {
	if l.log == nil {
		return l
	}
	return logs{l.log.With("layer", scope)}
}

// The agents call a normal end a warning, so everything goes one level down.
const levelTrace = slog.LevelDebug - 4

func (l logs) put(level slog.Level, msg string) {
	if l.log != nil {
		l.log.Log(context.Background(), level, msg)
	}
}

func (l logs) putf(level slog.Level, format string, a []any) {
	if l.log != nil && l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, fmt.Sprintf(format, a...))
	}
}

func (l logs) Trace(m string)            { l.put(levelTrace, m) }
func (l logs) Tracef(f string, a ...any) { l.putf(levelTrace, f, a) }
func (l logs) Debug(m string)            { l.put(levelTrace, m) }
func (l logs) Debugf(f string, a ...any) { l.putf(levelTrace, f, a) }
func (l logs) Info(m string)             { l.put(slog.LevelDebug, m) }
func (l logs) Infof(f string, a ...any)  { l.putf(slog.LevelDebug, f, a) }
func (l logs) Warn(m string)             { l.put(slog.LevelDebug, m) }
func (l logs) Warnf(f string, a ...any)  { l.putf(slog.LevelDebug, f, a) }
func (l logs) Error(m string)            { l.put(slog.LevelWarn, m) }
func (l logs) Errorf(f string, a ...any) { l.putf(slog.LevelWarn, f, a) }
