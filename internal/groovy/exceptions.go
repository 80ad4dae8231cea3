package groovy

import (
	"errors"
	"strings"
)

// exceptionTree lists exception classes with their superclass, parents first.
var exceptionTree = [][2]string{
	{"java.lang.Exception", "java.lang.Throwable"},
	{"java.lang.Error", "java.lang.Throwable"},
	{excJavaRuntime, "java.lang.Exception"},
	{excIllegalArg, excJavaRuntime}, {excIllegalState, excJavaRuntime}, {excNull, excJavaRuntime},
	{excUnsupported, excJavaRuntime}, {excArithmetic, excJavaRuntime}, {excIndex, excJavaRuntime},
	{"java.lang.ArrayIndexOutOfBoundsException", excIndex}, {excStrIndex, excIndex},
	{"java.lang.ClassCastException", excJavaRuntime}, {excCast, "java.lang.ClassCastException"},
	{excNumber, excIllegalArg}, {"java.lang.NegativeArraySizeException", excJavaRuntime},
	{"java.lang.SecurityException", excJavaRuntime}, {"java.lang.ArrayStoreException", excJavaRuntime},
	{"java.lang.ReflectiveOperationException", "java.lang.Exception"},
	{"java.lang.ClassNotFoundException", "java.lang.ReflectiveOperationException"},
	{"java.lang.InstantiationException", "java.lang.ReflectiveOperationException"},
	{"java.lang.NoSuchMethodException", "java.lang.ReflectiveOperationException"},
	{"java.lang.NoSuchFieldException", "java.lang.ReflectiveOperationException"},
	{"java.lang.InterruptedException", "java.lang.Exception"}, {"java.lang.CloneNotSupportedException", "java.lang.Exception"},
	{"java.lang.AssertionError", "java.lang.Error"}, {"java.lang.VirtualMachineError", "java.lang.Error"},
	{excStackOverflow, "java.lang.VirtualMachineError"}, {"java.lang.OutOfMemoryError", "java.lang.VirtualMachineError"},
	{"org.codehaus.groovy.runtime.powerassert.PowerAssertionError", "java.lang.AssertionError"},
	{excNoElement, excJavaRuntime}, {"java.util.InputMismatchException", excNoElement},
	{"java.util.ConcurrentModificationException", excJavaRuntime}, {"java.util.MissingResourceException", excJavaRuntime},
	{"java.util.EmptyStackException", excJavaRuntime},
	{"java.util.concurrent.TimeoutException", "java.lang.Exception"}, {"java.util.concurrent.ExecutionException", "java.lang.Exception"},
	{"java.util.concurrent.CancellationException", excIllegalState}, {"java.util.concurrent.CompletionException", excJavaRuntime},
	{"java.util.regex.PatternSyntaxException", excIllegalArg}, {"java.util.IllegalFormatException", excIllegalArg},
	{"java.io.IOException", "java.lang.Exception"}, {"java.io.FileNotFoundException", "java.io.IOException"},
	{"java.io.EOFException", "java.io.IOException"}, {"java.io.UncheckedIOException", excJavaRuntime},
	{"java.io.UnsupportedEncodingException", "java.io.IOException"},
	{"java.net.URISyntaxException", "java.lang.Exception"}, {"java.net.MalformedURLException", "java.io.IOException"},
	{"java.net.UnknownHostException", "java.io.IOException"}, {"java.net.SocketException", "java.io.IOException"},
	{"java.net.ConnectException", "java.net.SocketException"}, {"java.net.ProtocolException", "java.io.IOException"},
	{"java.net.SocketTimeoutException", "java.io.InterruptedIOException"}, {"java.io.InterruptedIOException", "java.io.IOException"},
	{"java.text.ParseException", "java.lang.Exception"},
	{"java.time.DateTimeException", excJavaRuntime}, {"java.time.temporal.UnsupportedTemporalTypeException", "java.time.DateTimeException"}, {"java.time.format.DateTimeParseException", "java.time.DateTimeException"},
	{"java.security.GeneralSecurityException", "java.lang.Exception"},
	{"java.security.NoSuchAlgorithmException", "java.security.GeneralSecurityException"},
	{"java.security.KeyException", "java.security.GeneralSecurityException"},
	{"java.security.InvalidKeyException", "java.security.KeyException"},
	{"java.security.SignatureException", "java.security.GeneralSecurityException"},
	{"java.security.InvalidAlgorithmParameterException", "java.security.GeneralSecurityException"},
	{"java.security.NoSuchProviderException", "java.security.GeneralSecurityException"},
	{"java.security.spec.InvalidKeySpecException", "java.security.GeneralSecurityException"},
	{"java.security.cert.CertificateException", "java.security.GeneralSecurityException"},
	{"java.security.cert.CertificateExpiredException", "java.security.cert.CertificateException"},
	{"java.security.cert.CertificateNotYetValidException", "java.security.cert.CertificateException"},
	{"java.security.cert.CertificateEncodingException", "java.security.cert.CertificateException"},
	{"java.security.cert.CertificateParsingException", "java.security.cert.CertificateException"},
	{"javax.crypto.BadPaddingException", "java.security.GeneralSecurityException"},
	{"javax.crypto.AEADBadTagException", "javax.crypto.BadPaddingException"},
	{"javax.crypto.NoSuchPaddingException", "java.security.GeneralSecurityException"},
	{"javax.crypto.IllegalBlockSizeException", "java.security.GeneralSecurityException"},
	{excRuntime, excJavaRuntime}, {"org.codehaus.groovy.control.CompilationFailedException", excRuntime},
	{excCompilation, "org.codehaus.groovy.control.CompilationFailedException"},
	{excNoProperty, excRuntime}, {excNoMethod, excRuntime}, {excReadOnly, excNoProperty},
	{"groovy.json.JsonException", excJavaRuntime}, {"groovy.util.ScriptException", "java.lang.Exception"},
	{"groovy.util.ResourceException", "java.lang.Exception"},
}

