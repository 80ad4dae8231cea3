package audit

import (
	"bytes"
	"math"
	"path/filepath"
	"time"

	"gatehouse/internal/conf"
)

type jsonFileConfig struct {
	commonConfig
	// LogDirectory is the folder of the files.
	LogDirectory string `conf:"logDirectory,required"`
	// ElasticsearchCompatible calls the field _id _eventId.
	ElasticsearchCompatible bool           `conf:"elasticsearchCompatible"`
	FileRotation            rotationConfig `conf:"fileRotation"`
	FileRetention           *retention     `conf:"fileRetention"`
	Buffering               struct {
		// MaxSize is how many events may wait.
		MaxSize int `conf:"maxSize,min=1,default=100000"`
		// WriteInterval is how long they wait.
		WriteInterval conf.Duration `conf:"writeInterval,default=100 ms"`
	} `conf:"buffering"`
	// RotationRetentionCheckInterval is how often times of rotation and retention are
	// looked at.
	RotationRetentionCheckInterval conf.Duration `conf:"rotationRetentionCheckInterval,default=5 seconds"`
}

// jsonFiles writes one JSON object a line to <topic>.audit.json.
func jsonFiles(b *builder) func(string, *Topic) sink {
	var c jsonFileConfig
	if !b.decode(&c, &c.commonConfig) {
		return nil
	}
	if c.Buffering.MaxSize == 0 { // the block is absent, and with it its defaults
		c.Buffering.MaxSize, c.Buffering.WriteInterval = 100000, conf.Duration(100*time.Millisecond)
	}
	var form func(dst, event []byte) []byte
	if c.ElasticsearchCompatible {
		form = func(dst, event []byte) []byte { return append(append(dst, renamedID(event)...), '\n') }
	}
	rotate := c.FileRotation.orDefault().read(b)
	return func(name string, _ *Topic) sink {
		return b.file(filepath.Join(c.LogDirectory, name+".audit.json"), &file{
			most: b.env.Unsent,
			form: form, interval: bounded(c.Buffering.WriteInterval, 100*time.Millisecond), maxEvents: c.Buffering.MaxSize,
			rotation: rotate, retention: c.FileRetention.orDefault(), check: bounded(c.RotationRetentionCheckInterval, 5*time.Second),
		})
	}
}

// orDefault fills in the suffix where the whole block is absent.
func (c *rotationConfig) orDefault() *rotationConfig {
	if c.RotationFileSuffix == "" {
		c.RotationFileSuffix = "-yyyy.MM.dd-HH.mm.ss"
	}
	return c
}

func (r *retention) orDefault() retention {
	if r == nil {
		return retention{-1, -1, -1}
	}
	return *r
}

// bounded is an interval that a ticker can have.
func bounded(d conf.Duration, otherwise time.Duration) time.Duration {
	if d <= 0 || d.Unlimited() || d.D() > math.MaxInt64/2 {
		return otherwise
	}
	return max(d.D(), time.Millisecond)
}

// file completes a file sink.
func (b *builder) file(path string, f *file) sink {
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.env.Dir, path)
	}
	f.path, f.log, f.now = path, b.env.Log.With("handler", b.common.Name), b.env.Now
	return f
}

// renamedID is the event with _eventId for _id, which Elasticsearch keeps for itself.
func renamedID(event []byte) []byte {
	return bytes.Replace(event, []byte(`{"_id":`), []byte(`{"_eventId":`), 1)
}
