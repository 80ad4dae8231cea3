package handlers

import (
	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

// TemporaryStorage says where bodies are buffered.
type TemporaryStorage struct{ chain.Storage }

type temporaryStorageConfig struct {
	InitialLength int64 `conf:"initialLength,min=0,unused=memory grows as needed"`
	// MemoryLimit is how many bytes are held in memory before a file is used.
	MemoryLimit int64 `conf:"memoryLimit,min=0,max=2147483647,default=65536"`
	// FileLimit is how many bytes a body may have.
	FileLimit int64 `conf:"fileLimit,min=0,max=2147483647,default=1073741824"`
	// Directory holds the files; the default is the instance's tmp folder.
	Directory string `conf:"directory"`
}

var temporaryStorage = heap.Define("TemporaryStorage", func(c *temporaryStorageConfig, env *heap.Env) (*TemporaryStorage, error) {
	if c.Directory == "" {
		c.Directory = env.Dirs.Temp
	}
	return &TemporaryStorage{chain.Storage{MemoryLimit: c.MemoryLimit, FileLimit: c.FileLimit, Dir: c.Directory, OverLimit: env.Limits.Add}}, nil
})

// ScheduledExecutorService is accepted where configurations name one: this program
// needs no thread pools.
type ScheduledExecutorService struct{}

type scheduledExecutorConfig struct {
	CorePoolSize int           `conf:"corePoolSize,min=1,unused=there are no thread pools"`
	GracefulStop bool          `conf:"gracefulStop,unused=there are no thread pools"`
	GracePeriod  conf.Duration `conf:"gracePeriod,unused=there are no thread pools"`
}

var scheduledExecutor = heap.Define("ScheduledExecutorService", func(*scheduledExecutorConfig, *heap.Env) (*ScheduledExecutorService, error) {
	return &ScheduledExecutorService{}, nil
})
