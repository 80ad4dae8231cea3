// Package deploy holds files to run the program with; its tests check them by the
// schemas of those who read them. It is a module of its own, so that the program does
// not depend on what the tests need.
package deploy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// Each Kubernetes document fits the type that it names, without unknown or doubled fields, and selectors meet labels.
func TestKubernetes(t *testing.T) {
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := yaml.NewYAMLReader(newReader(text))
		for {
			doc, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			checkDocument(t, file, doc)
		}
	}
}

func checkDocument(t *testing.T, file string, doc []byte) {
	t.Helper()
	var head struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(doc, &head); err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	var object any
	switch head.APIVersion + " " + head.Kind {
	case "apps/v1 Deployment":
		object = &appsv1.Deployment{}
	case "v1 Service":
		object = &corev1.Service{}
	case "policy/v1 PodDisruptionBudget":
		object = &policyv1.PodDisruptionBudget{}
	default:
		t.Errorf("%s: %s %s is of no type that the test knows", file, head.APIVersion, head.Kind)
		return
	}
	if err := strict.UnmarshalStrict(doc, object); err != nil {
		t.Errorf("%s: %s: %v", file, head.Kind, err)
	}
	if d, ok := object.(*appsv1.Deployment); ok {
		checkDeployment(t, file, d)
	}
}

func checkDeployment(t *testing.T, file string, d *appsv1.Deployment) {
	t.Helper()
	for k, v := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[k] != v {
			t.Errorf("%s: the selector asks for %s=%s, which the pods do not have", file, k, v)
		}
	}
	spec := d.Spec.Template.Spec
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range spec.Containers {
		s := c.SecurityContext
		if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			t.Errorf("%s: container %s is not locked down", file, c.Name)
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s: the mount %s is of no volume", file, m.Name)
			}
		}
		checkCommand(t, file, c.Args)
	}
}

// checkCommand has the program itself read the arguments: its help for that command knows each flag.
func checkCommand(t *testing.T, file string, args []string) {
	t.Helper()
	help, err := exec.Command(binary(t), args[0], "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, arg := range args[1:] {
		if name, _, _ := strings.Cut(arg, "="); strings.HasPrefix(name, "--") && !bytes.Contains(help, []byte(name+" ")) {
			t.Errorf("%s: gatehouse %s has no %s", file, args[0], name)
		}
	}
}

func TestCompose(t *testing.T) {
	o, err := cli.NewProjectOptions([]string{"compose/compose.yaml"}, cli.WithProfiles([]string{"observe"}), cli.WithEnv([]string{
		"GATEHOUSE_INSTANCE_KEY=k", "GATEHOUSE_ADMIN_PASSWORD=p", "POSTGRES_PASSWORD=p",
	}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := o.LoadProject(t.Context()) // checks it by the schema of the Compose specification
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range project.Services {
		if s.Image == "gatehouse" {
			checkCommand(t, "compose.yaml, "+name, s.Command)
		}
		for _, v := range s.Volumes {
			if _, err := os.Stat(v.Source); v.Type == "bind" && err != nil {
				t.Errorf("compose.yaml, %s: %v", name, err)
			}
		}
	}
	if project.Services["prometheus"].Image == "" {
		t.Error("the profile observe has no Prometheus")
	}
	if out, err := exec.Command(binary(t), "validate", "compose/gateway").CombinedOutput(); err != nil {
		t.Errorf("the gateway's folder: %v\n%s", err, out)
	}
}

func TestSystemd(t *testing.T) {
	files, err := filepath.Glob("systemd/*.service")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		start := ""
		for _, line := range strings.Split(string(text), "\n") {
			if v, ok := strings.CutPrefix(line, "ExecStart=/usr/local/bin/gatehouse "); ok {
				start = v
			}
		}
		checkCommand(t, file, strings.Fields(start))
		// The same unit, with a program that is there.
		copied := filepath.Join(t.TempDir(), filepath.Base(file))
		text = bytes.ReplaceAll(text, []byte("/usr/local/bin/gatehouse"), []byte("/bin/true"))
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("systemd-analyze", "verify", "--man=no", copied).CombinedOutput()
		if err != nil || len(bytes.TrimSpace(out)) > 0 {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}
