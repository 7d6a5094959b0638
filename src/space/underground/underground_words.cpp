// Words in two languages.
#include "space/underground/underground_words.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace cityloom::space {
namespace {

struct Words {
  std::string_view key, english, korean;
  std::string_view in(Language language) const { return language == Language::korean ? korean : english; }
};

constexpr std::array networks{Words{"water", "Water", "상수"},
                              Words{"sewer", "Sewer", "하수"},
                              Words{"stormwater", "Storm water", "우수"},
                              Words{"gas", "Gas", "가스"},
                              Words{"electricity", "Electricity", "전기"},
                              Words{"telecom", "Telecom", "통신"},
                              Words{"heating", "Heating", "난방"},
                              Words{"oil", "Oil", "송유"},
                              Words{"transport", "Traffic", "교통"}};

constexpr std::array types{Words{"Pipe", "pipe", "관"},
                           Words{"Cable", "cable", "선로"},
                           Words{"Tunnel", "tunnel", "터널"},
                           Words{"Basement", "Basement", "지하층"},
                           Words{"UndergroundStructure", "structure", "지하 구조물"},
                           Words{"RoadSegment", "Road tunnel", "도로 터널"},
                           Words{"Pump", "pump", "펌프"},
                           Words{"Valve", "valve", "밸브"},
                           Words{"WaterNetworkNode", "network node", "관망 절점"}};

constexpr std::array sentences{
    Words{"noRecords",
          "Nothing is recorded under this place. That does not mean that nothing is there: ask the owners before "
          "digging.",
          "이 자리의 지하 시설물 기록이 없습니다. 시설물이 없다는 뜻은 아닙니다. 굴착 전에 관리기관에 확인하세요."},
    Words{"depthUnknown", "The depth of {} is not known.", "{}개 시설물의 깊이를 알 수 없습니다."},
    Words{"ownerUnknown", "The owner of {} is not known.", "{}개 시설물의 관리기관을 알 수 없습니다."},
    Words{"accuracyUnknown", "How accurate the position of {} is, is not known.",
          "{}개 시설물의 위치 정확도를 알 수 없습니다."},
    Words{"terrainUnknown", "The height of the ground is not known here.", "이 자리의 지표면 높이를 알 수 없습니다."},
    Words{"networksWithoutRecords", "Nothing is recorded near here of: {}. They may be there all the same.",
          "주변에 기록이 없는 시설: {}. 기록이 없어도 있을 수 있습니다."}};

template <class Table>
const Words* find(const Table& table, std::string_view key) {
  for (const Words& words : table) {
    if (words.key == key) return &words;
  }
  return nullptr;
}

}  // namespace

Language language_of(std::string_view text) {
  const size_t korean = text.find("ko");
  const size_t english = text.find("en");
  return korean != std::string_view::npos && (english == std::string_view::npos || korean < english)
             ? Language::korean
             : Language::english;
}

std::string label_of(const Buried& buried, Language language) {
  const Words* type = find(types, buried.type);
  const Words* network = find(networks, buried.network);
  std::string label(type != nullptr ? type->in(language) : std::string_view(buried.type));
  if (buried.type != "RoadSegment" && network != nullptr) {
    label = std::string(network->in(language)) +
            (language == Language::korean && (buried.type == "Pipe" || buried.type == "Cable") ? "" : " ") + label;
  }
  if (!label.empty() && label[0] >= 'a' && label[0] <= 'z') label[0] = static_cast<char>(label[0] - 'a' + 'A');
  return label;
}

std::string own_name_of(const Buried& buried, Language language) {
  const auto json = nlohmann::json::parse(buried.name_json, nullptr, false);
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_object() || json.empty()) return {};
  for (const char* key : {language == Language::korean ? "ko" : "en", "@none"}) {
    if (json.contains(key) && json[key].is_string()) return json[key].get<std::string>();
  }
  return json.begin()->is_string() ? json.begin()->get<std::string>() : std::string();
}

std::string detail_of(const DigObject& object, Language language) {
  const bool is_korean = language == Language::korean;
  const Buried& thing = object.buried;
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (std::isfinite(thing.diameter_m)) {
    add(fmt::format("Ø {:.4g} mm", thing.diameter_m * 1'000));
  } else if (std::isfinite(thing.width_m) && std::isfinite(thing.height_m)) {
    add(fmt::format("{:.3g} × {:.3g} m", thing.width_m, thing.height_m));
  }
  if (!thing.material.empty()) add(thing.material);
  if (!std::isfinite(object.depth_min_m)) {
    add(is_korean ? "깊이 모름" : "depth unknown");
  } else if (object.depth_max_m - object.depth_min_m < 0.05) {
    add(fmt::format(fmt::runtime(is_korean ? "깊이 {:.2f} m" : "{:.2f} m deep"), object.depth_min_m));
  } else {
    add(fmt::format(fmt::runtime(is_korean ? "깊이 {:.2f}~{:.2f} m" : "{:.2f} to {:.2f} m deep"), object.depth_min_m,
                    object.depth_max_m));
  }
  if (!thing.accuracy_class.empty()) add(thing.accuracy_class);
  if (!thing.installed_at.empty()) add(thing.installed_at.substr(0, 4));
  if (!thing.owner.empty()) add(thing.owner);
  return text;
}

std::string sentence_of(const NotKnown& not_known, Language language) {
  const Words* words = find(sentences, not_known.code);
  if (words == nullptr) return not_known.code;
  std::string filling = std::to_string(not_known.count);
  if (not_known.code == "networksWithoutRecords") {
    filling.clear();
    for (const std::string& network : not_known.networks) {
      const Words* name = find(networks, network);
      filling += (filling.empty() ? "" : ", ") + std::string(name != nullptr ? name->in(language) : network);
    }
  } else if (language == Language::english) {
    filling += not_known.count == 1 ? " thing" : " things";
  }
  std::string text(words->in(language));
  if (const size_t place = text.find("{}"); place != std::string::npos) text.replace(place, 2, filling);
  return text;
}

std::string_view colour_of(std::string_view network) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> colours{{{"water", "#1f6fd6"},
                                                                                  {"sewer", "#8a4fbf"},
                                                                                  {"stormwater", "#5f8fb5"},
                                                                                  {"gas", "#e0b000"},
                                                                                  {"electricity", "#d62f2f"},
                                                                                  {"telecom", "#2f9e44"},
                                                                                  {"heating", "#e8741a"},
                                                                                  {"oil", "#7a4a1e"},
                                                                                  {"transport", "#6b7280"}}};
  for (const auto& [name, colour] : colours) {
    if (name == network) return colour;
  }
  return "#6b7280";
}

}  // namespace cityloom::space
