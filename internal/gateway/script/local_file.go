package script

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatehouse/internal/groovy"
)

// localFile is java.io.File, a path. Scripts may read files and list folders of the
// instance; elsewhere there is nothing for them, and they write nothing.
type localFile string

func (localFile) GroovyClass() *groovy.Class { return localFileClass }
func (f localFile) String() string           { return string(f) }

// maxRead bounds one file that a script reads.
const maxRead = 64 << 20

// tooLarge ends reading with an error, so that no script works with half a file.
type tooLarge struct {
	r    io.Reader
	left int64
}

func (t *tooLarge) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.left -= int64(n); t.left < 0 {
		return 0, errors.New("the file is larger than a script may read")
	}
	return n, err
}

// input opens the file as a stream that ends with the run.
func (f localFile) input(c *groovy.Call) (groovy.Value, error) {
	r, err := runOf(c)
	if err != nil {
		return nil, err
	}
	if !f.inside(c) {
		return nil, groovy.Throw("java.lang.SecurityException", "scripts may read files of the instance folder only")
	}
	in, err := os.Open(string(f))
	if err == nil {
		var info fs.FileInfo
		if info, err = in.Stat(); err == nil && !info.Mode().IsRegular() {
			err = errors.New("not a regular file")
		}
		if err != nil {
			in.Close()
		}
	}
	if err != nil {
		return nil, groovy.Throw("java.io.FileNotFoundException", "%s (%s)", f, reason(err))
	}
	if err := r.holds(in); err != nil {
		return nil, err
	}
	return groovy.NewInputStream(&tooLarge{in, maxRead}, func() error {
		in.Close() // a second time it fails, which Java does not
		return nil
	}), nil
}

// inside says whether the path, with all links followed, is below the instance folder.
// Scripts cannot make files or links, so what holds now holds when the file is opened.
func (f localFile) inside(c *groovy.Call) bool {
	r, err := runOf(c)
	if err != nil || r.script.engine.instance == "" {
		return false
	}
	root, err := filepath.EvalSymlinks(r.script.engine.instance)
	if err != nil {
		return false
	}
	path, err := filepath.EvalSymlinks(f.abs())
	if errors.Is(err, fs.ErrNotExist) { // the name of a file that is not there may be asked about
		path, err = filepath.EvalSymlinks(filepath.Dir(f.abs()))
	}
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// reason is an error without the path that the message has already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

// of makes a file of what constructors take: a path, a file, or a parent and a name.
func fileOf(c *groovy.Call) (localFile, error) {
	part := func(i int) (string, bool) {
		if f, ok := c.Arg(i).(localFile); ok {
			return string(f), true
		}
		return c.Str(i), isText(c.Arg(i))
	}
	a, ok := part(0)
	switch {
	case c.Len() == 1 && ok:
		return localFile(cleaned(a)), nil
	case c.Len() == 2:
		if b, is := part(1); is {
			if !ok {
				return localFile(cleaned(b)), nil
			}
			return localFile(filepath.Join(a, b)), nil
		}
	case c.Len() == 1 && c.Arg(0) == nil:
		return "", groovy.Throw(nullPointer, "the path is null")
	}
	return "", c.NoSuchMethod()
}

func cleaned(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Clean(path)
}

func (f localFile) abs() string {
	if a, err := filepath.Abs(string(f)); err == nil {
		return a
	}
	return string(f)
}

func (f localFile) parent() groovy.Value {
	if d := filepath.Dir(string(f)); d != "." && d != string(f) {
		return localFile(d)
	}
	return nil
}

// onFile makes a method of a file's description; a file that is not there gives none.
func onFile(none groovy.Value, f func(fs.FileInfo) groovy.Value) groovy.Method {
	return method(func(l localFile, c *groovy.Call) (groovy.Value, error) {
		if !l.inside(c) {
			return none, nil
		}
		info, err := os.Stat(string(l))
		if err != nil {
			return none, nil
		}
		return f(info), nil
	})
}

// throughStream makes methods that the stream of a file has, too.
func throughStream(name string) groovy.Method {
	return method(func(f localFile, c *groovy.Call) (groovy.Value, error) {
		in, err := f.input(c)
		if err != nil {
			return nil, err
		}
		return c.InvokeMethod(in, name, c.Args...)
	})
}

func filesIn(c *groovy.Call, f localFile) ([]localFile, error) {
	if !f.inside(c) {
		return nil, errors.New("scripts may read files of the instance folder only")
	}
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, err
	}
	var out []localFile
	for _, e := range entries {
		if err := c.Alloc(64); err != nil {
			return nil, err
		}
		out = append(out, localFile(filepath.Join(string(f), e.Name())))
	}
	return out, nil
}

func listFiles(value func(localFile) groovy.Value) groovy.Method {
	return method(func(f localFile, c *groovy.Call) (groovy.Value, error) {
		all, err := filesIn(c, f)
		if err != nil {
			return nil, nil // as in Java
		}
		out := groovy.NewList()
		for _, x := range all {
			out.Add(value(x))
		}
		return out, nil
	})
}

// fileChanges are methods that change a file, which is refused in all ways that there are.
var fileChanges = strings.Fields(`setText setBytes write append leftShift delete deleteDir deleteOnExit mkdir mkdirs
	createNewFile renameTo withWriter withPrintWriter withOutputStream withWriterAppend newWriter newOutputStream
	newPrintWriter setLastModified setReadOnly setWritable setExecutable`)

