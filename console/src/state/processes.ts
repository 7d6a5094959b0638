// Models as the server declares them (OGC API - Processes), and their runs: jobs with progress and results.
import type { Box } from '../math/geo';
import { loadInto, type CityApi } from './api';
import { Store } from './store';
import { IDLE, type Json, type Loadable } from './types';

/** A text in both languages. */
export type Both = Readonly<Partial<Record<'ko' | 'en', string>>>;

export interface InputSchema {
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly format?: string;
  readonly maxLength?: number;
  readonly contentMediaType?: string;
  /** One of several kinds, such as a number or a series. */
  readonly oneOf?: readonly InputSchema[];
  readonly anyOf?: readonly InputSchema[];
}

export interface ProcessInput {
  readonly title?: string;
  readonly description?: string;
  readonly schema?: InputSchema;
  readonly minOccurs?: number;
  readonly 'x-unit'?: string;
  readonly 'x-titles'?: Both;
  readonly 'x-descriptions'?: Both;
  /** The server fills it from the city. */
  readonly 'x-city'?: boolean;
}

export interface ModelCard {
  readonly purpose?: Both;
  readonly method?: Both;
  readonly limits?: Both;
  readonly sources?: readonly string[];
  readonly version?: string;
}

export interface Process {
  readonly id: string;
  readonly title?: string;
  readonly description?: string;
  readonly version?: string;
  readonly inputs?: Readonly<Record<string, ProcessInput>>;
  readonly outputs?: Readonly<Record<string, ProcessInput>>;
  readonly 'x-titles'?: Both;
  readonly 'x-descriptions'?: Both;
  readonly 'x-card'?: ModelCard;
}

export type JobStatus = 'accepted' | 'running' | 'successful' | 'failed' | 'dismissed';

export interface Job {
  readonly jobID: string;
  readonly processID?: string;
  readonly status: JobStatus;
  readonly progress?: number;
  readonly message?: string;
  readonly created?: string;
  readonly finished?: string;
  readonly 'x-branch'?: string;
}

export type Results = Readonly<Record<string, Json>>;

export const isUnderWay = ({ status }: Job): boolean => status === 'accepted' || status === 'running';

/** Inputs that a person gives: neither filled from the city nor the area, which has a field of its own. */
export function ownInputs({ inputs }: Process): [string, ProcessInput][] {
  return Object.entries(inputs ?? {}).filter(([name, input]) => input['x-city'] !== true && name !== 'area');
}

/** The kind of a value: `any` where the schema names none, or several. */
export const typeOf = ({ type, enum: choices }: InputSchema): string => (typeof type === 'string' ? type : (type?.find((one) => one !== 'null') ?? (choices ? 'string' : 'any')));

/** The bounds of a number: those of the schema, or of its kind that is a number. */
function boundsOf(schema: InputSchema): InputSchema {
  return [schema, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].find(({ minimum, maximum }) => minimum !== undefined || maximum !== undefined) ?? schema;
}

/** The least and the greatest number that fit, where they are said. */
export function rangeOf(schema: InputSchema): { readonly from: number | null; readonly to: number | null } {
  const { minimum, maximum } = boundsOf(schema);
  return { from: minimum ?? null, to: maximum ?? null };
}

