// Two lists of old Korean words; a name is one of each, in letters and as they sound.
#include "rehearsal/names.hpp"

#include <array>

namespace cityloom::rehearsal {
namespace {

struct Word {
  const char* ko;
  const char* en;
};

constexpr std::array<Word, 32> first_words{
    {{"가온", "Gaon"},    {"솔", "Sol"},    {"달", "Dal"},       {"별", "Byeol"},     {"하늘", "Haneul"},
     {"늘", "Neul"},      {"온", "On"},     {"미르", "Mireu"},   {"아라", "Ara"},     {"새", "Sae"},
     {"한", "Han"},       {"물", "Mul"},    {"바람", "Baram"},   {"들", "Deul"},      {"꽃", "Kkot"},
     {"단", "Dan"},       {"봄", "Bom"},    {"해", "Hae"},       {"은", "Eun"},       {"푸른", "Pureun"},
     {"맑은", "Malgeun"}, {"누리", "Nuri"}, {"다솜", "Dasom"},   {"여름", "Yeoreum"}, {"가람", "Garam"},
     {"두레", "Dure"},    {"큰", "Keun"},   {"밝은", "Balgeun"}, {"너른", "Neoreun"}, {"참", "Cham"},
     {"이든", "Ideun"},   {"보람", "Boram"}}};

constexpr std::array<Word, 24> second_words{
    {{"빛", "bit"},     {"내", "nae"},     {"울", "ul"},        {"여울", "yeoul"}, {"마루", "maru"}, {"나루", "naru"},
     {"벌", "beol"},    {"재", "jae"},     {"골", "gol"},       {"샘", "saem"},    {"숲", "sup"},    {"터", "teo"},
     {"고을", "goeul"}, {"오름", "oreum"}, {"바위", "bawi"},    {"모루", "moru"},  {"섬", "seom"},   {"우물", "umul"},
     {"돌", "dol"},     {"다리", "dari"},  {"언덕", "eondeok"}, {"찬", "chan"},    {"결", "gyeol"},  {"뜰", "tteul"}}};

constexpr std::array<Word, 12> city_words{{{"가온", "Gaon"},
                                           {"늘봄", "Neulbom"},
                                           {"새여울", "Saeyeoul"},
                                           {"아라빛", "Arabit"},
                                           {"솔마루", "Solmaru"},
                                           {"달여울", "Dalyeoul"},
                                           {"미르벌", "Mireubeol"},
                                           {"한누리", "Hannuri"},
                                           {"별내울", "Byeolnaeul"},
                                           {"온누리", "Onnuri"},
                                           {"물빛", "Mulbit"},
                                           {"해오름", "Haeoreum"}}};

int32_t quarter_floor(int32_t value, int32_t step) {
  return value >= 0 ? value / step : -((-value + step - 1) / step);
}

Name numbered(Name name, const std::string& ko, const std::string& en) {
  return {name.ko + ko, name.en + en};
}

Word suffix_of(StreetClass street) {
  return street == StreetClass::primary ? Word{"대로", "-daero"} : Word{"로", "-ro"};
}

}  // namespace

std::string Name::json() const {
  return R"({"ko":")" + ko + R"(","en":")" + en + "\"}";
}

Name Names::word(uint64_t key) const {
  const uint64_t hash = mixed(mixed(plan_.spec().seed + 77) ^ key);
  const Word& first = first_words[hash % first_words.size()];
  const Word& second = second_words[(hash >> 20) % second_words.size()];
  return {std::string(first.ko) + second.ko, std::string(first.en) + second.en};
}

Name city_name_of(uint64_t seed) {
  const Word& word = city_words[mixed(seed + 5) % city_words.size()];
  return {std::string(word.ko) + "시", word.en};
}

Name Names::city() const {
  return city_name_of(plan_.spec().seed);
}

Name Names::river() const {
  const Word& word = first_words[mixed(plan_.spec().seed + 9) % first_words.size()];
  return {std::string(word.ko) + "강", std::string(word.en) + "gang River"};
}

