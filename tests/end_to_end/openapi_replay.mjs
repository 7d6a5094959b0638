// Replays what the description of a running server allows and forbids, made from its schemas.
//   node openapi_replay.mjs BASE SEED CASES SECONDS FOLDER
// Of each operation CASES requests that keep to the description, and each way of breaking it: answers must have a described
// status and a body of the described schema, never 5xx; what breaks it a described 4xx with problem details.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const fc = (await import(pathToFileURL(require.resolve("fast-check")).href)).default;
const Ajv2020 = require("ajv/dist/2020").default;
const addFormats = require("ajv-formats").default;

const [base, folder] = [process.argv[2], process.argv[6]];
const [seed, cases, seconds] = [process.argv[3], process.argv[4], process.argv[5]].map(Number);
const deadline = Date.now() + seconds * 1000;

const description = await (await fetch(`${base}/openapi.json`)).json();
const ajv = new Ajv2020({ strict: false, allErrors: false });
addFormats(ajv);
ajv.addSchema(description, "api");
const validators = new Map();
const validatorAt = (pointer) => {
  if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: `api#${pointer}` }));
  return validators.get(pointer);
};
const escaped = (name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
const resolved = (node) => {
  while (node?.$ref) node = node.$ref.slice(2).split("/").reduce((at, name) => at[name], description);
  return node;
};

// What is asked about must be there; what a request ends must not be what others need.
const sensors = [1, 2, 3].map((number) => ({
  id: `urn:ngsi-ld:Device:${number}`, type: "Device", name: "a", scope: "/Seoul/Jamsil",
  temperature: { type: "Property", value: 20 + number, unitCode: "CEL", observedAt: "2026-11-22T08:05:00Z" },
  location: { type: "GeoProperty", value: { type: "Point", coordinates: [127.1, 37.5] } } }));
const subscription = (id) => ({ id, type: "Subscription", entities: [{ type: "Device" }], isActive: false, notification: { endpoint: { uri: "http://127.0.0.1:9/hear" } } });
const seeds = [
  ["POST", "/ngsi-ld/v1/entityOperations/upsert", sensors],
  ["POST", "/ngsi-ld/v1/subscriptions", subscription("urn:ngsi-ld:Subscription:1")],
  ["POST", "/ngsi-ld/v1/csourceSubscriptions", subscription("urn:ngsi-ld:Subscription:2")],
  ["POST", "/ngsi-ld/v1/csourceRegistrations", { id: "urn:ngsi-ld:ContextSourceRegistration:1", type: "ContextSourceRegistration", information: [{ entities: [{ type: "Bus" }] }], endpoint: "http://127.0.0.1:9" }, "sources"],
  ["POST", "/ngsi-ld/v1/snapshots", { id: "urn:ngsi-ld:Snapshot:1", type: "Snapshot", snapshotQueries: [{ type: "Query", entities: [{ type: "Device" }] }] }],
  ["PUT", "/api/models/Gauge/versions/1.0.0", { schema: { properties: { type: { const: "Gauge" }, level: { type: "number" } } } }],
  ["PUT", "/api/models/Gauge/versions/2.0.0", { schema: { properties: { type: { const: "Gauge" }, level: { type: "integer" } } } }],
  ["PUT", "/api/retention/rules/gauges", { types: ["Gauge"], steps: [{ after: "P30D", keep: "PT1H" }], active: false }],
  ["POST", "/api/branches", { name: "plan" }],
];
const places = {
  entityId: sensors.map((one) => one.id), attrId: ["temperature", "name"], type: ["Device"], subscriptionId: ["urn:ngsi-ld:Subscription:1"],
  registrationId: ["urn:ngsi-ld:ContextSourceRegistration:1"], snapshotId: ["urn:ngsi-ld:Snapshot:1"], modelName: ["Gauge"],
  modelVersion: ["1.0.0", "2.0.0"], collectionId: ["Device"], featureId: sensors.map((one) => one.id), name: ["gauges", "plan"],
  tileMatrix: ["14"], tileRow: ["6344"], tileCol: ["13975"], z: ["14"], x: ["13975"], y: ["6344", "6344.mvt"], kind: ["bench", "bench.glb"],
  processId: ["echo"], jobId: ["job-00000001"],
};
// Of paths that go on, by operation.
const ways = {
  SensorThings: ["Things", "Things('urn:ngsi-ld:Device:1')", "Datastreams", "Observations", "ObservedProperties", "Locations", "Datastreams('urn:ngsi-ld:Device:1;temperature')/Observations"],
  Tile: ["tileset.json", "tileset.json", "tileset.json", "layer.json", "0/0/0.glb"],
};
const thing = { name: "Oven", description: "An oven" };
const geojson = JSON.stringify({ type: "FeatureCollection", features: [{ type: "Feature", id: "1", geometry: { type: "Point", coordinates: [127.1, 37.5] }, properties: { name: "a" } }] });
// Bodies that a JSON Schema does not describe, or that name something outside the server.
const bodies = {
  createSensorThings: () => JSON.stringify(thing), updateSensorThings: () => JSON.stringify(thing), replaceSensorThings: () => JSON.stringify(thing),
  createObservations: () => JSON.stringify([{ Datastream: { "@iot.id": "urn:ngsi-ld:Device:1;temperature" }, components: ["phenomenonTime", "result"], dataArray: [["2026-11-22T09:00:00Z", 3]] }]),
  importFile: () => geojson,
  loadObservations: () => JSON.stringify({ id: "urn:ngsi-ld:Device:1", type: "Device", attribute: "temperature", value: 3.5, observedAt: "2026-01-01T03:00:00Z" }),
  putRasterStep: () => Buffer.concat([Buffer.from('{"columns":1,"rows":1,"bbox":[127,37,128,38],"time":"2026-11-22T08:00:00Z","name":{"en":"a"}}\n'), Buffer.from(new Float32Array([1]).buffer)]),
  makeBackup: (number) => JSON.stringify({ folder: `${folder}/backup-${number}` }),
  pushToLink: () => "{}",
};
// Paths that tell of other bodies than the one above.
const fixed = {
  createSensorThings: { path: "Things" }, updateSensorThings: { path: "Things('urn:ngsi-ld:Device:1')" }, replaceSensorThings: { path: "Things('urn:ngsi-ld:Device:2')" }, deleteSensorThings: { path: "Things('urn:ngsi-ld:Device:3')" },
  importFile: { name: "a.geojson" }, createCSRSubscription: {}, retrieveCSRSubscription: { subscriptionId: "urn:ngsi-ld:Subscription:2" },
  updateCSRSubscription: { subscriptionId: "urn:ngsi-ld:Subscription:2" }, deleteCSRSubscription: { subscriptionId: "urn:ngsi-ld:Subscription:2" },
  dropBranch: { name: "plan" }, dismissJob: { jobId: "job-00000002" }, putModelVersion: { modelVersion: "3.0.0" }, putRetentionRule: { name: "more" }, showRetentionLog: { id: "urn:ngsi-ld:Device:1" },
  getScenario: { id: "{open}" }, changeScenario: { id: "{open}" }, deleteScenario: { id: "{open}" }, commentScenario: { id: "{open}" }, listScenarioChanges: { id: "{open}" }, revertScenarioChange: { id: "{open}" }, mergeScenario: { id: "{approved}" },
  queryTemporal: { timerel: "after", timeAt: "2026-01-01T00:00:00Z" }, createEntityMapTemporal: { timerel: "after", timeAt: "2026-01-01T00:00:00Z" }, putRasterStep: { id: "heat" }, getRasterValues: { id: "heat", lon: "127.5", lat: "37.5" }, deleteModelVersion: { modelName: "Gauge" },
};
// What a request ends elsewhere, or what sources that do not answer make slow, is asked of a tenant of its own.
const tenants = { createCSR: "sources", queryCSR: "sources", retrieveCSR: "sources", updateCSR: "sources", deleteCSR: "sources", purgeEntities: "purged" };
// What nothing here can make succeed: no import of minutes, no link, no source with a copy of a subscription, no ground, no roads, no timetable, no building with an inside, no run that makes maps.
const cannot = new Set(["stopImport", "pushToLink", "getTerrainTile", "getTerrainHeights", "getTerrainProfile", "getLineOfSight", "findRoute", "listDepartures",
  "getIndoors", "findIndoorRoute", "getIndoorTile", "getPointTile", "findUnderground", "findUndergroundOfArea", "getUndergroundSection", "getRasterTile", "getObject",
  "retrieveEntityMap", "updateEntityMap", "deleteEntityMap", "updateAttrsTemporal", "deleteAttrInstanceTemporal", "deleteContext", "retrieveContext", "takeSourceNotification", "getJobFile"]);

const names = ["temperature", "humidity", "name", "level"];

// Values that keep to a schema.
function arbitraryOf(schema, depth = 0) {
  schema = resolved(schema);
  if (schema === undefined || schema === true) return fc.constantFrom(1, "text", true, [1], { a: 1 });
  const own = schemaOnly(schema, depth);
  return schema.examples ? fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...schema.examples) }, { weight: 1, arbitrary: own }) : own;
}
function schemaOnly(schema, depth) {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((one) => arbitraryOf({ ...schema, anyOf: undefined, oneOf: undefined, examples: undefined, ...resolved(one) }, depth)));
  const type = Array.isArray(schema.type) ? schema.type : [schema.type ?? (schema.properties ? "object" : "string")];
  return fc.oneof(...type.map((one) => ofType(one, schema, depth)));
}
function ofType(type, schema, depth) {
  switch (type) {
    case "null": return fc.constant(null);
    case "boolean": return fc.boolean();
    case "integer": return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000 });
    case "number": return fc.double({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000, noNaN: true, noDefaultInfinity: true });
    case "array": return fc.array(arbitraryOf(schema.items, depth + 1), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, Math.max(3, schema.minItems ?? 0)) });
    case "object": return objectOf(schema, depth);
    default: return textOf(schema);
  }
}
function textOf(schema) {
  if (schema.format === "uri") return fc.integer({ min: 1, max: 9 }).map((number) => `urn:ngsi-ld:Thing:${number}`);
  if (schema.format === "date-time") return fc.date({ min: new Date("2000-01-01"), max: new Date("2080-01-01"), noInvalidDate: true }).map((date) => date.toISOString());
  if (schema.pattern) return fc.stringMatching(new RegExp(schema.pattern.endsWith("$") ? schema.pattern : `${schema.pattern}$`));
  return fc.string({ minLength: Math.max(1, schema.minLength ?? 1), maxLength: Math.min(schema.maxLength ?? 20, 20), unit: "grapheme" });
}
function objectOf(schema, depth) {
  const required = schema.required ?? [];
  const known = Object.entries(schema.properties ?? {}).filter(([name]) => required.includes(name) || depth < 4);
  const members = Object.fromEntries(known.map(([name, one]) => [name, arbitraryOf(one, depth + 1)]));
  const further = schema.additionalProperties;
  if (further && further !== true) for (const name of names) members[name] ??= arbitraryOf(further, depth + 1);
  return fc.record(members, { requiredKeys: required.filter((name) => name in members) });
}

