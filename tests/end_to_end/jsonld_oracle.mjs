// Checks expansion and compaction of a running hub against jsonld.js on generated documents.
//   node jsonld_oracle.mjs BASE SEED COUNT
// Each document is posted under a context of its own and read back under that context, under the core alone and under
// another one. All must be the same graph, and the names that the hub chose those that jsonld.js chooses.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const jsonld = (await import(pathToFileURL(require.resolve("jsonld")).href)).default;

const [base, seed, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const api = `${base}/ngsi-ld/v1`;
const coreUrl = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld";

let state = seed >>> 0;
const below = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const pick = (list) => list[below(list.length)];

const documents = new Map();
const documentLoader = async (url) => {
  if (!documents.has(url)) {
    const answer = await fetch(url.startsWith(coreUrl) ? `${api}/jsonldContexts/${encodeURIComponent(url)}` : url);
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    documents.set(url, await answer.json());
  }
  return { contextUrl: null, documentUrl: url, document: documents.get(url) };
};

// Terms of one IRI are coerced alike: jsonld.js would choose among them by kinds of values, the hub takes the shortest. And
// it takes a term of "@type": "@vocab" for an attribute's name, as the data models that define such terms mean it, where
// jsonld.js writes the IRI: there only the graphs are compared.
const hasVocabularyTerms = (context) => JSON.stringify(context).includes('"@type":"@vocab"');
const coercionOf = (iri) => ["@id", "@vocab", null, null, null, null][[...iri].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6];

// A context of terms, prefixes and sometimes a vocabulary; some terms mean the same, some are said twice.
function makeContext() {
  const definitions = { p0: "https://p0.example/ns#", p1: "https://p1.example/", "p2": { "@id": "https://p2.example/x/", "@prefix": true } };
  for (let i = 0; i < 8; ++i) {
    const iri = pick([`https://terms.example/t${below(6)}`, `p0:t${below(6)}`, `p2:deep/${below(4)}`, `https://p1.example/t${below(4)}`]);
    const coercion = coercionOf(iri.replace("p0:", "https://p0.example/ns#").replace("p2:", "https://p2.example/x/"));
    definitions[`term${i}`] = coercion ? { "@id": iri, "@type": coercion } : iri;
  }
  for (let i = 0; i < 3; ++i) definitions[`Type${i}`] = pick([`https://types.example/T${i}`, `p1:T${i}`]);
  if (below(3) === 0) definitions["@vocab"] = "https://vocabulary.example/";
  if (below(4) > 0) return definitions;
  return [definitions, { term0: `https://later.example/t${below(3)}` }];
}

const names = () => pick([`term${below(8)}`, `term${below(8)}`, `p0:own${below(3)}`, `https://whole.example/name${below(3)}`, `nobody${below(3)}`]);
const types = () => pick([`Type${below(3)}`, "p0:Kind", "https://whole.example/Kind", "Nothing"]);

function makeAttribute(depth) {
  const attribute = pick([
    () => ({ type: "Property", value: pick([1, -2.5, "text", true, ["a", "b"], "https://terms.example/t1"]) }),
    () => ({ type: "Property", value: 7, unitCode: "MTR", observedAt: "2026-11-28T08:00:00Z" }),
    () => ({ type: "Relationship", object: pick(["urn:ngsi-ld:Other:1", "https://whole.example/thing"]) }),
    () => ({ type: "LanguageProperty", languageMap: { ko: "도로", en: "road" } }),
    () => ({ type: "VocabProperty", vocab: pick([`term${below(8)}`, "p0:own0", "https://whole.example/word", "nobody0"]) }),
  ])();
  if (below(5) === 0) attribute.datasetId = "urn:ngsi-ld:Dataset:1";
  if (depth < 2 && below(3) === 0) attribute[names()] = makeAttribute(depth + 1);
  return attribute;
}

function makeEntity(number) {
  const entity = { id: `urn:ngsi-ld:Oracle:${seed}-${number}`, type: below(3) === 0 ? [...new Set([types(), types()])] : types() };
  if (Array.isArray(entity.type) && entity.type.length === 1) entity.type = entity.type[0];
  for (let i = 1 + below(4); i > 0; --i) entity[names()] = makeAttribute(0);
  return entity;
}

const graphOf = (document) => jsonld.canonize(document, { documentLoader, algorithm: "RDFC-1.0", format: "application/n-quads", safe: false });
const linked = (url) => `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;

async function host(context) {
  const answer = await fetch(`${api}/jsonldContexts`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ "@context": context }) });
  if (answer.status !== 201) throw new Error(`context: ${answer.status} ${await answer.text()}`);
  return new URL(answer.headers.get("Location"), base).href;
}

async function read(id, contextUrl) {
  const headers = { Accept: "application/ld+json", ...(contextUrl ? { Link: linked(contextUrl) } : {}) };
  const answer = await fetch(`${api}/entities/${encodeURIComponent(id)}`, { headers });
  if (answer.status !== 200) throw new Error(`read: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

// Names of an entity's members, with those of its types.
const namesIn = (document) => [...Object.keys(document).filter((name) => name !== "@context"), ...[document.type].flat()].sort().join(" ");

let failures = 0;
function fail(number, what, more) {
  failures += 1;
  console.log(`document ${number} of seed ${seed}: ${what}\n${JSON.stringify(more, null, 1)}`);
}

let checked = 0;
for (let number = 0; number < count && failures < 5; ++number) {
  const context = makeContext();
  const entity = makeEntity(number);
  const whole = { ...entity, "@context": [...[context].flat(), coreUrl] };
  let expanded;
  try {
    expanded = await jsonld.expand(whole, { documentLoader });
  } catch (error) {
    throw new Error(`the oracle cannot read its own document: ${error.message} ${JSON.stringify(whole)}`);
  }
  const posted = await fetch(`${api}/entities`, { method: "POST", headers: { "Content-Type": "application/ld+json" }, body: JSON.stringify(whole) });
  // Two names of one attribute are one attribute twice: the hub refuses what jsonld.js would merge.
  const isTwice = Object.keys(expanded[0]).length < Object.keys(entity).length;
  if (posted.status !== 201) {
    if (!(isTwice && posted.status === 400)) fail(number, `refused with ${posted.status}: ${await posted.text()}`, whole);
    continue;
  }
  checked += 1;
  const wanted = await graphOf(whole);
  const url = await host(context);
  const otherUrl = await host(makeContext());
  for (const [what, contextUrl] of [["its own context", url], ["the core context", undefined], ["another context", otherUrl]]) {
    const answer = await read(entity.id, contextUrl);
    const graph = await graphOf(answer);
    if (graph !== wanted) fail(number, `another graph under ${what}`, { sent: whole, answer, wanted, graph });
    const local = contextUrl ? [].concat((await documentLoader(contextUrl)).document["@context"], coreUrl) : coreUrl;
    const compacted = await jsonld.compact(expanded, { "@context": local }, { documentLoader });
    if (!hasVocabularyTerms(local) && namesIn(answer) !== namesIn(compacted))
      fail(number, `other names under ${what}: ${namesIn(answer)} instead of ${namesIn(compacted)}`, { sent: whole, context: local });
  }
  await fetch(`${api}/entities/${encodeURIComponent(entity.id)}`, { method: "DELETE" });
}
console.log(JSON.stringify({ checked, failures }));
process.exit(failures === 0 ? 0 : 1);
