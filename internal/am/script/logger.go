package script

import (
	"log/slog"
	"strings"

	"gatehouse/internal/groovy"
)

// logger writes to the server's log, a bounded number of bounded lines per run.
type logger struct {
	run  *run
	left int
}

const (
	maxLogLines = 100
	maxLogText  = 4096
)

// GroovyClass is the logger's class: the methods of both dialects.
func (*logger) GroovyClass() *groovy.Class { return loggerClass }

var loggerClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.logging.ScriptedLogger",
	Methods: map[string]groovy.Method{
		"trace": logAt(slog.LevelDebug), "debug": logAt(slog.LevelDebug), "message": logAt(slog.LevelDebug),
		"info": logAt(slog.LevelInfo), "warn": logAt(slog.LevelWarn), "warning": logAt(slog.LevelWarn), "error": logAt(slog.LevelError),

		"isTraceEnabled": logs(slog.LevelDebug), "isDebugEnabled": logs(slog.LevelDebug), "messageEnabled": logs(slog.LevelDebug),
		"isInfoEnabled": logs(slog.LevelInfo), "isWarnEnabled": logs(slog.LevelWarn), "warningEnabled": logs(slog.LevelWarn),
		"isErrorEnabled": logs(slog.LevelError), "errorEnabled": logs(slog.LevelError),
		"getName": func(c *groovy.Call) (groovy.Value, error) { return c.This.(*logger).run.script.Name, nil },
	},
}

func logs(level slog.Level) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		l := c.This.(*logger)
		return l.run.eng.options.Log.Enabled(l.run.ctx, level), nil
	}
}

// logAt makes a method that writes its first argument, where each {} stands for one of
// the others.
func logAt(level slog.Level) groovy.Method {
	return func(c *groovy.Call) (groovy.Value, error) {
		l := c.This.(*logger)
		log := l.run.eng.options.Log
		if l.left <= 0 || !log.Enabled(l.run.ctx, level) {
			return nil, nil
		}
		if l.left--; l.left == 0 {
			log.Log(l.run.ctx, slog.LevelWarn, "script: no more of its messages are logged", "script", l.run.script.Name)
			return nil, nil
		}
		log.Log(l.run.ctx, level, "script: "+clip(l.run.masked(filled(c.Args)), maxLogText), "script", l.run.script.Name, "realm", l.run.realmPath())
		return nil, nil
	}
}

func filled(args []groovy.Value) string {
	if len(args) == 0 {
		return ""
	}
	format, rest := text(args[0]), args[1:]
	var b strings.Builder
	for len(rest) > 0 && b.Len() < maxLogText {
		before, after, found := strings.Cut(format, "{}")
		if !found {
			break
		}
		b.WriteString(before)
		b.WriteString(clip(text(rest[0]), maxLogText))
		format, rest = after, rest[1:]
	}
	b.WriteString(format)
	if len(rest) > 0 { // an exception behind the last placeholder, for one
		b.WriteString(": " + text(rest[len(rest)-1]))
	}
	return b.String()
}