func exceptionClasses() []*Class {
	thrown := func(th *thread, v Value) *Thrown { return th.asThrown(v) }
	out := []*Class{{
		Name: "java.lang.Throwable",
		New:  newThrowable,
		Methods: map[string]Method{
			"getMessage": func(c *Call) (Value, error) {
				t := thrown(c.th, c.This)
				if t.NoMsg {
					return nil, nil
				}
				return t.Message, nil
			},
			"getLocalizedMessage": func(c *Call) (Value, error) { return c.InvokeMethod(c.This, "getMessage") },
			"getCause": func(c *Call) (Value, error) {
				switch x := thrown(c.th, c.This).Cause.(type) {
				case nil:
					return nil, nil
				case *Thrown:
					return x.Exception(), nil
				default:
					if h, ok := x.(Host); ok {
						return h, nil
					}
					return &Thrown{Class: excJavaRuntime, Message: x.Error()}, nil
				}
			},
			"initCause": func(c *Call) (Value, error) {
				t, cause := thrown(c.th, c.This), causeOf(c.Arg(0))
				for e := cause; e != nil; e = errors.Unwrap(e) {
					if e == error(t) { // Go walks causes to their end
						return nil, Throw(excIllegalArg, "Self-causation not permitted")
					}
				}
				t.Cause = cause
				return c.This, nil
			},
			"addSuppressed": func(c *Call) (Value, error) {
				t := thrown(c.th, c.This)
				t.Suppressed = append(t.Suppressed, c.Arg(0))
				return nil, nil
			},
			"getSuppressed": func(c *Call) (Value, error) {
				return newArray("java.lang.Throwable", append([]Value(nil), thrown(c.th, c.This).Suppressed...)), nil
			},
			"toString": func(c *Call) (Value, error) { return c.th.str(c.This), nil },
			"getStackTrace": func(c *Call) (Value, error) {
				var out []Value
				for _, f := range thrown(c.th, c.This).Frames {
					out = append(out, f.Func+"("+f.File+":"+itoa(f.Line)+")")
				}
				return newArray("java.lang.StackTraceElement", out), nil
			},
			"printStackTrace": func(c *Call) (Value, error) {
				text := thrown(c.th, c.This).Detail() + "\n"
				if w, ok := c.Arg(0).(*writer); ok {
					return nil, w.write(c, text)
				}
				c.th.print(text)
				return nil, nil
			},
			"fillInStackTrace": func(c *Call) (Value, error) { return c.This, nil },
			"setStackTrace":    func(c *Call) (Value, error) { return nil, nil },
		},
	}}
	for _, e := range exceptionTree {
		k := NewException(e[0], e[1])
		switch e[0] {
		case excNoProperty:
			k.Get = map[string]func(Value) (Value, error){"property": missing("No such property: ", " for class: ")}
		case excNoMethod:
			k.Get = map[string]func(Value) (Value, error){"method": missing(".", "() is applicable")}
		}
		out = append(out, k)
	}
	return out
}

// missing takes the name of what is missing from a message, where it stands between two texts.
func missing(before, after string) func(Value) (Value, error) {
	return func(v Value) (Value, error) {
		if t, ok := causeOf(v).(*Thrown); ok {
			head, _, ok := strings.Cut(t.Message, after)
			if at := strings.LastIndex(head, before); ok && at >= 0 {
				return head[at+len(before):], nil
			}
		}
		return nil, nil
	}
}
