// 데이터 모델에 어긋난 것을 서버가 영어로 하는 말의 한국어.
import type { SentencePair } from './types';

const kinds: readonly SentencePair[] = [
  ['null', '널(null)'],
  ['a boolean', '참거짓'],
  ['a number', '숫자'],
  ['an integer', '정수'],
  ['a text', '글'],
  ['an array', '배열'],
  ['an object', '객체'],
  ['a Property', '속성(Property)'],
  ['a Relationship', '관계(Relationship)'],
  ['a GeoProperty', '위치 속성(GeoProperty)'],
  ['a date-time such as 2026-11-22T08:05:00Z', '2026-11-22T08:05:00Z 같은 일시'],
  ['a date such as 2026-11-22', '2026-11-22 같은 날짜'],
  ['a time such as 08:05:00Z', '08:05:00Z 같은 시각'],
  ['a URI', 'URI 주소'],
  ['an e-mail address', '전자우편 주소'],
  ['(clients)', '(API로 쓴 것)'],
  ['(others)', '(그 밖)'],
  ['(earlier)', '(이전 실행)'],
  ['(unknown)', '(알 수 없음)'],
];

const findings: readonly SentencePair[] = [
  ['is missing', '빠졌습니다'],
  ['is not in the model', '모델에 없습니다'],
  ['is not in the model; nearest: {}', '모델에 없습니다. 가장 가까운 이름: {0}'],
  ['must not be there', '있으면 안 됩니다'],
  ['must not be as it is', '지금 값이면 안 됩니다'],
  ['must be {}', '{0}이어야 합니다'],
  ['must be {}, is {}', '{0}이어야 하는데 {1}입니다'],
  ['must be {} or {}, is {}', '{0} 또는 {1}이어야 하는데 {2}입니다'],
  ['must be one of {}; is {}', '{0} 가운데 하나여야 하는데 {1}입니다'],
  ['must be at least {}, is {}', '{0} 이상이어야 하는데 {1}입니다'],
  ['must be at most {}, is {}', '{0} 이하여야 하는데 {1}입니다'],
  ['must be above {}, is {}', '{0}보다 커야 하는데 {1}입니다'],
  ['must be below {}, is {}', '{0}보다 작아야 하는데 {1}입니다'],
  ['must be a multiple of {}, is {}', '{0}의 배수여야 하는데 {1}입니다'],
  ['must be in {}, is in {}', '단위가 {0}이어야 하는데 {1}입니다'],
  ['must match {}, is {}', '{0} 꼴이어야 하는데 {1}입니다'],
  ['must have at least {} characters, has {}', '{0}글자 이상이어야 하는데 {1}글자입니다'],
  ['must have at most {} characters, has {}', '{0}글자 이하여야 하는데 {1}글자입니다'],
  ['must have at least {} items, has {}', '항목이 {0}개 이상이어야 하는데 {1}개입니다'],
  ['must have at most {} items, has {}', '항목이 {0}개 이하여야 하는데 {1}개입니다'],
  ['must have at least {} items that fit, has {}', '맞는 항목이 {0}개 이상이어야 하는데 {1}개입니다'],
  ['must have at most {} items that fit, has {}', '맞는 항목이 {0}개 이하여야 하는데 {1}개입니다'],
  ['must have at least {} members, has {}', '구성 요소가 {0}개 이상이어야 하는데 {1}개입니다'],
  ['must have at most {} members, has {}', '구성 요소가 {0}개 이하여야 하는데 {1}개입니다'],
  ['must not hold {} twice', '{0} 값이 두 번 있으면 안 됩니다'],
  ['must fit one of {} alternatives, fits {}', '{0}가지 가운데 하나에만 맞아야 하는데 {1}가지에 맞습니다'],
  ['fits none of {} alternatives', '{0}가지 가운데 어느 것에도 맞지 않습니다'],
  ['has a name that is not allowed', '쓸 수 없는 이름입니다'],
  ['takes too many steps to be checked by its model', '모델로 검사하는 데 단계가 너무 많이 듭니다'],
];

const models: readonly SentencePair[] = [
  ['the entity does not keep to the model {}: {}', '객체가 {0} 모델에 어긋납니다: {1}'],
  ['there is no model of this name', '이런 이름의 모델이 없습니다'],
  ['the model has no such version', '모델에 그런 버전이 없습니다'],
];

export const qualitySentences: readonly SentencePair[] = [...kinds, ...findings, ...models];
