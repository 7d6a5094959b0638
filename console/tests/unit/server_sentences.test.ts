// Sentences of the server stand in Korean, and no sentence of its sources is forgotten.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SENTENCES, inKorean } from '../../src/state/server_sentences';
import { loadSentences, wordsOf } from '../../src/state/words';
import { sentencesOf } from './cpp_sentences';

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));
const SPACE = readdirSync(`${SOURCE}space`, { withFileTypes: true }).filter((one) => one.isDirectory()).map(({ name }) => `space/${name}`)
  .filter((folder) => !folder.endsWith('testing') && readdirSync(SOURCE + folder).some((name) => name.endsWith('.cpp')));
/** Every sentence of these folders and files is in Korean. */
const COMPLETE = [
  'link', 'space', ...SPACE, 'serve/api', 'serve/problem.cpp', 'base/instant.cpp', 'base/table_reader.cpp', 'ngsi/geojson.cpp', 'thread/appender.cpp', 'thread/assets.cpp',
  'thread/change.cpp', 'thread/limits.cpp', 'twin/geometry.cpp',
];
/** What is wrong in a YAML file is said to the engineer who starts the server, in a terminal. */
const FOR_ENGINEERS = ['link/mapping_yaml.cpp', 'link/definition.cpp', 'space/objects/object_reader.cpp'];
/** Descriptions of the API and the type of its answer: they stand in /openapi.json and in headers, on no screen. */
const NO_SENTENCES = ['serve/api/api.cpp', 'serve/api/metrics.cpp', 'serve/api/openapi.cpp'];
const ENGLISH = /\b(the|is|are|an|not|no|has|have|it|its|more|than|was|were|which|read|left|out)\b/i;

const sourcesOf = (place: string): string[] => (place.endsWith('.cpp') ? [place] : readdirSync(SOURCE + place).map((name) => `${place}/${name}`))
  .filter((path) => path.endsWith('.cpp') && !/_(test|fuzz|bench)\.cpp$|testing/.test(path) && ![...FOR_ENGINEERS, ...NO_SENTENCES].includes(path));

/** No Hangul, or words left that English sentences are made of. What begins with a verb is the end of a sentence. */
function isLeft(pattern: string): boolean {
  const example = pattern.replaceAll('{}', '7');
  return [example, `the payload is empty${example}`, `7 ${example}`].every((sentence) => {
    const korean = inKorean(sentence);
    return !/\p{Script=Hangul}/u.test(korean) || ENGLISH.test(korean);
  });
}

