package embedded

import (
	dto "github.com/prometheus/client_model/go"

	"gatehouse/internal/am/store"
)

// Figures tells how large the store is and what its files cost.
func (e *Engine) Figures() []store.Figure {
	if e.use() != nil {
		return nil
	}
	defer e.using.RUnlock()
	m := e.db.Metrics()
	full := 0.0
	if e.room.check() != nil {
		full = 1
	}
	list := []store.Figure{
		{Name: "disk_bytes", Help: "Space that the files of the embedded store take.", Value: float64(m.DiskSpaceUsage())},
		{Name: "disk_full", Help: "1 while nothing is written because the disk is full.", Value: full},
		{Name: "memtable_bytes", Help: "Writes that are not in files yet.", Value: float64(m.MemTable.Size)},
		{Name: "compactions_total", Help: "Merges of files.", Counter: true, Value: float64(m.Compact.Count)},
		{Name: "flushes_total", Help: "Memory tables that were written to files.", Counter: true, Value: float64(m.Flush.Count)},
		{Name: "wal_bytes_total", Help: "Bytes written to the log.", Counter: true, Value: float64(m.WAL.BytesWritten)},
		{Name: "block_cache_bytes", Help: "Blocks of files that are kept in memory.", Value: float64(m.BlockCache.Size)},
	}
	var d dto.Metric
	if h := m.LogWriter.FsyncLatency; h != nil && h.Write(&d) == nil && d.Histogram != nil {
		list = append(list,
			store.Figure{Name: "syncs_total", Help: "Syncs of the log.", Counter: true, Value: float64(d.Histogram.GetSampleCount())},
			store.Figure{Name: "sync_seconds_total", Help: "Time that syncs of the log took.", Counter: true, Value: d.Histogram.GetSampleSum() / 1e9})
	}
	return list
}
