// Command generate writes docs/reference from the program itself: a page for each
// object type, the functions of expressions, the language of scripts, and a JSON Schema for route files. Run it
// in the project's root: go run ./docs/generate.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// folder is where the files go, below the project's root.
const folder = "docs/reference"

// generate returns the content of all files by their names.
func generate(root string) (map[string]string, error) {
	m, err := newManual(root)
	if err != nil {
		return nil, err
	}
	files, err := m.pages()
	if err != nil {
		return nil, err
	}
	files["functions.md"] = functionsPage()
	files["groovy.md"] = groovyPage()
	files["metrics.md"], files["limits.md"] = metricsPage, limitsPage
	if files["route.schema.json"], err = m.schema(); err != nil {
		return nil, err
	}
	return files, nil
}

// write brings the folder up to date; what is generated no more goes.
func write(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	dir := filepath.Join(root, folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		_, wanted := files[e.Name()]
		if !wanted && (strings.HasSuffix(e.Name(), ".md") || strings.HasSuffix(e.Name(), ".json")) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
