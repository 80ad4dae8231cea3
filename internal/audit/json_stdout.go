package audit

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
)

type jsonStdoutConfig struct {
	commonConfig
	// ElasticsearchCompatible calls the field _id _eventId.
	ElasticsearchCompatible bool `conf:"elasticsearchCompatible"`
}

// jsonStdout writes one JSON object a line to standard output.
func jsonStdout(b *builder) func(string, *Topic) sink {
	var c jsonStdoutConfig
	if !b.decode(&c, &c.commonConfig) {
		return nil
	}
	return func(name string, _ *Topic) sink {
		return &stdout{out: os.Stdout, topic: name, elastic: c.ElasticsearchCompatible,
			failed: func(err error) { b.env.Log.Error("audit events cannot be written to standard output", "error", err) }}
	}
}

type stdout struct {
	out     io.Writer
	topic   string
	elastic bool
	failed  func(error)
	once    sync.Once
	tally
}

func (*stdout) start(context.Context) error { return nil }
func (*stdout) stop()                       {}

// write writes the line with a single call, which keeps lines of others apart.
func (s *stdout) write(event []byte) {
	if s.elastic {
		event = renamedID(event)
	}
	line := make([]byte, 0, len(event)+64)
	line = append(line, event[:len(event)-1]...)
	if len(event) > len("{}") {
		line = append(line, ',')
	}
	line = append(line, `"source":"audit","topic":"`...)
	line = append(line, strings.ReplaceAll(s.topic, `"`, "")...)
	line = append(line, `","level":"INFO"}`...)
	if _, err := s.out.Write(append(line, '\n')); err != nil {
		s.loss.Add(1)
		s.once.Do(func() { s.failed(err) })
	}
}
