// 건물 안을 보는 글(한국어). 키는 texts.indoors.en.ts와 같아야 한다.
export const indoorsKo = {
  'indoors.title': '건물 내부',
  'indoors.look': '안을 보기',
  'indoors.leave': '밖으로 나가기',
  'indoors.loading': '건물 내부를 읽는 중…',
  'indoors.storeys': '층',
  'indoors.all': '모든 층',
  'indoors.rooms': '이 층의 방',
  'indoors.chooseStorey': '층을 고르면 방이 나옵니다.',
  'indoors.unnamed': '이름 없는 방',
  'indoors.wayOut': '건물 밖으로 가는 길',
  'indoors.wayLoading': '길을 찾는 중…',
  'indoors.wayFound': '밖까지 {{length}}, 걸어서 약 {{seconds}}초',
};
