// Puts bounds on the built-in functions that may work for very long, or ask for very
// much memory, within a single call: while one runs nothing can interrupt the script.
// Only scripts that may come to one of them pay for this: all tells whether that is any
// of them, and has whether the script has a name.
(function (all, has) {
    var maxItems = 1000000, maxText = 4194304;
    var apply = Function.prototype.call.bind(Function.prototype.apply);
    var own = Object.getOwnPropertyDescriptor, define = Object.defineProperty;
    var isArray = Array.isArray, TooMuch = RangeError, Wrong = TypeError, text = String;

    function refuse(name) {
        throw new TooMuch(name + ": too much for one call");
    }
    // The length of what an array function works on, which must not change under its hands.
    function size(list, name) {
        if (list === null || list === undefined || typeof list === "string") {
            return list ? list.length : 0;
        }
        var length = own(Object(list), "length");
        if (length === undefined) {
            if ("length" in Object(list)) {
                throw new Wrong(name + ": not for this kind of object");
            }
            return 0;
        }
        if (!("value" in length)) {
            throw new Wrong(name + ": not for this kind of object");
        }
        return length.value > 0 ? +length.value : 0;
    }
    function wrap(target, name, check) {
        var f = target[name];
        if (typeof f !== "function") {
            return;
        }
        var label = text(name);
        var wrapped = function () {
            check(this, arguments, label);
            return apply(f, this, arguments);
        };
        define(target, name, {value: wrapped, writable: true, configurable: true, enumerable: false});
    }
    // Wraps those functions of a prototype that the script can name.
    function each(type, names, check) {
        for (var i = 0; i < names.length; i++) {
            if (has(names[i])) {
                wrap(type.prototype, names[i], check);
            }
        }
    }
    function items(list, args, name) {
        if (size(list, name) > maxItems) {
            refuse(name);
        }
    }
    function characters(string, args, name) {
        if (string !== null && string !== undefined && text(string).length > maxText) {
            refuse(name);
        }
    }

    each(Array, ["join"], function (list, args, name) {
        var n = size(list, name), total = n * (args[0] === undefined ? 1 : text(args[0]).length);
        if (n > maxItems) {
            refuse(name);
        }
        for (var i = 0; i < n && total <= maxText; i++) {
            if (typeof list[i] === "string") {
                total += list[i].length;
            }
        }
        if (total > maxText) {
            refuse(name);
        }
    });
    each(String, ["split", "match", "matchAll", "normalize", "search"], characters);
    each(String, ["repeat"], function (self, args, name) {
        if (text(self).length * args[0] > maxText) {
            refuse(name);
        }
    });
    each(String, ["padStart", "padEnd"], function (self, args, name) {
        if (args[0] > maxText) {
            refuse(name);
        }
    });
    each(String, ["concat"], function (self, args, name) {
        var total = text(self).length;
        for (var i = 0; i < args.length; i++) {
            total += text(args[i]).length;
        }
        if (total > maxText) {
            refuse(name);
        }
    });
    function replaced(string, by, name) {
        var n = text(string).length, m = typeof by === "function" ? 1 : text(by).length;
        // "$'" in the replacement stands for the rest of the text.
        var often = typeof by !== "function" && text(by).indexOf("$") >= 0 ? n + 1 : 1;
        if ((n + 1) * (m + 1) * often > maxText * 16 || n > maxText) {
            refuse(name);
        }
    }
    each(String, ["replace", "replaceAll"], function (self, args, name) { replaced(self, args[1], name); });

    // A copy may be much larger than what it is made from, where parts appear many times.
    if (has("stringify")) {
        wrap(JSON, "stringify", function (self, args, name) {
            var left = maxText;
            (function measure(v, depth) {
                left -= typeof v === "string" ? v.length : 1;
                if (left < 0 || depth > 100) {
                    refuse(name);
                }
                if (v === null || typeof v !== "object") {
                    return;
                }
                if (isArray(v)) {
                    items(v, null, name);
                    for (var i = 0; i < v.length; i++) {
                        measure(v[i], depth + 1);
                    }
                    return;
                }
                for (var k in v) {
                    left -= k.length;
                    measure(v[k], depth + 1);
                }
            }(args[0], 0));
        });
    }
    if (!all) {
        return;
    }

    each(Array, ["concat", "copyWithin", "entries", "every", "fill", "filter", "find", "findIndex", "findLast",
        "findLastIndex", "flat", "flatMap", "forEach", "includes", "indexOf", "keys", "lastIndexOf", "map", "reduce",
        "reduceRight", "reverse", "shift", "slice", "some", "sort", "splice", "toLocaleString", "toReversed", "toSorted",
        "toSpliced", "unshift", "with", "values"], items);
    define(Array.prototype, Symbol.iterator,
        {value: Array.prototype.values, writable: true, configurable: true, enumerable: false});
    wrap(Array, "from", function (self, args, name) { items(args[0], args, name); });
    wrap(String.prototype, Symbol.iterator, characters);
    wrap(RegExp.prototype, Symbol.replace, function (self, args, name) { replaced(args[0], args[1], name); });
    wrap(Function.prototype, "apply", function (self, args, name) { items(args[1], args, name); });
    wrap(Reflect, "apply", function (self, args, name) { items(args[2], args, name); });
    wrap(Reflect, "construct", function (self, args, name) { items(args[1], args, name); });

    // What is compiled while the script runs escapes the checks that its text has passed.
    function noCode() {
        throw new Wrong("code cannot be made from text in these scripts");
    }
    noCode.prototype = Function.prototype;
    globalThis.eval = noCode;
    globalThis.Function = noCode;
    [function () {}, function* () {}, async function () {}].forEach(function (f) {
        define(Object.getPrototypeOf(f), "constructor", {value: noCode, writable: false, configurable: false});
    });

    // Binary data, big numbers and proxies have no place in these scripts.
    ["ArrayBuffer", "SharedArrayBuffer", "DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array",
        "Uint16Array", "Int32Array", "Uint32Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
        "BigInt", "Proxy"].forEach(function (name) {
        delete globalThis[name];
    });
});