const asText = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
const named = (operation, parameter) => operation.operationId in fixed && fixed[operation.operationId][parameter.name];
function arbitraryOfParameter(operation, parameter) {
  if (named(operation, parameter)) return fc.constant(named(operation, parameter));
  const schema = resolved(parameter.schema);
  // A query must ask for something.
  if (parameter.name === "type" && operation.parameters.some(({ name }) => name === "scopeQ")) return fc.oneof({ weight: 8, arbitrary: fc.constant("Device") }, { weight: 1, arbitrary: fc.constant(undefined) });
  if (parameter.in === "path") {
    const found = parameter.name === "path" ? Object.entries(ways).find(([part]) => operation.operationId.includes(part))?.[1] : places[parameter.name];
    return found ? fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...found) }, { weight: 1, arbitrary: arbitraryOf(schema).filter((value) => value !== "." && value !== "..") }) : arbitraryOf(schema);
  }
  const values = parameter.name === "branch" ? fc.constantFrom("main", "plan") : parameter.name === "asOf" ? fc.constantFrom("1", "2090-01-01T00:00:00Z", "soon") : arbitraryOf(schema);
  return parameter.required ? values : fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });
}

const bodyOf = (operation) => {
  const content = operation.requestBody?.content;
  const type = content && (content["application/json"] ? "application/json" : Object.keys(content)[0]);
  return type && { type, schema: content[type].schema };
};
function requestsOf(path, method, operation) {
  const parameters = operation.parameters ?? [];
  const body = bodyOf(operation);
  const hand = bodies[operation.operationId];
  return fc.record({
    values: fc.tuple(...parameters.map((parameter) => arbitraryOfParameter(operation, parameter))),
    body: !body ? fc.constant(undefined) : hand ? fc.integer({ min: 0, max: 1e9 }).map((number) => ({ raw: hand(number) })) : arbitraryOf(body.schema).map((value) => ({ value })),
  }).map(({ values, body: sent }) => ({ path, method, operation, type: body?.type, sent,
    values: Object.fromEntries(parameters.map((parameter, i) => [parameter.name, values[i]])) }));
}