Name Names::district(Quarter quarter) const {
  const int32_t x = quarter_floor(quarter.x + 5, 11), y = quarter_floor(quarter.y + 6, 11);
  return numbered(word(1'000'000 + static_cast<uint64_t>((y + 500) * 1'000 + x + 500)), "구", "-gu");
}

Name Names::neighbourhood(Quarter quarter) const {
  const int32_t x = quarter_floor(quarter.x + 1, 3), y = quarter_floor(quarter.y + 1, 3);
  return numbered(word(2'000'000 + static_cast<uint64_t>((y + 500) * 1'000 + x + 500)), "동", "-dong");
}

// Main streets have a name along their whole line; side streets are numbered from the main street beside them.
Name Names::row_street(GridNode at) const {
  const int32_t rank = at.j >= 0 ? at.j : -1 - at.j;
  const int32_t main = rank - rank % quarter_lines;
  const uint64_t key = 3'000'000 + static_cast<uint64_t>(main) * 2 + (at.j >= 0 ? 0 : 1);
  if (rank == 0) {
    // The streets on the banks are called by the river.
    const Word& word = first_words[mixed(plan_.spec().seed + 9) % first_words.size()];
    return at.j == 0 ? Name{std::string(word.ko) + "강북로", std::string(word.en) + "gangbuk-ro"}
                     : Name{std::string(word.ko) + "강남로", std::string(word.en) + "gangnam-ro"};
  }
  const Word suffix = suffix_of(CityPlan::class_of_row(at.j >= 0 ? main : -1 - main));
  const Name name = numbered(word(key), suffix.ko, suffix.en);
  if (rank == main) return name;
  const std::string number =
      std::to_string((quarter_floor(at.i, quarter_lines) + 300) * 4 % 400 + rank % quarter_lines);
  return numbered(name, number + "길", " " + number + "-gil");
}

Name Names::column_street(GridNode at) const {
  const int32_t main = quarter_floor(at.i, quarter_lines) * quarter_lines;
  const uint64_t key = 4'000'000 + static_cast<uint64_t>(main + 2'000'000);
  const Word suffix = suffix_of(CityPlan::class_of_column(main));
  const Name name = numbered(word(key), suffix.ko, suffix.en);
  if (at.i == main) return name;
  const std::string number = std::to_string((quarter_floor(at.j, quarter_lines) + 300) * 4 % 400 + at.i - main);
  return numbered(name, number + "길", " " + number + "-gil");
}

Name Names::bridge(int32_t i) const {
  return numbered(word(5'000'000 + static_cast<uint64_t>(i + 1'000'000)), "대교", "daegyo Bridge");
}

Name Names::park(Quarter quarter) const {
  const Name name = word(6'000'000 + static_cast<uint64_t>((quarter.y + 500) * 1'000 + quarter.x + 500));
  return {name.ko + "공원", name.en + " Park"};
}

Name Names::complex(Quarter quarter, uint16_t complex) const {
  Name name = neighbourhood(quarter);
  name.ko.resize(name.ko.size() - std::string("동").size());
  name.en.resize(name.en.size() - std::string("-dong").size());
  const std::string number = std::to_string((quarter.x - quarter_floor(quarter.x + 1, 3) * 3 + 1) * 12 +
                                            (quarter.y - quarter_floor(quarter.y + 1, 3) * 3 + 1) * 4 + complex);
  return {name.ko + "마을 " + number + "단지", name.en + " Maeul " + number + "-danji"};
}

Name Names::street_of(const BuildingPlan& building) const {
  return row_street(building.street_from);
}

uint32_t Names::house_number(const BuildingPlan& building) const {
  const double along_m =
      (building.street_from.i % 4'000 + 4'000) % 4'000 * 90.0 + static_cast<double>(building.street_share) * 90;
  const auto tens = static_cast<uint32_t>(along_m / 10) % 1'000;
  return tens * 2 + (building.is_left_of_street ? 1 : 2);
}

Name Names::building(Quarter quarter, const BuildingPlan& building, size_t number) const {
  const Name neighbourhood_name = neighbourhood(quarter);
  const auto key = static_cast<uint64_t>((quarter.y + 500) * 1'000 + quarter.x + 500) * 1'000 + number;
  const auto local = [&](const char* ko, const char* en) {
    std::string base_ko = neighbourhood_name.ko, base_en = neighbourhood_name.en;
    base_ko.resize(base_ko.size() - std::string("동").size());
    base_en.resize(base_en.size() - std::string("-dong").size());
    return Name{base_ko + ko, base_en + en};
  };
  switch (building.use) {
    case Use::apartments: {
      const Name name = complex(quarter, building.complex);
      const std::string block = std::to_string(building.number_in_complex);
      return {name.ko + " " + block + "동", name.en + " " + block + "-dong"};
    }
    case Use::school:
      return local("초등학교", " Elementary School");
    case Use::kindergarten:
      return local("유치원", " Kindergarten");
    case Use::university:
      return local("대학교", " University");
    case Use::hospital:
      return local("병원", " Hospital");
    case Use::culture:
      return local("박물관", " Museum");
    case Use::hotel:
      return numbered(word(7'000'000'000 + key), " 호텔", " Hotel");
    case Use::civic:
      if (quarter == Quarter{0, 0}) return {city().ko + "청", city().en + " City Hall"};
      return local("주민센터", " Community Center");
    case Use::office:
      if (building.levels >= 8) return numbered(word(7'000'000'000 + key), "타워", " Tower");
      return numbered(word(7'000'000'000 + key), "빌딩", " Building");
    case Use::factory:
      return numbered(word(7'000'000'000 + key), "공장", " Works");
    case Use::warehouse:
      return numbered(word(7'000'000'000 + key), "물류센터", " Logistics Center");
    default:
      return {};
  }
}

}  // namespace cityloom::rehearsal