function parsed(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

/** The text of a field as the value that the schema asks for; undefined when nothing is written; throws nothing: null is no such value. */
export function valueOf(schema: InputSchema, text: string): Json | undefined {
  if (text.trim() === '') return undefined;
  const choice = schema.enum?.find((one) => String(one) === text);
  if (choice !== undefined) return choice;
  switch (typeOf(schema)) {
    case 'number': case 'integer': {
      const number = Number(text);
      return Number.isFinite(number) ? number : null;
    }
    case 'boolean': return text === 'true';
    case 'array': case 'object': return parsed(text);
    case 'any': return parsed(text) ?? text;
    default: return text;
  }
}

export type FieldFault = 'missing' | 'invalid' | 'low' | 'high' | 'whole';

/** What is wrong with a field; null when nothing is. */
export function faultOf({ schema = {}, minOccurs = 1 }: ProcessInput, text: string): FieldFault | null {
  const value = valueOf(schema, text);
  if (value === undefined) return minOccurs > 0 && schema.default === undefined ? 'missing' : null;
  if (value === null || (schema.enum && !schema.enum.includes(value))) return 'invalid';
  if (typeof value !== 'number') return null;
  if (typeOf(schema) === 'integer' && !Number.isInteger(value)) return 'whole';
  const { from, to } = rangeOf(schema);
  if (from !== null && value < from) return 'low';
  return to !== null && value > to ? 'high' : null;
}

/** What a form begins with. */
export function firstText({ schema }: ProcessInput): string {
  const value = schema?.default;
  return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The inputs of a run from the texts of its form. */
export function inputsOf(process: Process, texts: Readonly<Record<string, string>>, area: Box | null): Record<string, Json> {
  const inputs: Record<string, Json> = {};
  for (const [name, input] of ownInputs(process)) {
    const value = valueOf(input.schema ?? {}, texts[name] ?? '');
    if (value !== undefined) inputs[name] = value;
  }
  if (area && process.inputs?.['area']) inputs['area'] = [...area];
  return inputs;
}

type Fields = { readonly [key: string]: Json };
const fieldsOf = (value: Json | undefined): Fields | null => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null);

/** Results as they are: an object in a document stands in a member `value`, as the standard wants it. */
export function plainResults(results: Results): Results {
  return Object.fromEntries(Object.entries(results).map(([name, value]): [string, Json] => {
    const fields = fieldsOf(value);
    const inner = fields && Object.keys(fields).every((key) => key === 'value' || key === 'mediaType') ? fields['value'] : undefined;
    return [name, inner ?? value];
  }));
}

/** Whether a result is a file or a layer, which is not read as numbers. */
const isFile = (value: Json | undefined): boolean => {
  const fields = fieldsOf(value);
  return fields !== null && ('href' in fields || 'layer' in fields);
};

/** A result that is a raster layer: its id. */
export function layerOf(value: Json): string | null {
  const layer = fieldsOf(value)?.['layer'];
  return typeof layer === 'string' ? layer : null;
}

/** The numbers of results by name, those of objects by their members' names: indicators to compare. */
export function indicatorsOf(results: Results): [string, number][] {
  const found: [string, number][] = [];
  const take = (name: string, value: Json | undefined, depth: number): void => {
    if (isFile(value)) return;
    if (typeof value === 'number') found.push([name, value]);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < 3) for (const [key, part] of Object.entries(value)) take(name ? `${name}.${key}` : key, part, depth + 1);
  };
  take('', results as Json, 0);
  return found.slice(0, 200);
}

const JOBS_MAX = 100;

export class Processes {
  readonly list = new Store<Loadable<readonly Process[]>>(IDLE);
  /** The runs on the branch looked at last. */
  readonly jobs = new Store<Loadable<readonly Job[]>>(IDLE);
  readonly #api: CityApi;

  constructor(api: CityApi) {
    this.#api = api;
  }

  load = (): Promise<void> => loadInto(this.list.get, this.list.set, async () => ((await this.#api.door('/processes', { limit: 1000 })) as { processes?: readonly Process[] }).processes ?? []);

  describe = async (id: string): Promise<Process> => (await this.#api.door(`/processes/${encodeURIComponent(id)}`, {})) as Process;

  /** Starts a run; the answer is its job. Rejects with a RequestError. */
  async run(process: string, branch: string | null, inputs: Readonly<Record<string, Json>>): Promise<Job> {
    const path = `/processes/${encodeURIComponent(process)}/execution${branch === null ? '' : `?branch=${encodeURIComponent(branch)}`}`;
    const job = (await this.#api.send('POST', path, { inputs, response: 'document' }, { prefer: 'respond-async' })).body as Job;
    await this.loadJobs(branch);
    return job;
  }

  /** Asked every second while a run is under way: nothing waits for it. */
  loadJobs = (branch: string | null): Promise<void> => loadInto(this.jobs.get, this.jobs.set, () => this.jobsOf(branch));

  async jobsOf(branch: string | null, process?: string): Promise<readonly Job[]> {
    const answer = (await this.#api.ask('/jobs', { branch, processID: process, limit: JOBS_MAX })) as { jobs?: readonly Job[] };
    const own = (answer.jobs ?? []).filter((job) => (job['x-branch'] ?? null) === branch);
    return own.sort((a, b) => (b.created ?? '').localeCompare(a.created ?? ''));
  }

  async cancel({ jobID }: Job, branch: string | null): Promise<void> {
    await this.#api.send('DELETE', `/jobs/${encodeURIComponent(jobID)}`);
    await this.loadJobs(branch);
  }

  results = async ({ jobID }: Job): Promise<Results> => plainResults((await this.#api.door(`/jobs/${encodeURIComponent(jobID)}/results`, {})) as Results);

  /** The indicators of the last good run of a process on a branch; null when there was none. */
  async lastIndicators(process: string, branch: string | null): Promise<[string, number][] | null> {
    const job = (await this.jobsOf(branch, process)).find(({ status, processID }) => status === 'successful' && (processID === undefined || processID === process));
    return job ? indicatorsOf(await this.results(job)) : null;
  }
}
