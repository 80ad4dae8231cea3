package script

import (
	"log/slog"
	"strings"

	"gatehouse/internal/groovy"
)

// logger is org.slf4j.Logger.
type logger struct {
	log  *slog.Logger
	name string
}

func (logger) GroovyClass() *groovy.Class { return loggerClass }

// levelTrace lies below slog's levels.
const levelTrace = slog.LevelDebug - 4

var loggerClass = makeLoggerClass()

func makeLoggerClass() *groovy.Class {
	c := &groovy.Class{Name: "org.slf4j.Logger", Interface: true, Methods: methods{}}
	for name, level := range map[string]slog.Level{
		"trace": levelTrace, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	} {
		c.Methods[name] = method(func(l logger, c *groovy.Call) (groovy.Value, error) {
			if l.log.Enabled(c.Ctx, level) {
				l.write(c, level)
			}
			return nil, nil
		})
		c.Methods["is"+strings.ToUpper(name[:1])+name[1:]+"Enabled"] = method(func(l logger, c *groovy.Call) (groovy.Value, error) {
			return l.log.Enabled(c.Ctx, level), nil
		})
	}
	c.Methods["warning"] = c.Methods["warn"]
	c.Methods["getName"] = method(func(l logger, _ *groovy.Call) (groovy.Value, error) { return l.name, nil })
	return c
}

// loggerName is the name of an object's logger in the original.
func loggerName(kind, object string) string {
	switch kind {
	case "ScriptableFilter":
		kind = "org.forgerock.openig.filter." + kind
	case "ScriptableHandler":
		kind = "org.forgerock.openig.handler." + kind
	}
	return kind + "." + object
}

// maxLine bounds one line of the log.
const maxLine = 64 << 10

// write fills the {} of a message with the arguments; an exception that is left over
// is logged with the message.
func (l logger) write(c *groovy.Call, level slog.Level) {
	format, args := c.Str(0), c.Args[min(1, c.Len()):]
	if len(args) == 1 {
		if items, many := elements(args[0]); many && strings.Count(format, "{}") > 1 {
			args = items
		}
	}
	var b strings.Builder
	for b.Len() < maxLine {
		i := strings.Index(format, "{}")
		if i < 0 || len(args) == 0 {
			break
		}
		b.WriteString(format[:i])
		b.WriteString(c.Text(args[0]))
		format, args = format[i+2:], args[1:]
	}
	b.WriteString(format)
	msg := b.String()
	if len(msg) > maxLine {
		msg = strings.ToValidUTF8(msg[:maxLine], "")
	}
	if len(args) > 0 {
		if err := asThrowable(args[len(args)-1]); err != nil {
			l.log.Log(c.Ctx, level, msg, "error", detail(err))
			return
		}
	}
	l.log.Log(c.Ctx, level, msg)
}

func asThrowable(v groovy.Value) error {
	switch v := v.(type) {
	case *groovy.Thrown:
		return v
	case *ResponseError:
		return v
	case *groovy.Object:
		return asError(v)
	}
	return nil
}

// loggerFactory is org.slf4j.LoggerFactory; all its loggers are the script's own.
func loggerFactory(log *slog.Logger) *groovy.Class {
	return &groovy.Class{Name: "org.slf4j.LoggerFactory", Static: methods{
		"getLogger": func(c *groovy.Call) (groovy.Value, error) {
			name := c.Str(0)
			if class, ok := c.Arg(0).(*groovy.Class); ok {
				name = class.Name
			}
			return logger{log.With("logger", name), name}, c.Want(1, 1)
		},
	}}
}
