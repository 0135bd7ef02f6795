// Package chart holds the tests of the Helm chart: what Helm's own library makes of it.
package chart

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const folder = "../../../deploy/chart"

type values = map[string]any

// least are the values that have no default.
func least(more values) values {
	all := values{"publicUrl": "https://sso.example.com", "image": values{"repository": "registry.example.com/postern"}}
	for k, v := range more {
		all[k] = v
	}
	return all
}

// objects are the rendered objects by their kind, as text.
func objects(t *testing.T, given values) (map[string]string, error) {
	t.Helper()
	c, err := loader.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	options := common.ReleaseOptions{Name: "sso", Namespace: "postern", IsInstall: true}
	all, err := util.ToRenderValues(c, given, options, common.DefaultCapabilities)
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := engine.Render(c, all)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for name, text := range rendered {
		if !strings.HasSuffix(name, ".yaml") || strings.TrimSpace(text) == "" {
			continue
		}
		var head struct{ Kind string }
		if err := yaml.Unmarshal([]byte(text), &head); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if head.Kind != "" {
			found[head.Kind] = text
		}
	}
	return found, nil
}

// read reads an object as the cluster does that knows no field too many.
func read(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// workloads are the Pods that serve and the one that migrates.
func workloads(t *testing.T, given values) (serve appsv1.Deployment, migrate batchv1.Job) {
	t.Helper()
	found, err := objects(t, given)
	if err != nil {
		t.Fatal(err)
	}
	read(t, found["Deployment"], &serve)
	read(t, found["Job"], &migrate)
	return serve, migrate
}

func TestChartIsLinted(t *testing.T) {
	t.Parallel()
	named := filepath.Join(t.TempDir(), "postern") // Helm wants the folder to have the chart's name
	if err := os.CopyFS(named, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	for _, kubernetes := range []string{"1.25.0", "1.37.0"} {
		version, err := common.ParseKubeVersion(kubernetes)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range lint.RunAll(named, least(nil), "postern", lint.WithKubeVersion(version)).Messages {
			if !strings.Contains(m.Error(), "icon is recommended") {
				t.Errorf("for Kubernetes %s: %s", kubernetes, m.Error())
			}
		}
	}
}

// All processes have the same key and the same database, each from its Secret, and
// those that serve never see the password of the role that owns the tables.
func TestChartSharesItsSecrets(t *testing.T) {
	t.Parallel()
	serve, migrate := workloads(t, least(values{"database": values{"secret": "db"}, "secretKey": values{"secret": "key"}}))
	if *serve.Spec.Replicas != 2 {
		t.Errorf("%d processes serve, want 2", *serve.Spec.Replicas)
	}
	for name, want := range map[string]struct {
		pod     corev1.PodSpec
		secrets map[string]string
		args    string
	}{
		"serve":   {serve.Spec.Template.Spec, map[string]string{"POSTERN_DATABASE_URL": "db/url", "POSTERN_SECRET_KEY": "key/secret.key"}, "serve --no-migrate"},
		"migrate": {migrate.Spec.Template.Spec, map[string]string{"POSTERN_DATABASE_URL": "db/url", "POSTERN_MIGRATE_DATABASE_URL": "db/migrate-url"}, "migrate"},
	} {
		got := map[string]string{}
		for _, e := range want.pod.Containers[0].Env {
			if e.ValueFrom != nil {
				got[e.Name] = e.ValueFrom.SecretKeyRef.Name + "/" + e.ValueFrom.SecretKeyRef.Key
			} else if regexp.MustCompile(`(?i)key|password|database|token`).MatchString(e.Name) {
				t.Errorf("%s has %s as plain text", name, e.Name)
			}
		}
		if len(got) != len(want.secrets) {
			t.Errorf("%s gets %v, want %v", name, got, want.secrets)
		}
		for variable, from := range want.secrets {
			if got[variable] != from {
				t.Errorf("%s gets %s from %q, want %s", name, variable, got[variable], from)
			}
		}
		if args := strings.Join(want.pod.Containers[0].Args, " "); args != want.args {
			t.Errorf("%s runs %q, want %q", name, args, want.args)
		}
	}
	if hook := migrate.Annotations["helm.sh/hook"]; hook != "pre-install,pre-upgrade" {
		t.Errorf("the migration runs at %q", hook)
	}
}

// Whatever is chosen, nothing secret is written into an object that is not a
// Secret: the chart makes neither Secrets nor ConfigMaps.
func TestChartMakesNoSecrets(t *testing.T) {
	t.Parallel()
	everything := least(values{"ingress": values{"enabled": true, "tlsSecret": "tls", "className": "nginx"},
		"metrics": values{"enabled": true, "podMonitor": true}, "trustedProxies": []any{"10.0.0.0/8"}, "database": values{"caConfigMap": "ca"}})
	found, err := objects(t, everything)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for kind := range found {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	if want := []string{"Deployment", "Ingress", "Job", "PodDisruptionBudget", "PodMonitor", "Service"}; !slices.Equal(kinds, want) {
		t.Errorf("it makes %v, want %v", kinds, want)
	}
}

func TestRow29ChartGivesTheLeast(t *testing.T) {
	t.Parallel()
	serve, migrate := workloads(t, least(nil))
	for name, pod := range map[string]corev1.PodSpec{"serve": serve.Spec.Template.Spec, "migrate": migrate.Spec.Template.Spec} {
		p, c := pod.SecurityContext, pod.Containers[0].SecurityContext
		if !*p.RunAsNonRoot || *p.RunAsUser != 10001 || *p.RunAsGroup != 10001 || p.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s runs as %+v", name, p)
		}
		none := slices.Equal(c.Capabilities.Drop, []corev1.Capability{"ALL"}) && len(c.Capabilities.Add) == 0
		if *c.AllowPrivilegeEscalation || !*c.ReadOnlyRootFilesystem || !none {
			t.Errorf("%s may %+v", name, c)
		}
		if *pod.AutomountServiceAccountToken || pod.HostNetwork || pod.HostPID || pod.HostIPC {
			t.Errorf("%s may talk with the cluster or sees its host", name)
		}
		for _, v := range pod.Volumes {
			if v.EmptyDir == nil {
				t.Errorf("%s mounts %+v", name, v)
			}
		}
	}
}

func TestChartIsLookedAfter(t *testing.T) {
	t.Parallel()
	found, err := objects(t, least(values{"ingress": values{"enabled": true, "tlsSecret": "tls"}}))
	if err != nil {
		t.Fatal(err)
	}
	var serve appsv1.Deployment
	var service corev1.Service
	var budget policyv1.PodDisruptionBudget
	var ingress networkingv1.Ingress
	for kind, into := range map[string]any{"Deployment": &serve, "Service": &service, "PodDisruptionBudget": &budget, "Ingress": &ingress} {
		read(t, found[kind], into)
	}
	c := serve.Spec.Template.Spec.Containers[0]
	if live, ready := c.LivenessProbe.HTTPGet, c.ReadinessProbe.HTTPGet; live.Path != "/healthz" || ready.Path != "/readyz" || live.Port != ready.Port {
		t.Errorf("asked are %+v and %+v", live, ready)
	}
	if c.Ports[0].Name != service.Spec.Ports[0].TargetPort.String() || c.Ports[0].ContainerPort != 8080 {
		t.Errorf("the service leads to %+v of %+v", service.Spec.Ports, c.Ports)
	}
	labels := serve.Spec.Template.Labels
	for what, selector := range map[string]map[string]string{"service": service.Spec.Selector, "budget": budget.Spec.Selector.MatchLabels,
		"deployment": serve.Spec.Selector.MatchLabels} {
		for k, v := range selector {
			if labels[k] != v || len(selector) < 3 {
				t.Errorf("the %s selects %s=%s, and the Pods have %v", what, k, v, labels)
			}
		}
	}
	if budget.Spec.MaxUnavailable.IntValue() != 1 {
		t.Errorf("the budget: %+v", budget.Spec)
	}
	if ingress.Spec.Rules[0].Host != "sso.example.com" || ingress.Spec.TLS[0].Hosts[0] != "sso.example.com" || ingress.Spec.TLS[0].SecretName != "tls" {
		t.Errorf("the ingress: %+v", ingress.Spec)
	}
	if one, err := objects(t, least(values{"replicas": 1})); err != nil || one["PodDisruptionBudget"] != "" {
		t.Errorf("one process alone has a budget, which would keep its node from being drained: %v", err)
	}
}

func TestChartSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for missing, given := range map[string]values{
		"publicUrl": {"image": values{"repository": "r"}}, "image.repository": {"publicUrl": "https://sso.example.com"},
	} {
		if _, err := objects(t, given); err == nil || !strings.Contains(err.Error(), missing+":") {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

// The tag is that of the version, without the plus sign that tags do not know.
func TestChartNamesTheImage(t *testing.T) {
	t.Parallel()
	for want, image := range map[string]values{
		"r/postern:0.0.0": {"repository": "r/postern"}, "r/postern:1.2.3-4.gabc": {"repository": "r/postern", "tag": "1.2.3+4.gabc"},
	} {
		serve, migrate := workloads(t, least(values{"image": image}))
		for _, pod := range []corev1.PodSpec{serve.Spec.Template.Spec, migrate.Spec.Template.Spec} {
			if got := pod.Containers[0].Image; got != want {
				t.Errorf("the image is %s, want %s", got, want)
			}
		}
	}
}

// Every variable that the chart sets, whatever is chosen, is one that the program's flags read.
func TestChartKnowsTheVariables(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	sources, err := filepath.Glob("../../../cmd/console/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`env:"(POSTERN_\w+)"`).FindAllStringSubmatch(string(text), -1) {
			known[m[1]] = true
		}
	}
	if len(known) < 15 {
		t.Fatalf("the flags have only %d variables", len(known))
	}
	set := map[string]bool{}
	serve, migrate := workloads(t, least(values{"metrics": values{"enabled": true}, "trustedProxies": []any{"10.0.0.0/8", "192.168.0.1"}}))
	for _, c := range append(serve.Spec.Template.Spec.Containers, migrate.Spec.Template.Spec.Containers...) {
		for _, e := range c.Env {
			set[e.Name] = true
			if e.Name == "POSTERN_TRUSTED_PROXIES" && e.Value != "10.0.0.0/8,192.168.0.1" {
				t.Errorf("trusted are %q", e.Value)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`POSTERN_\w+`).FindAllString(string(text), -1) {
		set[name] = true
	}
	for name := range set {
		if !known[name] {
			t.Errorf("the chart has %s, which no command reads", name)
		}
	}
	if len(set) < 7 {
		t.Errorf("the chart sets only %v", set)
	}
}
