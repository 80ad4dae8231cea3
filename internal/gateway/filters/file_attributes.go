package filters

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"gatehouse/internal/expr"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

type fileAttributesConfig struct {
	// File is the path of the file.
	File string `conf:"file,required"`
	// Charset is that of the file.
	Charset string `conf:"charset,default=UTF-8"`
	// Separator stands between columns.
	Separator string `conf:"separator,oneof=COMMA|COLON|TAB,default=COMMA"`
	// Header says that the first line names the columns.
	Header bool `conf:"header,default=true"`
	// Fields are names of the columns in place of those of the first line.
	Fields []string `conf:"fields"`
	// Key names the column to search.
	Key string `conf:"key,required"`
	// Value is what to search for.
	Value *expr.Template `conf:"value,required"`
	// Target is where the record goes; without it, contexts.fileAttributes.record.
	Target *expr.Template `conf:"target"`
}

// fileAttributes finds a record in a file of separated values.
var fileAttributes = heap.Define("FileAttributesFilter", func(c *fileAttributesConfig, env *heap.Env) (chain.Filter, error) {
	f := &recordFinder{config: c, log: env.Log, separator: map[string]rune{"COMMA": ',', "COLON": ':', "TAB": '\t'}[c.Separator]}
	if !c.Header && len(c.Fields) == 0 {
		env.Fail("fields", "a file without header needs the field \"fields\"")
	}
	if len(c.Fields) > 0 && !slices.Contains(c.Fields, c.Key) {
		env.Fail("key", "the column %q is not among the fields", c.Key)
	}
	if c.Target != nil && !c.Target.IsLValue() {
		env.Fail("target", "%s", notAPlace(c.Target))
	}
	var err error
	if f.charset, err = htmlindex.Get(c.Charset); err != nil {
		env.Fail("charset", "%q is no known charset", c.Charset)
	}
	return f, nil
})

// maxRecordFile bounds what is read of a file.
const maxRecordFile = 64 << 20

type recordFinder struct {
	config    *fileAttributesConfig
	separator rune
	charset   encoding.Encoding
	log       *slog.Logger

	reading sync.Mutex
	kept    atomic.Pointer[recordTable] // nil: the file has not been read yet
}

// recordTable is the file as it was read once; it never changes.
type recordTable struct {
	changed time.Time
	size    int64
	records map[string]record // by the value of the key column, the first of each
	columns []string
}

func (t *recordTable) of(file os.FileInfo) bool {
	return t != nil && file.ModTime().Equal(t.changed) && file.Size() == t.size
}

type record []string

func (f *recordFinder) Filter(x *chain.Exchange, next chain.Handler) (*chain.Response, error) {
	found := map[string]any{}
	if v, ok := f.config.Value.Text(x); ok {
		var err error
		if found, err = f.find(v); err != nil {
			f.log.WarnContext(x.Ctx(), "file of attributes cannot be read", "file", f.config.File, "error", err)
		}
	}
	if f.config.Target == nil {
		return next.Handle(x.Push(&chain.MapContext{Name: "fileAttributes", Values: map[string]any{"record": found}}))
	}
	if err := f.config.Target.Assign(x, found); err != nil {
		return nil, err
	}
	return next.Handle(x)
}

// find returns the first record with that key, empty when there is none.
func (f *recordFinder) find(key string) (map[string]any, error) {
	out := map[string]any{}
	t, err := f.table()
	if err != nil {
		return out, err
	}
	for i, v := range t.records[key] {
		if i < len(t.columns) {
			out[t.columns[i]] = v
		}
	}
	return out, nil
}

// table is what the file has now; it is read when it changed since.
func (f *recordFinder) table() (*recordTable, error) {
	info, err := os.Stat(f.config.File)
	if err != nil {
		return nil, err
	}
	if t := f.kept.Load(); t.of(info) {
		return t, nil
	}
	f.reading.Lock()
	defer f.reading.Unlock()
	if t := f.kept.Load(); t.of(info) {
		return t, nil
	}
	if info.Size() > maxRecordFile {
		return nil, fmt.Errorf("the file has more than %d bytes", maxRecordFile)
	}
	b, err := os.ReadFile(f.config.File)
	if err != nil {
		return nil, err
	}
	t := &recordTable{changed: info.ModTime(), size: info.Size()}
	if err := f.parse(t, b); err != nil {
		return nil, err
	}
	f.kept.Store(t)
	return t, nil
}

func (f *recordFinder) parse(t *recordTable, b []byte) error {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	r := csv.NewReader(f.charset.NewDecoder().Reader(bytes.NewReader(b)))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = f.separator, true, -1
	columns, records := f.config.Fields, map[string]record{}
	column := slices.Index(columns, f.config.Key)
	for first := true; ; first = false {
		line, err := r.Read()
		if err == io.EOF {
			t.columns, t.records = columns, records
			return nil
		}
		if err != nil {
			return err
		}
		if first && f.config.Header {
			if len(f.config.Fields) == 0 {
				columns = line
				if column = slices.Index(line, f.config.Key); column < 0 {
					return fmt.Errorf("there is no column %q", f.config.Key)
				}
			}
			continue
		}
		if column < len(line) {
			if _, known := records[line[column]]; !known {
				records[line[column]] = line
			}
		}
	}
}
