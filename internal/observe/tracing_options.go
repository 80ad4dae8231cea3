package observe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TracingOptions say what spans are made and where they go. Zero values are OpenTelemetry's defaults, which variables
// of the environment (OTEL_TRACES_SAMPLER, OTEL_BSP_…, OTEL_SPAN_…) may change.
type TracingOptions struct {
	// Service is service.name, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES has another.
	Service string
	// Resource has further attributes of the process.
	Resource map[string]string
	Sampler  sdktrace.Sampler
	Limits   *sdktrace.SpanLimits
	Batch    []sdktrace.BatchSpanProcessorOption
	// Unbatched sends each span by itself.
	Unbatched bool
	// Endpoint is the whole address, such as http://localhost:4318/v1/traces.
	Endpoint string
	Header   http.Header
	Gzip     bool
	// Timeout bounds one attempt to send; 0 is 10 s. ConnectTimeout bounds connecting; 0 is 10 s.
	Timeout, ConnectTimeout time.Duration
	TLS                     *tls.Config
	// Proxy is as in http.Transport; nil: that of the environment.
	Proxy func(*http.Request) (*url.URL, error)
	Retry Retry
	// Log hears of the first failure in a row, and of the end of it.
	Log *slog.Logger
}

// Retry says how often and when spans are sent again; zero values stand for the defaults.
type Retry struct {
	// Attempts are all there are, the first among them; default 5.
	Attempts int
	// Initial is the first pause, by default a second, which grows by Factor, 1.5, up to Max, 5 s.
	Initial, Max time.Duration
	Factor       float64
}

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 5
	}
	if r.Initial == 0 {
		r.Initial = time.Second
	}
	if r.Max == 0 {
		r.Max = 5 * time.Second
	}
	if r.Factor < 1 {
		r.Factor = 1.5
	}
	return r
}

func (o TracingOptions) resource() *resource.Resource {
	attrs := []attribute.KeyValue{attribute.String("service.name", o.Service)}
	if host, err := os.Hostname(); err == nil {
		attrs = append(attrs, attribute.String("host.name", host))
	}
	for name, value := range o.Resource {
		attrs = append(attrs, attribute.String(name, value))
	}
	r := resource.NewSchemaless(attrs...)
	// What the environment says holds over what the program does.
	if env, err := resource.New(context.Background(), resource.WithFromEnv(), resource.WithTelemetrySDK()); err == nil {
		if merged, err := resource.Merge(r, env); err == nil {
			return merged
		}
	}
	return r
}

const tracesPath = "v1/traces"

// TracingFromEnvironment reads OTEL_* (OpenTelemetry specification, "Environment Variable Specification" and "OTLP
// Exporter"). It returns nil where tracing is not asked for: that is, without OTEL_EXPORTER_OTLP_ENDPOINT,
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and OTEL_TRACES_EXPORTER=otlp, or where OTEL_SDK_DISABLED is true.
func TracingFromEnvironment(getenv func(string) (string, bool), service string, log *slog.Logger) (*TracingOptions, error) {
	env := func(name string) string { v, _ := getenv(name); return strings.TrimSpace(v) }
	either := func(name string) string {
		if v := env("OTEL_EXPORTER_OTLP_TRACES_" + name); v != "" {
			return v
		}
		return env("OTEL_EXPORTER_OTLP_" + name)
	}
	kind, general, own := env("OTEL_TRACES_EXPORTER"), env("OTEL_EXPORTER_OTLP_ENDPOINT"), env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") || kind == "none" || kind == "" && general == "" && own == "" {
		return nil, nil
	}
	o := &TracingOptions{Service: service, Log: log, Endpoint: own, Header: http.Header{}}
	var errs []error
	if kind != "" && kind != "otlp" {
		errs = append(errs, fmt.Errorf("OTEL_TRACES_EXPORTER: expected otlp or none, found %q", kind))
	}
	if p := either("PROTOCOL"); p != "" && p != "http/protobuf" {
		errs = append(errs, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, found %q", p))
	}
	if own == "" {
		if general == "" {
			general = "http://localhost:4318"
		}
		o.Endpoint = strings.TrimSuffix(general, "/") + "/" + tracesPath
	}
	for pair := range strings.SplitSeq(either("HEADERS"), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil {
			errs = append(errs, errors.New("OTEL_EXPORTER_OTLP_HEADERS: expected name=value,name=value"))
			break
		}
		o.Header.Add(strings.TrimSpace(name), value)
	}
	if v := either("TIMEOUT"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n <= 0 {
			errs = append(errs, fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT: expected milliseconds, found %q", v))
		}
		o.Timeout = time.Duration(n) * time.Millisecond
	}
	switch v := either("COMPRESSION"); v {
	case "", "none":
	case "gzip":
		o.Gzip = true
	default:
		errs = append(errs, fmt.Errorf("OTEL_EXPORTER_OTLP_COMPRESSION: expected gzip or none, found %q", v))
	}
	if v := env("OTEL_TRACES_SAMPLER"); v != "" && !slices.Contains(samplers, v) {
		errs = append(errs, fmt.Errorf("OTEL_TRACES_SAMPLER: expected one of %s, found %q", strings.Join(samplers, ", "), v))
	}
	for name := range strings.SplitSeq(env("OTEL_PROPAGATORS"), ",") {
		if name = strings.TrimSpace(name); name != "" && name != "tracecontext" && name != "baggage" {
			errs = append(errs, fmt.Errorf("OTEL_PROPAGATORS: expected tracecontext, found %q", name))
		}
	}
	var err error
	if o.TLS, err = tlsFromFiles(either("CERTIFICATE"), either("CLIENT_CERTIFICATE"), either("CLIENT_KEY")); err != nil {
		errs = append(errs, err)
	}
	return o, errors.Join(errs...)
}

// samplers are the values of OTEL_TRACES_SAMPLER that the SDK reads.
var samplers = []string{"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"}

func tlsFromFiles(roots, cert, key string) (*tls.Config, error) {
	if roots == "" && cert == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if roots != "" {
		text, err := os.ReadFile(roots)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("OTEL_EXPORTER_OTLP_CERTIFICATE: the file has no PEM certificate")
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