func changeFile(c *groovy.Call) (groovy.Value, error) {
	if slices.Contains(fileChanges, c.Name) {
		return nil, groovy.Throw("java.lang.SecurityException", "scripts may read files and not change them")
	}
	return nil, c.NoSuchMethod()
}

var localFileClass = makeLocalFileClass()

func makeLocalFileClass() *groovy.Class {
	m := methods{
		"exists":       onFile(false, func(fs.FileInfo) groovy.Value { return true }),
		"isFile":       onFile(false, func(i fs.FileInfo) groovy.Value { return i.Mode().IsRegular() }),
		"isDirectory":  onFile(false, func(i fs.FileInfo) groovy.Value { return i.IsDir() }),
		"canRead":      onFile(false, func(fs.FileInfo) groovy.Value { return true }),
		"canWrite":     onFile(false, func(fs.FileInfo) groovy.Value { return false }),
		"length":       onFile(int64(0), func(i fs.FileInfo) groovy.Value { return i.Size() }),
		"size":         onFile(int64(0), func(i fs.FileInfo) groovy.Value { return i.Size() }),
		"lastModified": onFile(int64(0), func(i fs.FileInfo) groovy.Value { return i.ModTime().UnixMilli() }),
		"list":         listFiles(func(f localFile) groovy.Value { return filepath.Base(string(f)) }),
		"listFiles":    listFiles(func(f localFile) groovy.Value { return f }),
		"eachFile": method(func(f localFile, c *groovy.Call) (groovy.Value, error) {
			all, err := filesIn(c, f)
			if err != nil {
				return nil, groovy.Throw("java.io.FileNotFoundException", "%s (%s)", f, reason(err))
			}
			for _, x := range all {
				if _, err := c.Invoke(c.Arg(0), x); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}),
		"newInputStream": method(func(f localFile, c *groovy.Call) (groovy.Value, error) { return f.input(c) }),
		"toURI": method(func(f localFile, _ *groovy.Call) (groovy.Value, error) {
			return groovy.NewURI("file:" + filepath.ToSlash(f.abs()))
		}),
		"toString": method(func(f localFile, _ *groovy.Call) (groovy.Value, error) { return string(f), nil }),
		"asType": method(func(f localFile, c *groovy.Call) (groovy.Value, error) {
			if k, ok := c.Arg(0).(*groovy.Class); ok && k.Name == "java.lang.String" {
				return string(f), nil
			}
			return f, nil
		}),
	}
	for name, as := range map[string]string{"getText": "getText", "getBytes": "getBytes", "readBytes": "getBytes", "readLines": "readLines",
		"eachLine": "eachLine", "withReader": "withReader", "withInputStream": "withStream", "newReader": "newReader"} {
		m[name] = throughStream(as)
	}
	return &groovy.Class{
		Name: "java.io.File", Implements: []string{"java.lang.Comparable"}, Methods: m, MethodMissing: changeFile,
		New: func(c *groovy.Call) (groovy.Value, error) { return fileOf(c) },
		StaticFields: map[string]func() groovy.Value{
			"separator": constant(string(filepath.Separator)), "pathSeparator": constant(string(filepath.ListSeparator)),
		},
		Get: getters{
			"name":          getter(func(f localFile) groovy.Value { return filepath.Base(string(f)) }),
			"path":          getter(func(f localFile) groovy.Value { return string(f) }),
			"absolutePath":  getter(func(f localFile) groovy.Value { return f.abs() }),
			"canonicalPath": getter(func(f localFile) groovy.Value { return f.abs() }),
			"absoluteFile":  getter(func(f localFile) groovy.Value { return localFile(f.abs()) }),
			"canonicalFile": getter(func(f localFile) groovy.Value { return localFile(f.abs()) }),
			"parentFile":    getter(func(f localFile) groovy.Value { return f.parent() }),
			"parent": getter(func(f localFile) groovy.Value {
				if p, ok := f.parent().(localFile); ok {
					return string(p)
				}
				return nil
			}),
			"absolute": getter(func(f localFile) groovy.Value { return filepath.IsAbs(string(f)) }),
		},
		Set: setters{"text": setter(func(localFile, groovy.Value) error {
			return groovy.Throw("java.lang.SecurityException", "scripts may read files and not change them")
		})},
		Truth:  func(groovy.Value) bool { return true },
		Equals: func(this, other groovy.Value) bool { return this == other },
		Compare: func(this, other groovy.Value) (int, bool) {
			a, b := this.(localFile), localFile("")
			b, ok := other.(localFile)
			switch {
			case !ok:
				return 0, false
			case a < b:
				return -1, true
			case a > b:
				return 1, true
			}
			return 0, true
		},
		HashKey: func(this groovy.Value) any { return this },
	}
}

var fileInputClass = &groovy.Class{
	Name: "java.io.FileInputStream", Extends: "java.io.InputStream",
	New: func(c *groovy.Call) (groovy.Value, error) {
		f, err := fileOf(c)
		if err != nil || c.Len() != 1 {
			return nil, c.NoSuchMethod()
		}
		return f.input(c)
	},
}

var fileReaderClass = &groovy.Class{
	Name: "java.io.FileReader", Extends: "java.io.Reader",
	New: func(c *groovy.Call) (groovy.Value, error) {
		charset := c.Args[min(1, len(c.Args)):]
		one := *c
		one.Args = c.Args[:len(c.Args)-len(charset)]
		f, err := fileOf(&one)
		if err != nil {
			return nil, err
		}
		in, err := f.input(c)
		if err != nil {
			return nil, err
		}
		return c.InvokeMethod(in, "newReader", charset...)
	},
}
