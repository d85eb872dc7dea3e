// What an expression sees, and the function that evaluates one.
//
// A helper serves many calls, so nothing an expression does may outlive it: every built-in object is
// frozen, values arrive as JSON and leave as JSON, and the code is strict (no `arguments.callee`,
// no accidental globals). Compiled functions are kept by source.
(function (global, cacheSize, maxResult, setZones) {
  "use strict";
  const { parse, stringify } = JSON;
  const compile = Function;
  const cache = new Map();
  const maxError = 500;

  const seen = new Set();
  function freeze(value) {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
    if (seen.has(value)) return;
    seen.add(value);
    Object.freeze(value);
    freeze(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      freeze(property.value);
      freeze(property.get);
      freeze(property.set);
    }
  }
  // Built-ins that no property of the global object leads to.
  const hidden = [
    [][Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    ""[Symbol.iterator](),
    "".matchAll(/a/g),
    (function* () {})(),
    (async function* () {})(),
    (async function () {})(),
    Object.getOwnPropertyDescriptor(compile.prototype, "caller"),
  ];
  for (const value of hidden) freeze(value);
  freeze(global);

  function parameters(names, given) {
    const known = names.slice(0, given);
    for (const name of names.slice(given)) if (!(name in global)) known.push(name);
    return known;
  }

  function compiled(source, names, given) {
    const key = source + "\0" + names + "\0" + given;
    let expression = cache.get(key);
    if (expression === undefined) {
      if (cache.size >= cacheSize) cache.clear();
      const known = parameters(names, given);
      // `a);(b` is no expression: it does not stand in brackets as well.
      new compile(...known, '"use strict"; return [\n' + source + "\n];");
      expression = new compile(...known, '"use strict"; return (\n' + source + "\n);");
      cache.set(key, expression);
    }
    return expression;
  }

  // call.headers is a list of {name, value}; call.headers["X-Foo"] finds the value too. A number is
  // no name: it would make the list as long.
  function nameHeaders(headers) {
    if (!Array.isArray(headers)) return;
    for (const header of headers) {
      if (header && typeof header.name === "string" && !(header.name >= 0 || header.name in headers))
        Object.defineProperty(headers, header.name, { value: header.value });
    }
  }

  // Joined, because a long string made by `+` is a rope, which the Python binding does not know.
  const reply = (kind, content) => [kind, content].join("");

  function text(value) {
    if (value === undefined) return "u";
    if (typeof value === "bigint" || (typeof value === "number" && !isFinite(value)))
      return reply("v", stringify(String(value)));
    const json = stringify(value);
    if (json === undefined) return reply("eTypeError: the value is a ", typeof value);
    if (json.length > maxResult) return "eRangeError: the value is too large";
    return reply("v", json);
  }

  // request: [source, names, values, zones]; names beyond the values are undefined unless built in.
  return function evaluate(request) {
    try {
      const [source, names, values, zones] = parse(request);
      setZones(zones);
      const at = names.indexOf("call");
      if (at >= 0 && at < values.length && values[at]) nameHeaders(values[at].headers);
      return text(compiled(source, names, values.length)(...values));
    } catch (error) {
      return reply("e", String(error).slice(0, maxError).toWellFormed());
    }
  };
});
