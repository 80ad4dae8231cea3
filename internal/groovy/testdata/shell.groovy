-- a shell with a binding --
def b = new Binding([a: 2, m: [k: 'v']])
println new GroovyShell(b).evaluate('x = a * 21; x')
println b.x
println new GroovyShell(b).evaluate("m.k + '!'")
---
42
42
v!
-- a shell of its own --
def s = new GroovyShell()
s.setVariable('n', 5)
s.m = 6
println s.evaluate('n + m')
println s.getVariable('n') + s.context.getVariable('m')
try { s.evaluate('nothere') } catch (MissingPropertyException e) { println e.message.contains('nothere') }
---
11
11
true
-- the script's own binding --
count = 1
new GroovyShell(binding).evaluate('count += 1')
evaluate('count += 10')
println count
def local = 1
try { evaluate('local') } catch (MissingPropertyException e) { println 'locals are not seen' }
---
12
locals are not seen
-- parse and run --
def b = new Binding()
def s = new GroovyShell(b).parse('def twice(x) { x * 2 }; twice(n)')
b.n = 4
println s.run()
s.binding = new Binding(n: 'a')
println s.run()
---
8
aa
-- Eval --
println Eval.me('1 + 2')
println Eval.me('who', 'you', '"hello $who"')
println Eval.x(3, 'x ** 2') + Eval.xy(1, 2, 'x - y') + Eval.xyz(1, 2, 3, 'x + y + z')
---
3
hello you
14
-- a text that does not compile --
import org.codehaus.groovy.control.CompilationFailedException
try { Eval.me('1 +') } catch (CompilationFailedException e) { println e.message.contains('startup failed') }
try { new GroovyShell().evaluate('new NoSuchThing()') } catch (GroovyRuntimeException e) { println e.message.contains('NoSuchThing') }
---
true
true
-- a text has the limits of the script --
new GroovyShell().evaluate('while (true) { }')
---
!too many steps
-- a text that is too long --
try { Eval.me('1' + ' ' * 70000) } catch (IllegalArgumentException e) { println 'refused' }
---
refused
-- texts in texts --
def f = 'evaluate(t)'
t = f
evaluate(f)
---
!too deeply
