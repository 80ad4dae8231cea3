package groovy

// stream is a java.util.stream.Stream over a slice, worked through eagerly.
type stream struct{ items []Value }

func (*stream) javaName() string           { return "java.util.stream.Stream" }
func (*stream) String() string             { return "java.util.stream.ReferencePipeline@1" }
func (s *stream) elements(*thread) []Value { return s.items }
