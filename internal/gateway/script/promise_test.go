package script

import "testing"

// TestPromiseMethods has a row for each method of a promise, on each way that it can end.
func TestPromiseMethods(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"then: result", "ok.then { it + '1' }", "ok1"},
		{"then: exception passes", "bad.then { 'no' }.thenCatch { it.message }", "bad"},
		{"then: both", "bad.then({ 'no' }, { e -> 'as ' + e.message })", "as bad"},
		{"then: runtime function", "broken.then({ 'no' }, { 'no' }, { e -> 'rt ' + e.message })", "rt broken"},
		{"thenAsync", "ok.thenAsync { newResultPromise(it + '2') }", "ok2"},
		{"thenAsync: both", "bad.thenAsync({ ok }, { e -> newResultPromise('async ' + e.message) })", "async bad"},
		{"thenOnResult", "ok.thenOnResult { seen << it; 'other' }.then { it + seen }", "ok[ok]"},
		{"thenOnException", "bad.thenOnException { seen << it.message }.thenCatch { it.message + seen }", "bad[bad]"},
		{"thenOnException: not for runtime exceptions", "broken.thenOnException { seen << 1 }.thenCatchRuntimeException { it.message + seen }", "broken[]"},
		{"thenOnRuntimeException", "broken.thenOnRuntimeException { seen << it.message }.thenCatchRuntimeException { '' + seen }", "[broken]"},
		{"thenOnResultOrException: one", "bad.thenOnResultOrException({ seen << 'ran' } as Runnable).thenCatch { '' + seen }", "[ran]"},
		{"thenOnResultOrException: two", "bad.thenOnResultOrException({ seen << 'r' }, { seen << 'e' }).thenCatch { '' + seen }", "[e]"},
		{"thenAlways", "broken.thenAlways { seen << 'a' }.thenCatchRuntimeException { '' + seen }", "[a]"},
		{"thenFinally", "ok.thenFinally { seen << 'f' }.then { it + seen }", "ok[f]"},
		{"thenCatch", "bad.thenCatch { 'caught' }", "caught"},
		{"thenCatchAsync", "bad.thenCatchAsync { ok }", "ok"},
		{"thenCatchRuntimeException", "broken.thenCatchRuntimeException { 'caught' }", "caught"},
		{"thenCatchRuntimeExceptionAsync", "broken.thenCatchRuntimeExceptionAsync { ok }", "ok"},
		{"thenDiscardResult", "ok.thenDiscardResult().then { '' + it }", "null"},
		{"get", "ok.get() + ok.getOrThrow() + ok.getOrThrowUninterruptibly()", "okokok"},
		{"get throws", "try { bad.getOrThrow() } catch (IOException e) { e.message }", "bad"},
		{"isDone, cancel", "\"${ok.isDone()} ${PromiseImpl.create().isDone()} ${ok.cancel(true)} ${ok.isCancelled()}\"", "true false false false"},
		{"handleException", "def p = PromiseImpl.create(); p.handleException(new IOException('h')); p.thenCatch { it.message }", "h"},
		{"handleRuntimeException", "def p = PromiseImpl.create(); p.handleRuntimeException(new IllegalStateException('h')); p.thenCatchRuntimeException { it.message }", "h"},
		{"tryHandleResult", "def p = PromiseImpl.create(); p.tryHandleResult(1) + ' ' + p.tryHandleResult(2) + p.get()", "true false1"},
		{"newPromise, join", "Promises.join(newPromise { 'a' }, ok).then { it.join() }", "aok"},
		{"when fails with one", "Promises.when([ok, bad]).thenCatch { it.message }", "bad"},
		{"as Function", "ok.then({ it + 'f' } as Function)", "okf"},
		{"as AsyncFunction", "ok.thenAsync({ newResultPromise(it + 'a') } as AsyncFunction)", "oka"},
		{"as ResultHandler", "ok.thenOnResult({ seen << it } as ResultHandler).then { '' + seen }", "[ok]"},
		{"without parameters", "ok.then { -> 'zero' }", "zero"},
		{"a callback fails", "ok.then { throw new IllegalStateException('cb') }.thenCatchRuntimeException { it.message }", "cb"},
		{"order of callbacks", "def p = PromiseImpl.create(); p.then { seen << 1 }.then { seen << 2 }; p.then { seen << 3 }; p.handleResult(0); '' + seen", "[1, 2, 3]"},
		{"Responses", "'' + Responses.newInternalServerError().status.code + Responses.newInternalServerError(new IOException('c')).cause.message + Responses.newNotFound().status.code", "500c404"},
		{"Responses: functions", "bad.thenCatch(Responses.onExceptionInternalServerError()).then { it.status.code + '' }", "500"},
		{"Responses: no exception", "ok.then({ it }, Responses.noopExceptionFunction())", "ok"},
		{"a long chain", "def p = PromiseImpl.create(), q = p; 50_000.times { q = q.then { it + 1 } }; p.handleResult(0); '' + q.get()", "50000"},
		{"a long chain of promises in promises", "def p = PromiseImpl.create(), q = p; 50_000.times { def r = q; q = ok.thenAsync { r } }; p.handleResult('end'); q.get()", "end"},
		{"never", "try { PromiseImpl.create().get() } catch (IllegalStateException e) { 'never' }", "never"},
		{"a promise that waits for itself", "def q, p = PromiseImpl.create(); q = p.thenAsync { q }; p.handleResult(1); try { q.get() } catch (IllegalStateException e) { 'never' }", "never"},
		{"promises that wait for each other", "def a, b, p = PromiseImpl.create(); a = p.thenAsync { b }; b = p.thenAsync { a }; p.handleResult(1); try { a.get() } catch (IllegalStateException e) { 'never' }", "never"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := "import org.forgerock.util.promise.*\ndef ok = newResultPromise('ok'), bad = newExceptionPromise(new IOException('bad')), " +
				"broken = newRuntimeExceptionPromise(new IllegalArgumentException('broken')), seen = []\ndef found = { -> " + c.src +
				" }()\nreturn (found instanceof Promise ? found : newResultPromise(found)).then { say(it) }\n" + sayMethod
			if _, body := respond(t, newRig(t).source(src), newExchange("/")); body != c.want {
				t.Errorf("answer = %q, want %q", body, c.want)
			}
		})
	}
}
