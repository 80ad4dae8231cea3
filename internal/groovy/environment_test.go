package groovy

import (
	"context"
	"testing"
)

// TestEnvironment asks for variables of the process in all ways there are.
func TestEnvironment(t *testing.T) {
	known := map[string]string{"STAGE": "blue", "NAME": "x"}
	e := New(Env{Classes: JDK(), Getenv: func(n string) (string, bool) { v, ok := known[n]; return v, ok }})
	for _, c := range []struct{ name, src, want string }{
		{"one", "System.getenv('STAGE') + System.getenv('NONE')", "bluenull"},
		{"map by key", "System.getenv().get('STAGE') + System.getenv()['NAME']", "bluex"},
		{"map by property", "def env = System.getenv(); env.STAGE + env.NONE", "bluenull"},
		{"property of the class", "System.env.STAGE", "blue"},
		{"default", "System.getenv().getOrDefault('NONE', 'd') + (System.getenv().NONE ?: 'e')", "de"},
		{"known", "[System.getenv().containsKey('STAGE'), System.getenv().containsKey('NONE')]", "[true, false]"},
		{"not listed", "try { System.getenv().keySet(); 'listed' } catch (SecurityException e) { 'refused' }", "refused"},
		{"not walked", "try { for (x in System.getenv()) { return x }; 'walked' } catch (SecurityException e) { 'refused' }", "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := e.Compile("s.groovy", c.src)
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.Run(context.Background(), nil)
			if err != nil || ToString(v) != c.want {
				t.Errorf("result = %v, %v, want %s", v, err, c.want)
			}
		})
	}
}
