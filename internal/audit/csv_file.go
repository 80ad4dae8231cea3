package audit

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/internal/conf"
)

type csvFileConfig struct {
	commonConfig
	// LogDirectory is the folder of the files.
	LogDirectory string `conf:"logDirectory,required"`
	// Formatting is how a table is written.
	Formatting *csvFormat `conf:"formatting"`
	Buffering  struct {
		// Enabled lets events wait for a moment and writes them together.
		Enabled bool `conf:"enabled"`
		// AutoFlush writes what waits after a tenth of a second, and not after a second.
		AutoFlush bool `conf:"autoFlush,default=true"`
	} `conf:"buffering"`
	Security struct {
		Enabled           bool   `conf:"enabled"`
		Filename          string `conf:"filename"`
		Password          string `conf:"password"`
		SignatureInterval any    `conf:"signatureInterval"`
	} `conf:"security"`
	FileRotation  rotationConfig `conf:"fileRotation"`
	FileRetention *retention     `conf:"fileRetention"`
	// RotationRetentionCheckInterval is how often times of rotation and retention are
	// looked at.
	RotationRetentionCheckInterval conf.Duration `conf:"rotationRetentionCheckInterval,default=5 seconds"`
}

type csvFormat struct {
	QuoteChar        string `conf:"quoteChar,default=\""`
	DelimiterChar    string `conf:"delimiterChar"`
	EndOfLineSymbols string `conf:"endOfLineSymbols"`
}

// csvFiles writes a table to <topic>.csv: a line of field names, then a line an event.
func csvFiles(b *builder) func(string, *Topic) sink {
	var c csvFileConfig
	if !b.decode(&c, &c.commonConfig) {
		return nil
	}
	if c.Security.Enabled {
		b.fail("security", "signed tables are not available: the product removed them")
		return nil
	}
	table := csvTable{quote: `"`, delimiter: ",", end: "\n"}
	if f := c.Formatting; f != nil {
		if len(f.QuoteChar) != 1 || len(f.DelimiterChar) != 1 && f.DelimiterChar != "" {
			b.fail("formatting", "quoteChar and delimiterChar are one character each")
			return nil
		}
		table.quote = f.QuoteChar
		if f.DelimiterChar != "" {
			table.delimiter = f.DelimiterChar
		}
		if f.EndOfLineSymbols != "" {
			table.end = f.EndOfLineSymbols
		}
	}
	interval := time.Duration(0)
	if c.Buffering.Enabled {
		if interval = time.Second; c.Buffering.AutoFlush {
			interval = 100 * time.Millisecond
		}
	}
	rotate := c.FileRotation.orDefault().read(b)
	return func(name string, t *Topic) sink {
		table := table
		table.columns = t.schema.Columns
		table.plain = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", table.quote, table.quote+table.quote)
		return b.file(filepath.Join(c.LogDirectory, name+".csv"), &file{
			most:   b.env.Unsent,
			header: table.header(), form: table.row, interval: interval, maxEvents: 10000,
			rotation: rotate, retention: c.FileRetention.orDefault(), check: bounded(c.RotationRetentionCheckInterval, 5*time.Second),
		})
	}
}

// csvTable writes events as rows.
type csvTable struct {
	quote, delimiter, end string
	columns               []string
	plain                 *strings.Replacer // makes text fit into quotes and a line
}

func (t *csvTable) header() []byte {
	var b []byte
	for i, c := range t.columns {
		b = t.cell(b, i, c)
	}
	return append(b, t.end...)
}

// row appends the row of a JSON event. Text is written as it is, everything else as JSON.
func (t *csvTable) row(b, event []byte) []byte {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(event, &fields) // the event is JSON of our own making
	opened := map[string]map[string]json.RawMessage{"": fields}
	for i, c := range t.columns {
		b = t.cell(b, i, cellText(find(opened, c)))
	}
	return append(b, t.end...)
}

// find returns the value of a column, parsing each object on the way to it once.
func find(opened map[string]map[string]json.RawMessage, column string) json.RawMessage {
	dot := strings.LastIndexByte(column, '.')
	if dot < 0 {
		return opened[""][column]
	}
	outer := column[:dot]
	m, ok := opened[outer]
	if !ok {
		if raw := find(opened, outer); raw != nil {
			_ = json.Unmarshal(raw, &m) // what is no object has no members
		}
		opened[outer] = m
	}
	return m[column[dot+1:]]
}

func cellText(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s
		}
	}
	return string(raw)
}

// cell appends a quoted cell. Line breaks become spaces, so that a row is a line.
func (t *csvTable) cell(b []byte, i int, s string) []byte {
	if i > 0 {
		b = append(b, t.delimiter...)
	}
	b = append(b, t.quote...)
	b = append(b, t.plain.Replace(s)...)
	return append(b, t.quote...)
}
