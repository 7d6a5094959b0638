// Finds in C++ sources the sentences that calls such as fail(...) and warn(...) make, as patterns with {} for what varies.

const CALLS = /(?<![\w:])(?:[\w.]+(?:\.|->|::))?(fail|fail_with|fail_at|warn|warn_|note|note_once|refuse|refused|refusal|report|complain|error_here|error_at|path_error|not_a_time|lose|set_state|say|stop|problem|broken|wrong|wrong_value|corrupt|damaged|bad|unreadable|mistake|[a-z_]*refusals\.push_back|(?:[\w]+(?:\.|->))?(?:warnings|problems|notes)_?\.(?:push|emplace)_back)\(/g;
const STATEMENTS = /\b(?:return|(?:reason|trouble|problem|what|note|why|warning|remedy)\w*\s*\+?=)\s+(?=[^;]*")/g;
const ALTERNATIVES_MAX = 64;

/** The index behind the string or character literal at `at`; `at` itself if there is none. */
export function behindLiteral(text: string, at: number): number {
  const raw = /^R"([^(]*)\(/.exec(text.slice(at, at + 20));
  if (raw) return text.indexOf(`)${raw[1] ?? ''}"`, at) + (raw[1]?.length ?? 0) + 2;
  const quote = text[at];
  if (quote !== '"' && (quote !== "'" || /\w/.test(text[at - 1] ?? ''))) return at;
  let end = at + 1;
  while (end < text.length && text[end] !== quote) end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

export function withoutComments(text: string): string {
  let made = '';
  for (let at = 0; at < text.length;) {
    const end = behindLiteral(text, at);
    if (end > at) {
      made += text.slice(at, end);
      at = end;
    } else if (text.startsWith('//', at)) at = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at);
    else made += text[at++];
  }
  return made;
}

/** Cuts at a separator that stands in no bracket and no literal; up to the bracket that closes, if it is cut there. */
function cut(text: string, separator: string, closes = false): string[] {
  const pieces: string[] = [];
  let [begin, depth, at] = [0, 0, 0];
  while (at < text.length) {
    const end = behindLiteral(text, at);
    const letter = text[at] ?? '';
    if (end > at) {
      at = end;
      continue;
    }
    if ('([{'.includes(letter)) ++depth;
    if (')]}'.includes(letter) && --depth < 0 && closes) break;
    if (depth === 0 && letter === separator && !(separator === ':' && (text[at + 1] === ':' || text[at - 1] === ':')) && text[at + 1] !== '=') {
      pieces.push(text.slice(begin, at));
      begin = at + 1;
    }
    ++at;
  }
  return [...pieces, text.slice(begin, at)].map((piece) => piece.trim());
}

function unescaped(literal: string): string {
  const raw = /^R"([^(]*)\(([\s\S]*)\)\1"$/.exec(literal);
  return raw ? raw[2] ?? '' : literal.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** The text of one or more literals side by side, or null. */
function literalText(expression: string): string | null {
  let text = '';
  for (let at = 0; at < expression.length;) {
    const end = behindLiteral(expression, at);
    if (end <= at) {
      if (!/\s/.test(expression[at] ?? '')) return null;
      ++at;
    } else {
      text += unescaped(expression.slice(at, end));
      at = end;
    }
  }
  return text;
}

const inBrackets = (expression: string, before: RegExp): string | null => {
  const head = before.exec(expression);
  if (!head || !expression.endsWith(')')) return null;
  const inside = expression.slice(head[0].length);
  return cut(inside, '\0', true)[0]?.length === inside.length - 1 ? inside.slice(0, -1) : null;
};

/** Every text that an expression can make, with {} for what is no literal. */
function patternsOf(expression: string): string[] {
  const choice = cut(expression, '?');
  if (choice.length > 1) return cut(choice.slice(1).join('?'), ':').flatMap(patternsOf);
  const operands = cut(expression, '+');
  if (operands.length > 1) {
    const made = operands.map(patternsOf).reduce((all, more) => all.flatMap((one) => more.map((end) => one + end)).slice(0, ALTERNATIVES_MAX), ['']);
    return made.map((one) => one.replace(/(\{\})+/g, '{}'));
  }
  const text = expression === '' ? '' : literalText(expression);
  if (text !== null) return [text];
  const inner = inBrackets(expression, /^(?:std::string(?:_view)?)?\(/);
  if (inner !== null) return patternsOf(inner);
  const format = inBrackets(expression, /^fmt::format\(/);
  const [first = '', ...others] = format === null ? [] : cut(format, ',');
  const pattern = format === null ? null : literalText(first);
  if (pattern === null) return ['{}'];
  return [...others.flatMap(patternsOf).filter(isSentence), pattern.replace(/\{\{|\}\}|\{[^{}]*\}/g, (hole) => (hole === '{{' ? '{' : hole === '}}' ? '}' : '{}'))];
}

const isSentence = (pattern: string): boolean => (/[A-Za-z]{2,}\S* .*[A-Za-z]{2,}/.test(pattern.replaceAll('{}', '?')) && !/^(\{\"|urn:)/.test(pattern)) || /^(line|byte) \{\}$/.test(pattern);

/** What stands in braces, such as a list of an error's parts. */
const partsOf = (expression: string): string[] => (expression.startsWith('{') && expression.endsWith('}') ? cut(expression.slice(1, -1), ',') : [expression]);

/** The patterns of all sentences that reach a person from this source, in order, each once. */
export function sentencesOf(source: string): string[] {
  const text = withoutComments(source);
  const found = new Set<string>();
  for (const call of text.matchAll(CALLS)) {
    const given = cut(text.slice(call.index + call[0].length), ',', true);
    // The first of a warning names the object, which is data.
    const texts = call[1] === 'warn' || call[1] === 'warn_' ? given.slice(1) : given;
    for (const pattern of texts.flatMap(partsOf).flatMap(patternsOf)) if (isSentence(pattern)) found.add(pattern);
  }
  for (const statement of text.matchAll(STATEMENTS)) {
    const given = cut(text.slice(statement.index + statement[0].length), ';', true)[0] ?? '';
    for (const pattern of partsOf(given).flatMap(patternsOf)) if (isSentence(pattern)) found.add(pattern);
  }
  return [...found];
}