function addressOf(request) {
  let path = request.path;
  const query = new URLSearchParams();
  for (const parameter of request.operation.parameters ?? []) {
    const value = request.values[parameter.name];
    if (value === undefined) continue;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, parameter.name === "path" ? encodeURI(asText(value)).replace(/[?#]/g, encodeURIComponent) : encodeURIComponent(asText(value)));
    else if (Array.isArray(value)) query.set(parameter.name, value.join(","));
    else if (parameter.schema.type === "object") for (const [name, one] of Object.entries(value)) query.set(name, asText(one));
    else query.set(parameter.name, asText(value));
  }
  path = path.replace("%7Bopen%7D", scenarios.open).replace("%7Bapproved%7D", scenarios.approved);
  return path + (query.size ? `?${query}` : "");
}

async function send(request) {
  const headers = {};
  const tenant = tenants[request.operation.operationId];
  if (tenant) headers["NGSILD-Tenant"] = tenant;
  let body;
  if (request.sent) {
    headers["Content-Type"] = request.type;
    body = request.sent.raw ?? JSON.stringify(request.sent.value);
  }
  const stop = new AbortController();
  const answer = await fetch(base + addressOf(request), { method: request.method.toUpperCase(), headers, body, redirect: "manual", signal: stop.signal });
  const type = (answer.headers.get("Content-Type") ?? "").split(";")[0];
  if (type === "text/event-stream") {
    stop.abort();
    return { status: answer.status, type, text: "" };
  }
  return { status: answer.status, type, text: await answer.text() };
}

// Scenarios have names that the server gives: one that may be worked on, one that may be merged; written {open} and {approved} until sent.
const scenarios = { open: "none", approved: "none" };
async function plantScenarios() {
  const ask = async (method, path, body) => (await fetch(base + path, { method, headers: { "Content-Type": "application/json" }, ...(body ? { body: JSON.stringify(body) } : {}) })).json();
  const all = (await ask("GET", "/api/scenarios")).scenarios;
  const make = async () => (await ask("POST", "/api/scenarios", { name: "Plan", author: "Kim" })).id;
  scenarios.open = all.find(({ status }) => status === "draft" || status === "proposed")?.id ?? (await make());
  scenarios.approved = all.find(({ status }) => status === "approved")?.id;
  if (scenarios.approved) return;
  scenarios.approved = await make();
  for (const status of ["proposed", "approved"]) await ask("PATCH", `/api/scenarios/${scenarios.approved}`, { status });
}
async function plant(tenant) {
  for (const [method, path, body, of] of seeds) {
    if (of && of !== tenant) continue;
    await fetch(base + path, { method, headers: { "Content-Type": "application/json", ...(tenant ? { "NGSILD-Tenant": tenant } : {}) }, body: JSON.stringify(body) }).then((answer) => answer.arrayBuffer());
  }
}

// What is wrong with an answer, or nothing.
function faultOf(request, answer) {
  const { operation } = request;
  const described = operation.responses[answer.status];
  if (answer.status >= 500) return `answers ${answer.status}`;
  if (!described) return `answers ${answer.status}, which is not described`;
  if (answer.status === 204 || answer.status === 304 || !answer.type) return answer.text && answer.status === 204 ? "gives a body with 204" : undefined;
  const contents = resolved(described).content ?? {};
  const type = Object.keys(contents).find((one) => one.split(";")[0] === answer.type);
  const content = contents[type];
  if (!content) return Object.keys(contents).length || answer.text ? `gives ${answer.type}, which is not described for ${answer.status}` : undefined;
  if (!content.schema || !answer.type.endsWith("json")) return;
  const where = described.$ref ? described.$ref.slice(1) : `/paths/${escaped(request.path)}/${request.method}/responses/${answer.status}`;
  const check = validatorAt(`${where}/content/${escaped(type)}/schema`);
  let value;
  try {
    value = JSON.parse(answer.text);
  } catch {
    return "gives what is not JSON";
  }
  return check(value) ? undefined : `gives a body that does not fit: ${ajv.errorsText(check.errors)}`;
}
function faultOfRefusal(request, answer) {
  if (answer.status < 400 || answer.status >= 500) return `takes what breaks the description: ${answer.status}`;
  const wanted = request.path.startsWith("/ngsi-ld/") ? "application/json" : "application/problem+json";
  const isEmpty = answer.status === 411 || (answer.status === 415 && wanted === "application/json");
  if (answer.type !== wanted && !isEmpty) return `refuses with ${answer.type}, not with problem details as ${wanted}`;
  return faultOf(request, answer);
}

// The ways of breaking what is described: [what, change of a good request].
function breakagesOf(path, method, operation) {
  const ways = [];
  // A parameter that counts beside another one alone is broken beside that.
  const beside = { joinLevel: { join: "inline" } };
  const put = (name, value) => (request) => ({ ...request, values: { ...request.values, ...beside[name], [name]: value } });
  for (const parameter of operation.parameters ?? []) {
    const schema = resolved(parameter.schema);
    if (parameter.required && parameter.in === "query") ways.push([`no ${parameter.name}`, put(parameter.name, undefined)]);
    for (const value of ["no such value", "-7", "1e99"]) {
      const typed = schema.type === "integer" || schema.type === "number" ? Number(value) : value;
      const comparable = Number.isNaN(typed) ? value : typed;
      if (schema.type === "array" || schema.type === "object" || ajv.validate({ ...schema }, comparable)) continue;
      ways.push([`${parameter.name}=${value}`, put(parameter.name, value)]);
    }
  }
  const body = bodyOf(operation);
  if (!body || !body.type.endsWith("json")) return ways;
  const raw = (text) => (request) => ({ ...request, sent: { raw: text } });
  ways.push(["a body cut off", raw('{"type": ')], ["no JSON", raw("hello")]);
  if (!body.schema || bodies[operation.operationId]) return ways;
  const check = validatorAt(`/paths/${escaped(path)}/${method}/requestBody/content/${escaped(body.type)}/schema`);
  const broken = (what, change) => ways.push([what, (request) => {
    const value = change(structuredClone(request.sent.value));
    return value !== undefined && !check(value) ? { ...request, sent: { value } } : undefined;
  }]);
  for (const [what, value] of [["a number", 7], ["a text", "text"], ["an empty array", []], ["null", null]]) broken(`a body that is ${what}`, () => value);
  const schema = resolved(body.schema);
  for (const name of schema.required ?? []) broken(`no ${name}`, (value) => { delete value[name]; return value; });
  for (const name of Object.keys(schema.properties ?? {})) {
    for (const wrong of [{ no: "such" }, -3.5, "no such value"]) broken(`${name} is ${asText(wrong)}`, (value) => ({ ...value, [name]: wrong }));
  }
  return ways;
}

const faults = [], succeeded = new Set(), refusals = new Map();
let asked = 0;
function tell(request, what, answer) {
  faults.push(`${request.operation.operationId}: ${what}\n  ${request.method.toUpperCase()} ${addressOf(request)}\n  ${asText(request.sent?.value ?? request.sent?.raw ?? "").slice(0, 600)}\n  ${answer.text.slice(0, 400)}`);
}

const operations = Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
async function replay({ path, method, operation }, number) {
  const all = requestsOf(path, method, operation);
  const changes = method !== "get";
  const tenant = tenants[operation.operationId];
  const own = { seed: seed * 1000 + number };
  let faultsHere = 0;
  const ofScenarios = operation.operationId.includes("Scenario");
  if (ofScenarios) await plantScenarios();
  if (!changes) await plant(tenant);
  for (const request of fc.sample(all, { ...own, numRuns: cases })) {
    if (Date.now() > deadline || faultsHere >= 2) break;
    if (changes) await plant(tenant);
    if (changes && ofScenarios) await plantScenarios();
    const answer = await send(request);
    asked += 1;
    if (answer.status < 400) succeeded.add(operation.operationId);
    else refusals.set(operation.operationId, `${addressOf(request)} ${answer.status} ${answer.text.slice(0, 200)}`);
    const fault = faultOf(request, answer);
    if (fault) faultsHere += 1, tell(request, fault, answer);
  }
  const good = fc.sample(all, { ...own, numRuns: 1 })[0];
  const calm = { ...good, values: Object.fromEntries((operation.parameters ?? []).map((one) => [one.name, one.in === "path" || one.required ? good.values[one.name] : undefined])) };
  for (const [what, change] of breakagesOf(path, method, operation)) {
    if (Date.now() > deadline || faultsHere >= 4) break;
    const request = change(calm);
    if (!request) continue;
    const answer = await send(request);
    asked += 1;
    const fault = faultOfRefusal(request, answer);
    if (fault) faultsHere += 1, tell(request, `${what}: ${fault}`, answer);
  }
}

for (const tenant of [undefined, "sources", "purged"]) await plant(tenant);
// Runs of models are made once: each takes a process of its own. One is read, one is dismissed.
for (const number of [1, 2]) await fetch(`${base}/processes/echo/execution`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ inputs: { number } }) });
for (const [number, operation] of operations.entries()) await replay(operation, number);
// Chance may have made no body that breaks none of the rules which a schema does not tell: some more tries.
async function tryAgain({ path, method, operation }, number) {
  for (const request of fc.sample(requestsOf(path, method, operation), { seed: seed * 1000 + 500 + number, numRuns: 60 })) {
    await plant(tenants[operation.operationId]);
    if (operation.operationId.includes("Scenario")) await plantScenarios();
    const answer = await send(request);
    asked += 1;
    if (answer.status < 400) return succeeded.add(operation.operationId);
  }
}
const isIdle = ({ operation }) => !succeeded.has(operation.operationId) && !cannot.has(operation.operationId);
for (const [number, operation] of operations.entries()) if (isIdle(operation)) await tryAgain(operation, number);
const idle = operations.filter(isIdle).map(({ operation }) => operation.operationId);
for (const id of idle) faults.push(`${id}: never succeeded, the last time: ${refusals.get(id)}`);
const late = Date.now() > deadline;
if (late) faults.push(`not done within ${seconds} s`);
for (const fault of faults) console.log(fault);
console.log(JSON.stringify({ seed, operations: operations.length, asked, succeeded: succeeded.size, faults: faults.length }));
process.exit(faults.length === 0 ? 0 : 1);
