// Files on their way into the city: one after the other, with progress, a way to give up, and the server's report.
import { Store } from './store';
import type { ApiFailure } from './types';

export interface ImportWarning {
  readonly file?: string;
  readonly id?: string;
  readonly reason: string;
}

/** What the server says of an imported file. */
export interface ImportReport {
  readonly imported: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly entities: Readonly<Record<string, number>>;
  readonly warningsCount: number;
  readonly warnings: readonly ImportWarning[];
}

/** What a file may not say itself: its coordinate system, and where a model without one stands. */
export interface ImportAnswers {
  readonly crs: string;
  readonly longitude: string;
  readonly latitude: string;
  readonly height: string;
  readonly rotation: string;
}

export const NO_ANSWERS: ImportAnswers = { crs: '', longitude: '', latitude: '', height: '', rotation: '' };

export type ImportPhase = 'waiting' | 'sending' | 'reading' | 'done' | 'failed' | 'givenUp';

/** How far the server is with a file it reads. */
export interface ImportProgress {
  /** Of an archive, the file within it. */
  readonly file: string;
  /** Part read of that file, 0 to 1; null while its size is not known. */
  readonly part: number | null;
  readonly entities: number;
}

export interface ImportJob {
  readonly key: number;
  readonly file: File;
  readonly phase: ImportPhase;
  /** Part sent, 0 to 1. */
  readonly sent: number;
  /** Told now and then while the server reads. */
  readonly read: ImportProgress | null;
  readonly report: ImportReport | null;
  readonly failure: ApiFailure | null;
  readonly answers: ImportAnswers;
}

export interface UploadAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends a file; `onSent` tells the part sent. Rejects when the server cannot be reached; an AbortError when given up. */
export type Upload = (path: string, file: File, onSent: (part: number) => void, signal: AbortSignal) => Promise<UploadAnswer>;

/** What imports need of the world outside the page. */
export interface ImportOutside {
  readonly upload: Upload;
  readonly fetch: typeof fetch;
  /** A name that was never given before. */
  newId(): string;
  /** Runs once after so many milliseconds; the answer takes it back. */
  after(ms: number, run: () => void): () => void;
}

const ASK_EVERY_MS = 500;

/** The door's path for a file with the answers given: a placement is longitude and latitude, then height and rotation. */
export function importPath(name: string, id: string, { crs, longitude, latitude, height, rotation }: ImportAnswers): string {
  const given = new URLSearchParams({ name, id });
  if (crs.trim() !== '') given.set('crs', crs.trim());
  const place = [longitude, latitude, height, rotation].map((part) => part.trim());
  if (place[0] !== '' && place[1] !== '') given.set('placement', place.map((part) => part || '0').join(','));
  return `/api/import?${given}`;
}

function readReport(text: string): ImportReport | null {
  try {
    const report = JSON.parse(text) as Partial<ImportReport>;
    if (typeof report.imported !== 'number') return null;
    return { unchanged: 0, removed: 0, entities: {}, warningsCount: report.warnings?.length ?? 0, warnings: [], ...report, imported: report.imported };
  } catch {
    return null;
  }
}

/** How far the import `id` is, of the answer to GET /api/imports; null: not begun, or at its end. */
export function readProgress(answer: unknown, id: string): ImportProgress | null {
  const { imports } = (answer ?? {}) as { imports?: { id?: string; file?: string; bytesDone?: number; bytesTotal?: number; entities?: number }[] };
  const found = Array.isArray(imports) ? imports.find((one) => one.id === id) : undefined;
  if (!found) return null;
  const { file = '', bytesDone = 0, bytesTotal = 0, entities = 0 } = found;
  return { file, part: bytesTotal > 0 ? Math.min(1, bytesDone / bytesTotal) : null, entities };
}

function readProblem(text: string, status: number): string {
  try {
    const { title, detail, where } = JSON.parse(text) as { title?: string; detail?: string; where?: string };
    return [title, detail, where].filter(Boolean).join(': ') || String(status);
  } catch {
    return String(status);
  }
}

