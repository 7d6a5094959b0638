// Tables of words.
#include "space/formats/underground_columns.hpp"

#include <array>
#include <cctype>
#include <cstdio>
#include <vector>

namespace cityloom::space {
namespace {

struct ColumnWord {
  std::string_view word;
  BuriedColumn column;
  double factor = 1;
};

using C = BuriedColumn;
constexpr double mm = 0.001;

constexpr std::array column_words{
    ColumnWord{"depth", C::depth},
    ColumnWord{"coverdepth", C::depth},
    ColumnWord{"cover", C::depth},
    ColumnWord{"burialdepth", C::depth},
    ColumnWord{"심도", C::depth},
    ColumnWord{"깊이", C::depth},
    ColumnWord{"매설깊이", C::depth},
    ColumnWord{"매설심도", C::depth},
    ColumnWord{"평균깊이", C::depth},
    ColumnWord{"평균심도", C::depth},
    ColumnWord{"토피", C::depth},
    ColumnWord{"avedep", C::depth},
    ColumnWord{"depthmin", C::depth_min},
    ColumnWord{"mindepth", C::depth_min},
    ColumnWord{"최저깊이", C::depth_min},
    ColumnWord{"최저심도", C::depth_min},
    ColumnWord{"lowdep", C::depth_min},
    ColumnWord{"depthmax", C::depth_max},
    ColumnWord{"maxdepth", C::depth_max},
    ColumnWord{"최고깊이", C::depth_max},
    ColumnWord{"최고심도", C::depth_max},
    ColumnWord{"hghdep", C::depth_max},
    ColumnWord{"diameter", C::diameter, mm},
    ColumnWord{"nominaldiameter", C::diameter, mm},
    ColumnWord{"dn", C::diameter, mm},
    ColumnWord{"관경", C::diameter, mm},
    ColumnWord{"구경", C::diameter, mm},
    ColumnWord{"관지름", C::diameter, mm},
    ColumnWord{"stddip", C::diameter, mm},
    ColumnWord{"ductwidth", C::width},
    ColumnWord{"가로길이", C::width},
    ColumnWord{"stdhol", C::width},
    ColumnWord{"ductheight", C::height},
    ColumnWord{"세로길이", C::height},
    ColumnWord{"stdver", C::height},
    ColumnWord{"material", C::material},
    ColumnWord{"관재질", C::material},
    ColumnWord{"재질", C::material},
    ColumnWord{"mopcde", C::material},
    ColumnWord{"installed", C::installed},
    ColumnWord{"installedat", C::installed},
    ColumnWord{"installdate", C::installed},
    ColumnWord{"installationdate", C::installed},
    ColumnWord{"yearinstalled", C::installed},
    ColumnWord{"installyear", C::installed},
    ColumnWord{"설치일자", C::installed},
    ColumnWord{"설치년도", C::installed},
    ColumnWord{"설치연도", C::installed},
    ColumnWord{"매설년도", C::installed},
    ColumnWord{"매설일자", C::installed},
    ColumnWord{"istymd", C::installed},
    ColumnWord{"owner", C::owner},
    ColumnWord{"operator", C::owner},
    ColumnWord{"관리기관", C::owner},
    ColumnWord{"소유기관", C::owner},
    ColumnWord{"소유자", C::owner},
    ColumnWord{"mngcde", C::owner},
    ColumnWord{"ownerphone", C::phone},
    ColumnWord{"phone", C::phone},
    ColumnWord{"연락처", C::phone},
    ColumnWord{"전화번호", C::phone},
    ColumnWord{"network", C::network},
    ColumnWord{"utility", C::network},
    ColumnWord{"utilitytype", C::network},
    ColumnWord{"관종", C::network},
    ColumnWord{"시설물종류", C::network},
    ColumnWord{"시설물구분", C::network},
    ColumnWord{"시설종류", C::network},
    ColumnWord{"ftrcde", C::network},
    ColumnWord{"지형지물부호", C::network},
    ColumnWord{"pressure", C::pressure},
    ColumnWord{"압력", C::pressure},
    ColumnWord{"voltage", C::voltage},
    ColumnWord{"전압", C::voltage},
    ColumnWord{"accuracyclass", C::accuracy},
    ColumnWord{"accuracy", C::accuracy},
    ColumnWord{"qualitylevel", C::accuracy},
    ColumnWord{"정확도", C::accuracy},
    ColumnWord{"정확도등급", C::accuracy},
    ColumnWord{"탐사구분", C::accuracy},
    ColumnWord{"불탐여부", C::accuracy},
    ColumnWord{"status", C::status},
    ColumnWord{"상태", C::status},
};

struct Pair {
  std::string_view word, meaning;
};

constexpr std::array networks{
    Pair{"water", "water"},
    Pair{"상수", "water"},
    Pair{"sewer", "sewer"},
    Pair{"wastewater", "sewer"},
    Pair{"오수", "sewer"},
    Pair{"하수", "sewer"},
    Pair{"storm", "stormwater"},
    Pair{"drain", "stormwater"},
    Pair{"우수", "stormwater"},
    Pair{"gas", "gas"},
    Pair{"가스", "gas"},
    Pair{"electric", "electricity"},
    Pair{"power", "electricity"},
    Pair{"전기", "electricity"},
    Pair{"전력", "electricity"},
    Pair{"telecom", "telecom"},
    Pair{"communicat", "telecom"},
    Pair{"통신", "telecom"},
    Pair{"fibre", "telecom"},
    Pair{"fiber", "telecom"},
    Pair{"heat", "heating"},
    Pair{"steam", "heating"},
    Pair{"난방", "heating"},
    Pair{"열", "heating"},
    Pair{"oil", "oil"},
    Pair{"송유", "oil"},
    Pair{"fuel", "oil"},
    Pair{"transport", "transport"},
    Pair{"subway", "transport"},
    Pair{"지하철", "transport"},
    Pair{"petroleum", "oil"},
    Pair{"유류", "oil"},
};

// Small letters, without what does not matter; a unit in brackets or behind "_" apart.
std::string plain(std::string_view text) {
  std::string word;
  for (const char letter : text) {
    if (letter == '(' || letter == '[') break;
    if (letter == ' ' || letter == '_' || letter == '-' || letter == '.' || letter == ':') continue;
    word += static_cast<char>(static_cast<unsigned char>(letter) < 0x80 ? std::tolower(letter) : letter);
  }
  return word;
}

std::string_view unit_of(std::string_view text) {
  const size_t bracket = text.find_first_of("([");
  if (bracket != std::string_view::npos) {
    const std::string_view unit = text.substr(bracket + 1);
    return unit.substr(0, unit.find_first_of(")]"));
  }
  const size_t line = text.find_last_of("_ ");
  return line == std::string_view::npos ? std::string_view() : text.substr(line + 1);
}

double metres_in(std::string_view unit) {
  if (unit == "mm") return 0.001;
  if (unit == "cm") return 0.01;
  if (unit == "m") return 1;
  if (unit == "in" || unit == "inch") return 0.0254;
  if (unit == "ft") return 0.3048;
  return 0;
}

}  // namespace

std::optional<BuriedMeaning> buried_meaning_of(std::string_view column) {
  if (column.size() > 100) return {};
  const std::string_view unit = unit_of(column);
  const double metres = metres_in(unit);
  std::string word = plain(column);
  const auto find = [&](double factor) -> std::optional<BuriedMeaning> {
    for (const ColumnWord& known : column_words) {
      if (known.word == word) return BuriedMeaning{known.column, factor > 0 ? factor : known.factor};
    }
    return {};
  };
  if (const auto found = find(metres)) return found;
  // The unit as the last part of the name: depth_cm.
  if (metres > 0 && word.size() > unit.size() && word.ends_with(unit)) {
    word.resize(word.size() - unit.size());
    return find(metres);
  }
  return {};
}

std::string_view network_of(std::string_view word) {
  // Feature codes of the Korean underground facility maps, two letters and three digits: only those that are certain.
  if (word.size() == 5 && word[0] == 'S') {
    constexpr std::array codes{Pair{"SA", "water"}, Pair{"SB", "sewer"}};
    for (const Pair& code : codes) {
      if (word.starts_with(code.word)) return code.meaning;
    }
  }
  const std::string small = plain(word);
  // The more special word first: "wastewater" holds "water".
  for (const std::string_view special : {"wastewater", "storm", "우수", "오수"}) {
    if (small.find(special) != std::string::npos) {
      for (const Pair& pair : networks) {
        if (pair.word == special) return pair.meaning;
      }
    }
  }
  for (const Pair& pair : networks) {
    if (small.find(pair.word) != std::string::npos) return pair.meaning;
  }
  return {};
}

std::string accuracy_class_of(std::string_view word) {
  std::string small = plain(word);
  for (const std::string_view start : {"pas128", "ql", "qualitylevel"}) {
    if (small.starts_with(start)) small.erase(0, start.size());
  }
  if (small.starts_with("ql")) small.erase(0, 2);
  for (const std::string_view level : {"a", "b1", "b2", "b3", "b4", "c", "d"}) {
    if (small != level) continue;
    std::string made = "PAS128:" + std::string(level);
    for (char& letter : made) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    return made;
  }
  if (word.starts_with("KR:")) return std::string(word);
  if (small.find("불탐") != std::string::npos) return "KR:undetected";
  if (small.find("탐사") != std::string::npos) return "KR:detected";
  if (small.find("노출") != std::string::npos || small.find("실측") != std::string::npos) return "KR:measured";
  if (small.find("도면") != std::string::npos || small.find("자료") != std::string::npos) return "KR:drawing";
  return std::string(word);
}

std::string installation_date_of(std::string_view text) {
  std::vector<int> numbers;
  std::string digits;
  for (size_t i = 0; i <= text.size() && numbers.size() < 3; ++i) {
    const bool is_digit = i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (is_digit) {
      digits += text[i];
      if (digits.size() > 8) return std::string(text);
      continue;
    }
    if (digits.empty()) continue;
    if (numbers.empty() && (digits.size() == 8 || digits.size() == 6)) {
      numbers.push_back(std::stoi(digits.substr(0, 4)));
      numbers.push_back(std::stoi(digits.substr(4, 2)));
      if (digits.size() == 8) numbers.push_back(std::stoi(digits.substr(6, 2)));
      break;
    }
    if (numbers.empty() && digits.size() != 4) return std::string(text);
    numbers.push_back(std::stoi(digits));
    digits.clear();
  }
  if (numbers.empty() || numbers[0] < 1800 || numbers[0] > 2200) return std::string(text);
  std::array<char, 16> made{};
  const bool has_month = numbers.size() > 1 && numbers[1] >= 1 && numbers[1] <= 12;
  const bool has_day = has_month && numbers.size() > 2 && numbers[2] >= 1 && numbers[2] <= 31;
  if (has_day) {
    std::snprintf(made.data(), made.size(), "%04d-%02d-%02d", numbers[0], numbers[1], numbers[2]);
  } else if (has_month) {
    std::snprintf(made.data(), made.size(), "%04d-%02d", numbers[0], numbers[1]);
  } else {
    std::snprintf(made.data(), made.size(), "%04d", numbers[0]);
  }
  return made.data();
}

}  // namespace cityloom::space
