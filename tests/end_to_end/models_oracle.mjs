// Checks data models of a running server against ajv: both must call the same values valid.
//   node models_oracle.mjs BASE SEED SCHEMAS VALUES
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const fc = (await import(pathToFileURL(require.resolve("fast-check")).href)).default;
const Ajv2020 = require("ajv/dist/2020").default;
const Ajv2019 = require("ajv/dist/2019").default;
const Ajv07 = require("ajv").default;
const addFormats = require("ajv-formats").default;

const base = process.argv[2];
const [seed, schemas, values] = process.argv.slice(3).map(Number);
const make = (Kind) => {
  const ajv = new Kind({ strict: false, logger: false });
  addFormats(ajv);
  return ajv;
};
const oracles = { "2020-12": Ajv2020, "2019-09": Ajv2019, "draft-07": Ajv07 };

// Few names, texts (no null, which the simplified form of an entity cannot say) and numbers, so that values and schemas are about the same things.
const name = fc.constantFrom("a", "b", "c", "dd");
const scalar = fc.oneof(fc.integer({ min: -2, max: 4 }), fc.constantFrom(0.5, 2.5, 1e10), fc.constantFrom("", "a", "ab", "bcd", "서울", "😀", "2026-11-22", "2026-11-22T08:05:00Z", "a@b.c"), fc.boolean());
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "small", withCrossShrink: true }, scalar, fc.array(tie("any"), { maxLength: 4 }), fc.dictionary(name, tie("any"), { maxKeys: 4, noNullPrototype: true })),
})).any;