const failed = (status: number, text: string): ApiFailure => ({
  kind: status === 429 || status === 503 ? 'busy' : status >= 500 ? 'server' : 'refused', detail: readProblem(text, status),
});

export class Imports {
  readonly jobs = new Store<readonly ImportJob[]>([]);
  readonly #outside: ImportOutside;
  readonly #done: () => void;
  #next = 1;
  #abort: AbortController | null = null;
  #running = false;

  /** `done` is called after each file that changed the city. */
  constructor(outside: ImportOutside, done: () => void) {
    [this.#outside, this.#done] = [outside, done];
  }

  add(files: Iterable<File>): void {
    const jobs = [...files].map((file): ImportJob => ({ key: this.#next++, file, phase: 'waiting', sent: 0, read: null, report: null, failure: null, answers: NO_ANSWERS }));
    this.jobs.update((before) => [...before, ...jobs]);
    void this.#run();
  }

  /** Gives a file up: one that waits is never sent, one under way is broken off. */
  giveUp(key: number): void {
    const job = this.jobs.get().find((one) => one.key === key);
    if (job?.phase === 'sending' || job?.phase === 'reading') this.#abort?.abort();
    else if (job?.phase === 'waiting') this.#change(key, { phase: 'givenUp' });
  }

  /** Sends a file again with answers to what it did not say. */
  again(key: number, answers: ImportAnswers): void {
    this.#change(key, { phase: 'waiting', sent: 0, read: null, failure: null, report: null, answers });
    void this.#run();
  }

  forget(key: number): void {
    this.giveUp(key);
    this.jobs.update((jobs) => jobs.filter((job) => job.key !== key));
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const job = this.jobs.get().find(({ phase }) => phase === 'waiting');
      if (!job) break;
      await this.#send(job);
    }
    this.#running = false;
  }

  async #send({ key, file, answers }: ImportJob): Promise<void> {
    const abort = (this.#abort = new AbortController());
    this.#change(key, { phase: 'sending' });
    const id = this.#outside.newId();
    let endAsking = (): void => undefined;
    const sent = (part: number): void => {
      this.#change(key, part >= 1 ? { phase: 'reading', sent: 1 } : { sent: part });
      if (part >= 1) endAsking = this.#askHowFar(key, id);
    };
    try {
      const { status, text } = await this.#outside.upload(importPath(file.name, id, answers), file, sent, abort.signal);
      const report = status < 300 ? readReport(text) : null;
      if (report) {
        this.#change(key, { phase: 'done', sent: 1, report });
        this.#done();
      } else this.#change(key, { phase: 'failed', failure: status < 300 ? { kind: 'unreadable', detail: '' } : failed(status, text) });
    } catch (error) {
      if (abort.signal.aborted) this.#change(key, { phase: 'givenUp' });
      else this.#change(key, { phase: 'failed', failure: { kind: 'unreachable', detail: error instanceof Error ? error.message : '' } });
    } finally {
      endAsking();
    }
  }

  /** Asks how far the server is, one question after the other, until told to end. A question without an answer is asked again. */
  #askHowFar(key: number, id: string): () => void {
    let ended = false;
    let takeBack = (): void => undefined;
    const ask = async (): Promise<void> => {
      const answer: unknown = await this.#outside.fetch('/api/imports').then((response) => response.json(), () => null).catch(() => null);
      if (ended) return;
      const read = readProgress(answer, id);
      if (read) this.#change(key, { read });
      takeBack = this.#outside.after(ASK_EVERY_MS, () => void ask());
    };
    takeBack = this.#outside.after(ASK_EVERY_MS, () => void ask());
    return () => {
      ended = true;
      takeBack();
    };
  }

  #change(key: number, change: Partial<ImportJob>): void {
    this.jobs.update((jobs) => jobs.map((job) => (job.key === key ? { ...job, ...change } : job)));
  }
}
