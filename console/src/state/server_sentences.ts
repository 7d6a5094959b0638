// Puts the sentences that the server makes in English into Korean, by patterns; what it does not know stays as it is.
import { apiSentences } from './server_sentences.api.ko';
import { citySentences } from './server_sentences.city.ko';
import { formatSentences } from './server_sentences.formats.ko';
import { linkSentences, tailSentences } from './server_sentences.ko';
import { qualitySentences } from './server_sentences.quality.ko';
import { runSentences } from './server_sentences.runs.ko';
import type { SentencePair } from './types';
import { modelSentences } from './server_sentences.models.ko';

interface Pattern {
  /** What stands between the variable parts: one more than there are of them. */
  readonly literals: readonly string[];
  readonly weight: number;
  readonly korean: string;
}

interface Found {
  readonly korean: string;
  readonly literals: readonly string[];
  readonly parts: readonly string[];
}

const SENTENCE_LENGTH_MAX = 2000;
const DEPTH_MAX = 4;
const CUTS_MAX = 6;

export const SENTENCES: readonly SentencePair[] = [...linkSentences, ...formatSentences, ...citySentences, ...modelSentences, ...apiSentences, ...qualitySentences, ...runSentences];

const compile = (pairs: readonly SentencePair[]): Pattern[] => pairs
  .map(([english, korean]) => ({ literals: english.split('{}'), weight: english.replaceAll('{}', '').length, korean }))
  .sort((a, b) => b.weight - a.weight);

const plain = new Map(SENTENCES.filter(([english]) => !english.includes('{}')));
const patterns = compile(SENTENCES.filter(([english]) => english.includes('{}')));
const tails = compile(tailSentences);

/** What varies in the sentence, if it is one of the pattern: each literal is looked for once, from left to right. */
function partsBy({ literals }: Pattern, sentence: string): string[] | null {
  const first = literals[0] ?? '';
  const last = literals[literals.length - 1] ?? '';
  const end = sentence.length - last.length;
  if (end < first.length || !sentence.startsWith(first) || !sentence.endsWith(last)) return null;
  const parts: string[] = [];
  let at = first.length;
  for (const literal of literals.slice(1, -1)) {
    const next = sentence.indexOf(literal, at);
    if (next < 0 || next + literal.length > end) return null;
    parts.push(sentence.slice(at, next));
    at = next + literal.length;
  }
  return [...parts, sentence.slice(at, end)];
}

function findIn(among: readonly Pattern[], sentence: string): Found | null {
  for (const pattern of among) {
    const parts = partsBy(pattern, sentence);
    if (parts) return { ...pattern, parts };
  }
  return null;
}

function find(sentence: string): Found | null {
  const korean = plain.get(sentence);
  return korean === undefined ? findIn(patterns, sentence) : { korean, literals: [sentence], parts: [] };
}

/** The Korean with its holes filled; `first` is what the first hole holds, where that is known already. */
function fill({ korean, parts }: Found, depth: number, first?: string): string {
  let next = 0;
  return korean.replace(/\{(\d?)\}/g, (_hole, number: string) => {
    const at = number === '' ? next++ : Number(number);
    const part = parts[at] ?? '';
    return (at === 0 ? first : undefined) ?? translated(part, depth + 1) ?? part;
  });
}

/** "what: what is to be done": cut where a side is known. */
function inTwo(sentence: string, depth: number): string | null {
  let at = sentence.indexOf(': ');
  for (let cuts = 0; at >= 0 && cuts < CUTS_MAX; at = sentence.indexOf(': ', at + 2), ++cuts) {
    const [left, right] = [sentence.slice(0, at), sentence.slice(at + 2)];
    if (!find(left) && !findIn(tails, left) && !find(right)) continue;
    return `${translated(left, depth) ?? left}: ${translated(right, depth) ?? right}`;
  }
  return null;
}

/** "what (where)". */
function withTail(sentence: string, depth: number): string | null {
  const tail = findIn(tails, sentence);
  const before = tail && translated(tail.parts[0] ?? '', depth + 1);
  return tail && before ? fill(tail, depth, before) : null;
}

/** Whether what varies at an end has taken in more than its own, which the Korean would move to another place. */
function mayHoldMore({ korean, literals, parts }: Found): boolean {
  const holdsMore = (part = ''): boolean => part.includes(': ') || part.endsWith(')');
  return (literals[0] === '' && !korean.startsWith('{') && holdsMore(parts[0]))
    || (literals[literals.length - 1] === '' && !korean.endsWith('}') && holdsMore(parts[parts.length - 1]));
}

function translated(sentence: string, depth: number): string | null {
  if (depth > DEPTH_MAX || sentence === '') return null;
  const known = find(sentence);
  if (known && !mayHoldMore(known)) return fill(known, depth);
  return inTwo(sentence, depth) ?? withTail(sentence, depth) ?? (known && fill(known, depth));
}

/** The sentence in Korean; as it is where it is unknown or past 2,000 characters. */
export function inKorean(sentence: string): string {
  return sentence.length > SENTENCE_LENGTH_MAX ? sentence : translated(sentence, 0) ?? sentence;
}