const count = fc.integer({ min: 0, max: 3 });
const merged = (parts) => Object.assign({}, ...parts);
// A schema of a few keywords. "unevaluated" asks where schemas are applied in place.
function schemaOf(draft) {
  const isNew = draft === "2020-12";
  const places = draft === "draft-07" ? ["#/$defs/one", "#/$defs/two"] : ["root.json#/$defs/one", "root.json#two", "/root.json#two"];
  return fc.letrec((tie) => {
    const one = tie("schema");
    const some = fc.array(one, { minLength: 1, maxLength: 3 });
    const byName = fc.dictionary(name, one, { maxKeys: 3, noNullPrototype: true });
    const named = fc.uniqueArray(name, { maxLength: 2 });
    const keyword = (key, arbitrary) => arbitrary.map((it) => ({ [key]: it }));
    const leaves = [
      keyword("type", fc.oneof(fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object"), fc.uniqueArray(fc.constantFrom("integer", "string", "array", "object", "null"), { minLength: 1, maxLength: 3 }))),
      keyword("enum", fc.array(value, { minLength: 1, maxLength: 4 })), keyword("const", value),
      keyword("minimum", fc.integer({ min: -1, max: 3 })), keyword("maximum", fc.integer({ min: -1, max: 3 })),
      keyword("exclusiveMinimum", fc.integer({ min: -1, max: 3 })), keyword("exclusiveMaximum", fc.integer({ min: -1, max: 3 })), keyword("multipleOf", fc.constantFrom(1, 2, 0.5)),
      keyword("minLength", count), keyword("maxLength", count), keyword("pattern", fc.constantFrom("^a", "b", "c$", "^[a-c]+$")),
      keyword("format", fc.constantFrom("date", "date-time", "email", "something-else")),
      keyword("minItems", count), keyword("maxItems", count), keyword("uniqueItems", fc.boolean()),
      keyword("minProperties", count), keyword("maxProperties", count), keyword("required", named),
    ];
    const branches = [
      keyword("properties", byName), keyword("patternProperties", fc.dictionary(fc.constantFrom("^a", "b", "d+"), one, { maxKeys: 2, noNullPrototype: true })),
      keyword("additionalProperties", one), keyword("propertyNames", one),
      keyword("allOf", some), keyword("anyOf", some), keyword("oneOf", some), keyword("not", one),
      fc.record({ if: one, then: one, else: one }, { requiredKeys: ["if"] }),
      keyword("$ref", fc.constantFrom(...places)),
      ...(isNew
        ? [keyword("prefixItems", some), keyword("items", one), keyword("dependentRequired", fc.dictionary(name, named, { maxKeys: 2, noNullPrototype: true })),
           keyword("dependentSchemas", byName), keyword("unevaluatedProperties", one), keyword("unevaluatedProperties", fc.constant(false)),
           fc.record({ contains: one, minContains: fc.integer({ min: 0, max: 2 }), maxContains: fc.integer({ min: 2, max: 3 }) }, { requiredKeys: ["contains", "maxContains"] }),
           fc.record({ prefixItems: some, unevaluatedItems: one })]
        : [fc.record({ items: some, additionalItems: one }, { requiredKeys: ["items"] }), keyword("additionalItems", one), keyword("items", one), keyword("contains", one),
           keyword("dependencies", fc.dictionary(name, fc.oneof(one, named), { maxKeys: 2, noNullPrototype: true }))]),
    ];
    const leaf = fc.oneof(...leaves);
    const branch = fc.oneof(...branches);
    return {
      schema: fc.oneof({ depthSize: "small", maxDepth: 4 }, fc.oneof({ weight: 9, arbitrary: leaf }, { weight: 1, arbitrary: fc.boolean() }),
        fc.tuple(branch, leaf).map(merged), fc.tuple(branch, branch).map(merged), fc.tuple(branch, branch, branch).map(merged)),
    };
  }).schema;
}

// The whole: of the newer drafts with names, and schemas that lead through one another by dynamic references: "outer" takes
// the place of "inner" wherever a check has come through it. ajv keeps what it came through also for schemas beside, so that
// only one of them is entered.
function wholeOf(draft, { probe, one, two, entered }) {
  const type = { const: "Oracle" };
  if (draft === "draft-07") return { properties: { type, probe }, $defs: { one, two } };
  const again = draft === "2020-12" ? { $dynamicRef: "#node" } : { $recursiveRef: "#" };
  const node = draft === "2020-12" ? { $dynamicAnchor: "node" } : { $recursiveAnchor: true };
  return {
    $id: "https://example.org/root.json", properties: { type, probe: { $ref: entered, allOf: [probe] } },
    $defs: {
      one: { allOf: [one] }, two: { $anchor: "two", allOf: [two] },
      inner: { $id: "inner", ...node, properties: { a: again }, items: again, anyOf: [{ type: ["object", "array"] }, { $ref: "root.json#/$defs/one" }] },
      outer: { $id: "/outer", ...node, $ref: "inner", allOf: [two] },
    },
  };
}

// ajv takes all items as looked at beside `contains`, where the standard counts those that fit, and what alternatives of a
// `oneOf` have looked at also where two of them fit; of draft 07, `$ref` is alone in its schema; and an empty array passes `contains` where an earlier check went well.
// None of that is tried.
const hides = (schema, draft) => JSON.stringify(schema, (key, it) => {
  if (it && typeof it === "object" && !Array.isArray(it)) {
    if (("contains" in it || "oneOf" in it) && JSON.stringify(schema).includes("unevaluated")) throw hides;
    if (draft === "draft-07" && "$ref" in it && Object.keys(it).length > 1) throw hides;
  }
  return it;
});
const isTried = (schema, draft) => {
  try {
    hides(schema, draft);
    return true;
  } catch (error) {
    if (error === hides) return false;
    throw error;
  }
};

const send = async (method, path, body) => fetch(base + path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
let checked = 0, refused = 0, valid = 0;
const failures = [];
for (const [which, draft] of Object.keys(oracles).entries()) {
  const probe = schemaOf(draft);
  const whole = fc.record({ probe, one: probe, two: probe, entered: fc.constantFrom("inner", "outer", "root.json#two") });
  const entities = fc.sample(fc.array(value, { minLength: values, maxLength: values }), { seed, numRuns: schemas });
  for (const [number, made] of fc.sample(whole, { seed: seed * 10 + which, numRuns: schemas }).entries()) {
    const schema = wholeOf(draft, made);
    if (!isTried(schema, draft) || failures.length >= 5) continue;
    let oracle;
    try {
      oracle = make(oracles[draft]).compile(schema);
    } catch {
      continue;  // $refs that lead round in a circle, which it does not take
    }
    const put = await send("PUT", `/api/models/Oracle/versions/${seed}.${which}.${number}`, { schema });
    if (put.status !== 201) {
      failures.push({ what: `refused: ${await put.text()}`, schema });
      continue;
    }
    const isLoose = JSON.stringify(schema).includes('"contains"');
    for (const value of entities[number]) {
      if (isLoose && JSON.stringify(value).includes("[]")) continue;
      let wanted;
      try {
        wanted = oracle({ type: "Oracle", probe: value });
      } catch {
        continue;  // its stack is at its end: a schema that leads to itself
      }
      const answer = await send("POST", `/api/models/Oracle/check?options=keyValues&version=${seed}.${which}.${number}`, { id: "urn:o:1", type: "Oracle", probe: value });
      const text = await answer.text();
      if (answer.status !== 200) {
        refused += 1;
        if (process.env.SAY) console.log(JSON.stringify(value), text.slice(0, 200));
        continue;
      }
      checked += 1;
      const told = JSON.parse(text);
      if (told.findings.some((one) => one.rule === "steps")) continue;
      valid += told.valid ? 1 : 0;
      if (told.valid !== wanted) failures.push({ what: `${told.valid ? "valid" : "invalid"} here, not by ajv`, draft, value, findings: told.findings, ajv: oracle.errors, schema });
      if (failures.length >= 5) break;
    }
    await (await send("DELETE", `/api/models/Oracle/versions/${seed}.${which}.${number}`)).arrayBuffer();
  }
}
for (const failure of failures) console.log(JSON.stringify(failure));
console.log(JSON.stringify({ seed, checked, valid, refused, failures: failures.length }));
process.exit(failures.length === 0 ? 0 : 1);
