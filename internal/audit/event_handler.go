package audit

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse/internal/conf"
)

// handlerKind is a class of event handlers.
type handlerKind struct {
	name string
	// prepare reads the configuration and returns what makes the sink of a topic; nil
	// when there was a problem.
	prepare func(b *builder) func(topic string, t *Topic) sink
	// why says, for handlers that cannot be used, why.
	why string
}

// handlerKinds are all classes, by the last part of their names.
var handlerKinds = []handlerKind{
	{name: "JsonAuditEventHandler", prepare: jsonFiles},
	{name: "CsvAuditEventHandler", prepare: csvFiles},
	{name: "JsonStdoutAuditEventHandler", prepare: jsonStdout},
	{name: "SyslogAuditEventHandler", prepare: syslog},
	{name: "JdbcAuditEventHandler", why: "there are no database drivers; use JsonAuditEventHandler and a log shipper"},
	{name: "JmsAuditEventHandler", why: "message brokers are not supported; use JsonStdoutAuditEventHandler and a log shipper"},
	{name: "SplunkAuditEventHandler", why: "the product removed it; use JsonStdoutAuditEventHandler or JsonAuditEventHandler and a log shipper"},
	{name: "ElasticsearchAuditEventHandler", why: "the product removed it; use JsonStdoutAuditEventHandler with elasticsearchCompatible"},
}

func findHandler(class string) (*handlerKind, error) {
	short := class[strings.LastIndexByte(class, '.')+1:]
	i := slices.IndexFunc(handlerKinds, func(k handlerKind) bool { return k.name == short })
	if i < 0 {
		var names []string
		for _, k := range handlerKinds {
			names = append(names, k.name)
		}
		return nil, fmt.Errorf("unknown event handler %q%s", class, conf.DidYouMean(short, names))
	}
	k := &handlerKinds[i]
	if k.why != "" {
		return nil, fmt.Errorf("the event handler %s cannot be used: %s", k.name, k.why)
	}
	return k, nil
}

// commonConfig is what every event handler has.
type commonConfig struct {
	// Name is the handler's name.
	Name string `conf:"name,required"`
	// Topics are the topics whose events the handler takes.
	Topics []string `conf:"topics,required,min=1"`
	// Enabled is false to switch the handler off.
	Enabled bool `conf:"enabled,default=true"`
}

// builder builds the sinks of one event handler.
type builder struct {
	env     *Env
	node    *conf.Node
	service *Service
	common  commonConfig
}

// decode reads the configuration into c, whose embedded commonConfig is remembered.
func (b *builder) decode(c any, common *commonConfig) bool {
	d := b.env.Decoder()
	d.Errs = b.env.Errs
	ok := d.Decode(b.node, c)
	b.common = *common
	return ok
}

// fail reports a problem with a field of the handler's configuration.
func (b *builder) fail(field, format string, args ...any) {
	n := b.node
	for part := range strings.SplitSeq(field, ".") {
		if next := n.Get(part); next != nil {
			n = next
		}
	}
	b.env.Errs.Add(n, format, args...)
}