describe('sentences of the server in Korean', () => {
  it.each([
    ["'12,5' is no number", "'12,5' 값은 숫자가 아닙니다"],
    ['the message has a value for none of the attributes that the mapping names', '매핑에 적힌 속성의 값이 메시지에 하나도 없습니다'],
    ["pm25 is required: 'x' is no number", "꼭 있어야 하는 pm25 값을 얻지 못했습니다: 'x' 값은 숫자가 아닙니다"],
    ["no entity id: 'urn:a:{id}' needs {id}, which the message does not say", "객체 ID를 만들 수 없습니다: 'urn:a:{id}'에 필요한 id 값이 메시지에 없습니다"],
    ["no observed time: '7' is not a time of the form RFC 3339, such as 2026-11-22T08:05:00Z", "측정 시각을 알 수 없습니다: '7' 값은 정해진 꼴의 시각이 아닙니다: RFC 3339, 예: 2026-11-22T08:05:00Z"],
    ['no broker answers at broker:1883: Connection refused: start it, or look at host and port of the link', 'broker:1883에서 답하는 브로커가 없습니다: 연결이 거부되었습니다: 브로커를 켜거나 연결의 host와 port를 확인하세요'],
    ['the broker refuses us: Not authorized (look at user and password_file)', '브로커가 연결을 거절했습니다: 권한이 없습니다 (user와 password_file을 확인하세요)'],
    ['the payload is not JSON: The JSON document has an improper structure: missing or superfluous commas, braces, missing keys, etc.', '자료가 JSON이 아닙니다: JSON의 짜임이 올바르지 않습니다(빠지거나 남는 쉼표, 괄호, 이름 등)'],
    ['Its middle lies nowhere: The position lies outside what EPSG:5186 can express (no grid)', '가운데의 위치를 알 수 없습니다: 위치가 EPSG:5186 좌표계의 범위를 벗어납니다 (no grid)'],
    ['The zip archive is damaged: roads.osm is cut off', 'zip이 손상되었습니다: roads.osm 파일이 잘렸습니다'],
    ['height "12,5" has a decimal comma: OpenStreetMap asks for a point', 'height "12,5" 값에 쉼표가 있습니다: OpenStreetMap의 소수점은 마침표입니다'],
    ['3 faces are not plane, off by up to 0.25 m (LoD 2): kept as they are', '평평하지 않은 면이 3개 있습니다. 가장 크게 0.25 m 어긋납니다 (LoD 2): 그대로 두었습니다'],
    ['its position 1 2 3 lies outside where EPSG:5186 is used: is it the right coordinate system?', '위치 1 2 3이(가) EPSG:5186 좌표계를 쓰는 지역 밖에 있습니다: 좌표계가 맞습니까?'],
    ['IfcWall has no shape: items of kind IFCFOO are not read (#12)', 'IfcWall의 모양이 없습니다: IFCFOO 형상은 읽지 않습니다 (#12)'],
    ['LAZ with parts of type 7 in version 9 cannot be read here: Save it as LAS, which can be read', '이런 LAZ는 읽을 수 없습니다: 유형 7, 버전 9인 부분: LAS로 저장하면 읽을 수 있습니다'],
    ['The request breaks a rule: The file names no coordinate system: Name the coordinate system by the option crs, e.g. EPSG:25833: a.gml', '요청이 규칙에 어긋납니다: 파일에 좌표계가 적혀 있지 않습니다: 좌표계를 옵션 crs로 알려 주세요. 예: EPSG:25833: a.gml'],
    ['must be a number, is a text', '숫자이어야 하는데 글입니다'],
    ['must be at most 60, is 70', '60 이하여야 하는데 70입니다'],
    ['must be in CEL, is in FAH', '단위가 CEL이어야 하는데 FAH입니다'],
    ['is not in the model; nearest: temperature', '모델에 없습니다. 가장 가까운 이름: temperature'],
    ['must be one of "closed", "open"; is "ajar"', '"closed", "open" 가운데 하나여야 하는데 "ajar"입니다'],
    ['must be a date-time such as 2026-11-22T08:05:00Z, is "soon"', '2026-11-22T08:05:00Z 같은 일시이어야 하는데 "soon"입니다'],
    ['must have at least 2 items that fit, has 1', '맞는 항목이 2개 이상이어야 하는데 1개입니다'],
    ['the endpoint answered 503', '받는 쪽이 503로 답했습니다'],
    ['(clients)', '(API로 쓴 것)'],
  ])('%s', (english, korean) => expect(inKorean(english)).toBe(korean));

  it('come with their tails: a part, a place, a remedy, more of the kind', () => {
    expect(inKorean('pm25: part: 3 is below the least valid value 5')).toBe('pm25: part: 3 값이 허용 최솟값 5보다 작습니다');
    expect(inKorean('the file cannot be read (a.csv): look at its name and rights')).toBe('파일을 읽을 수 없습니다 (a.csv): 파일의 이름과 권한을 확인하세요');
    expect(inKorean("'x' is no number (and 3 more)")).toBe("'x' 값은 숫자가 아닙니다 (그 밖에 3건)");
    expect(inKorean("'x' is no number, and 1,200 more like it")).toBe("'x' 값은 숫자가 아닙니다 (같은 것이 1,200건 더 있음)");
    expect(inKorean('line 5: one tag has more than 16 MiB')).toBe('5행: 태그 하나가 16 MiB를 넘습니다');
    expect(inKorean('its arcs do not join at arc 5 (line 3): road 7')).toBe('호 5번에서 이어지지 않습니다 (3행): road 7');
    expect(inKorean('part: unit is required and has no value')).toBe('part: 꼭 있어야 하는 unit 값이 없습니다');
    expect(inKorean('a quote is opened and never closed (line 12)')).toBe('따옴표가 열리고 닫히지 않았습니다 (12행)');
  });

  it('stay as they are where they are unknown, or of no sensible length', () => {
    for (const unknown of ['', 'nobody ever said so', '7', 'broker:1883', 'a: b: c (d)']) expect(inKorean(unknown)).toBe(unknown);
    const long = `no entity id: ${'x'.repeat(2000)}`;
    expect(inKorean(long)).toBe(long);
  });

  it('keep what varies as it came, braces and dollars too', () => {
    expect(inKorean("'{1} $& {0}' is no number (and {0} more)")).toBe("'{1} $& {0}' 값은 숫자가 아닙니다 (그 밖에 {0}건)");
  });

  it('take little time whatever they are', () => {
    const begun = performance.now();
    for (const part of ['no scope: ', ': ', ' (', "'", 'x: the payload is empty: ', 'no entity id: no scope: ']) inKorean(part.repeat(2000 / part.length));
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('are English in English', async () => {
    await loadSentences();
    expect(wordsOf('en').said("'x' is no number")).toBe("'x' is no number");
    expect(wordsOf('ko').said("'x' is no number")).toBe("'x' 값은 숫자가 아닙니다");
  });

  it('are each there once, with the same holes in both languages', () => {
    const english = SENTENCES.map(([one]) => one);
    expect(english.filter((one, at) => english.indexOf(one) !== at)).toEqual([]);
    expect(SENTENCES.filter(([one, korean]) => {
      const holes = new Set(korean.match(/\{\d?\}/g) ?? []);
      return holes.size !== one.split('{}').length - 1 || !/\p{Script=Hangul}/u.test(korean);
    })).toEqual([]);
  });
});

describe('the sentences in the sources of the server', () => {
  it('are found in calls, joined, chosen and formatted', () => {
    expect(sentencesOf('fail(Code::invalid, "it has " "no " + name + (more ? " or" : ""), file, "look at it");')).toEqual(['it has no {} or', 'it has no {}', 'look at it']);
    expect(sentencesOf('// fail(code, "said in a comment");\nbatch.warn("object of it", fmt::format("{:.1f} is {{{}}} here", a, b));')).toEqual(['{} is {{}} here']);
    expect(sentencesOf('return {Code::unsupported, std::string("it is no ") + kind};')).toEqual(['it is no {}']);
  });

  it.each(COMPLETE)('%s: all of them have Korean', (place) => {
    const sources = sourcesOf(place);
    expect(sources).not.toEqual([]);
    expect(sources.flatMap((path) => sentencesOf(readFileSync(SOURCE + path, 'utf8')).filter(isLeft).map((pattern) => `${path}: ${pattern}`))).toEqual([]);
  });
});
