-- unclosed string --
def a = 'abc
println a
---
!script.groovy:1:9: the string does not end on its line
-- unclosed bracket --
println([1, 2)
---
!script.groovy:1:14: expected ']' to close '[' of line 1, found ')'
-- unexpected token --
def x = 5 5
---
!script.groovy:1:11: unexpected '5'
-- missing expression --
def x = 
println 1 +
---
!unexpected
-- keyword as variable --
def class = 1
---
!script.groovy:1:
-- caret below the column --
def y = foo(1,
  2 3)
---
!^
-- duplicate variable --
def a = 1
def a = 2
---
!script.groovy:2:5: the variable a is already declared in line 1
-- duplicate method --
def f(String a) { 1 }
def f(String b) { 2 }
---
!script.groovy:2:5: the method f with the same parameters is already defined in line 1
-- unknown type of a variable --
Foo x = 1
---
!unable to resolve class Foo
-- unknown type in catch --
try { 1 } catch (NopeException e) { }
---
!unable to resolve class NopeException
-- unknown type in instanceof --
println 1 instanceof Nope
---
!unable to resolve class Nope
-- misspelt class --
def m = new HashMpa()
---
!did you mean "java.util.HashMap"?
-- assignment to a literal --
5 = x
---
!cannot be assigned to
-- assignment to a call --
foo() = 1
---
!the left side of '=' is not a variable, property or element
-- try alone --
try { 1 }
---
!'try' without 'catch' or 'finally'
-- else alone --
else { 1 }
---
!unexpected 'else'
-- grab --
@Grab('a:b:1')
import a.B
---
!@Grab is not supported
-- runtime error position --
def f(m) {
  m.a.b
}
f([:])
---
!script.groovy:2:7: java.lang.NullPointerException: Cannot get property 'b' on null object
-- missing method text --
'abc'.nope(1, 'x')
---
!No signature of method: java.lang.String.nope() is applicable for argument types: (Integer, String) values: [1, x]
-- missing static method --
Math.nope()
---
!No signature of method: static java.lang.Math.nope()
-- missing script method --
foo(1)
---
!No signature of method: script.foo() is applicable for argument types: (Integer)
-- missing variable --
println nope
---
!groovy.lang.MissingPropertyException: No such property: nope for class: script
-- division by zero --
println 1 / 0
---
!java.lang.ArithmeticException: Division by zero
-- index out of bounds --
println 'abc'.substring(5)
---
!java.lang.StringIndexOutOfBoundsException
-- cannot compare --
println([1] < [2])
---
!Cannot compare
-- throw null --
throw null
---
!NullPointerException
-- throw something else --
throw 'text'
---
!Cannot cast object 'text'
-- bad regular expression --
'a' =~ '['
---
!java.util.regex.PatternSyntaxException
-- bad escape --
println 'a\q'
---
!script.groovy:1:11: unknown escape '\q' in a string
-- class in a block --
if (true) { class X { } }
---
!a class cannot be declared inside a block
-- number out of range --
println 3000000000I
---
!is not a number of its type's range
-- missing closing brace of class --
class A { def f() { 1 }
---
!'{' is never closed
-- a class above itself --
class A extends A {}
println 1
---
!class A extends itself
-- an interface above itself --
interface A extends B {}
interface B extends A {}
println 1
---
!class A extends itself
-- a class that implements itself --
class A implements A {}
println 1
---
!class A extends itself
