package script

import (
	"log/slog"
	"strings"

	"gatehouse/internal/am/realm"
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
		"getName": func(c *groovy.Call) (groovy.Value, error) {
			s := c.This.(*logger).run.script
			context := s.Context
			if context == realm.ContextScriptedDecision {
				context = realm.ContextTreeDecision
			}
			return "scripts." + context + "." + s.ID + ".(" + s.Name + ")", nil
		},
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

// filled is a format with its arguments (SLF4J). An exception behind them stands for no placeholder, and \ before one
// makes it a text, unless that is \\. What is left over is at the end.
func filled(args []groovy.Value) string {
	if len(args) == 0 {
		return ""
	}
	format, rest := text(args[0]), args[1:]
	var thrown groovy.Value
	if n := len(rest); n > 0 {
		if t, ok := rest[n-1].(*groovy.Thrown); ok {
			thrown, rest = t, rest[:n-1]
		}
	}
	var b strings.Builder
	for len(rest) > 0 && b.Len() < maxLogText {
		before, after, found := strings.Cut(format, "{}")
		if !found {
			break
		}
		format = after
		if plain, escaped := strings.CutSuffix(before, `\`); escaped {
			b.WriteString(plain)
			if !strings.HasSuffix(plain, `\`) {
				b.WriteString("{}")
				continue
			}
		} else {
			b.WriteString(before)
		}
		b.WriteString(clip(text(rest[0]), maxLogText))
		rest = rest[1:]
	}
	b.WriteString(format)
	if thrown == nil && len(rest) > 0 {
		thrown = rest[len(rest)-1]
	}
	if thrown != nil {
		b.WriteString(": " + text(thrown))
	}
	return b.String()
}
