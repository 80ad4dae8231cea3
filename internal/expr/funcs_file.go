package expr

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

var fileFunctions = []Function{
	{
		Name: "fileToUrl", Volatile: true,
		Sig:  "(file any) string",
		Doc:  "The file: URL of a file or a path, ending in / if it is a directory that exists. Null stays null.",
		Call: pathURL,
		Examples: []Example{
			{`fileToUrl('/nowhere/a b.txt')`, "file:/nowhere/a%20b.txt"}, {`fileToUrl(null)`, nil},
		},
	},
	{
		Name: "pathToUrl", Volatile: true,
		Sig:  "(path string) string",
		Doc:  "The file: URL of a path, ending in / if it is a directory that exists. Relative paths start at the working directory. Null stays null.",
		Call: pathURL,
		Examples: []Example{
			{`pathToUrl('/nowhere/none.txt')`, "file:/nowhere/none.txt"}, {`pathToUrl('/')`, "file:/"}, {`pathToUrl(null)`, nil},
		},
	},
	{
		Name: "read", Volatile: true,
		Sig: "(path string) string",
		Doc: "The content of a file in UTF-8, without a line break at the end. Null, with a warning, if it cannot be read.",
		Call: func(site Site, args []Value) (Value, error) {
			return readText(site, args[0], "UTF-8")
		},
		Examples: []Example{{`read('/nowhere/none.txt')`, nil}, {`read(null)`, nil}},
	},
	{
		Name: "readProperties", Volatile: true,
		Sig: "(path string) map",
		Doc: "Keys and values of a .properties file in UTF-8. Null, with a warning, if it cannot be read.",
		Call: func(site Site, args []Value) (Value, error) {
			raw, ok := readFile(site, args[0])
			if !ok {
				return nil, nil
			}
			m, err := ParseProperties(string(raw))
			if err != nil {
				site.warnOf(err)
				return nil, nil
			}
			return m, nil
		},
		Examples: []Example{{`readProperties('/nowhere/none.properties')['key']`, nil}, {`readProperties(null)`, nil}},
	},
	{
		Name: "readWithCharset", Volatile: true,
		Sig: "(path string, charset string) string",
		Doc: "The same as read in another charset: the names are those of the IANA registry. Null for one that is not known.",
		Call: func(site Site, args []Value) (Value, error) {
			name, _ := args[1].(string)
			return readText(site, args[0], name)
		},
		Examples: []Example{{`readWithCharset('/nowhere/none.txt','UTF-16')`, nil}, {`readWithCharset(null,'UTF-8')`, nil}},
	},
}

func pathURL(site Site, args []Value) (Value, error) {
	if args[0] == nil {
		return nil, nil
	}
	path, err := Text(args[0])
	if err != nil {
		return nil, err
	}
	return fileURL(site.path(path)), nil
}

// readFile reads a regular file of bounded size. The reason of a failure is a
// warning.
func readFile(site Site, path Value) ([]byte, bool) {
	name, ok := path.(string)
	if !ok {
		return nil, false
	}
	raw, err := readBounded(site.path(name))
	if err != nil {
		site.warnOf(err)
		return nil, false
	}
	return raw, true
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	if !info.Mode().IsRegular() { // a pipe or device may block or never end
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, errors.New("the file cannot be read")
	}
	if len(raw) > MaxFile {
		return nil, errors.New("the file is too large")
	}
	return raw, nil
}

func readText(site Site, path Value, name string) (Value, error) {
	charset := charsets[strings.ToUpper(name)]
	if charset == nil {
		site.Warn("unknown charset")
		return nil, nil
	}
	raw, ok := readFile(site, path)
	if !ok {
		return nil, nil
	}
	text, err := charset.NewDecoder().Bytes(raw)
	if err != nil {
		site.Warn("the file is not text in its charset")
		return nil, nil
	}
	return lines(strings.ToValidUTF8(string(text), "\uFFFD")), nil
}

// lines makes all line breaks those of the platform and drops the last one.
func lines(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.TrimSuffix(text, "\n")
}

var charsets = map[string]encoding.Encoding{
	"UTF-8": unicode.UTF8, "UTF8": unicode.UTF8, "US-ASCII": unicode.UTF8, "ASCII": unicode.UTF8,
	"UTF-16":     unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"UTF-16BE":   unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"UTF-16LE":   unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"ISO-8859-1": charmap.ISO8859_1, "LATIN1": charmap.ISO8859_1, "ISO-8859-2": charmap.ISO8859_2,
	"ISO-8859-5": charmap.ISO8859_5, "ISO-8859-7": charmap.ISO8859_7, "ISO-8859-9": charmap.ISO8859_9,
	"ISO-8859-15": charmap.ISO8859_15, "WINDOWS-1250": charmap.Windows1250, "WINDOWS-1251": charmap.Windows1251,
	"WINDOWS-1252": charmap.Windows1252, "WINDOWS-1253": charmap.Windows1253, "WINDOWS-1254": charmap.Windows1254,
	"KOI8-R": charmap.KOI8R, "IBM437": charmap.CodePage437, "IBM850": charmap.CodePage850,
}
