// Records to buried things.
#include "space/underground/buried.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace cityloom::space {
namespace {

constexpr double high_voltage_v = 1'000;     // IEC 60038: above it, high voltage
constexpr double high_pressure_kpa = 1'600;  // water mains above 16 bar

std::string text_of(const twin::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  return {};
}

double metres_of(const twin::Attribute& attribute, const UndergroundTerms& terms) {
  const double number = twin::as_number(attribute.value);
  if (attribute.unit == terms.millimetre) return number / 1'000;
  if (attribute.unit == terms.centimetre) return number / 100;
  return number;
}

// A diameter without a unit is in millimetres, as everybody writes it.
double diameter_of(const twin::Attribute& attribute, const UndergroundTerms& terms) {
  return attribute.unit.exists() ? metres_of(attribute, terms) : twin::as_number(attribute.value) / 1'000;
}

std::string_view short_type(const twin::EntityRecord& record, const twin::TermTable& table,
                            const UndergroundTerms& terms) {
  for (const twin::Term type : record.types()) {
    const bool is_ours = std::find(terms.types.begin(), terms.types.end(), type) != terms.types.end();
    if (!is_ours) continue;
    const std::string_view iri = table.text(type);
    return iri.substr(iri.find_last_of("/#") + 1);
  }
  return record.has_type(terms.road_segment) ? "RoadSegment" : std::string_view();
}

Hazard hazard_of(const Buried& buried) {
  if (buried.network == "gas") return Hazard::gas;
  if (buried.network == "oil") return Hazard::oil;
  if (buried.network == "electricity") {
    return buried.voltage_v > high_voltage_v ? Hazard::high_voltage : Hazard::electricity;
  }
  if (buried.network == "heating") return Hazard::heating;
  if (buried.pressure_kpa > high_pressure_kpa) return Hazard::high_pressure;
  return Hazard::none;
}

void read_texts(const twin::Attribute& attribute, const UndergroundTerms& t, Buried& to) {
  const std::array<std::pair<twin::Term, std::string Buried::*>, 7> texts{{{t.network, &Buried::network},
                                                                           {t.material, &Buried::material},
                                                                           {t.installed_at, &Buried::installed_at},
                                                                           {t.owner, &Buried::owner},
                                                                           {t.owner_phone, &Buried::owner_phone},
                                                                           {t.accuracy_class, &Buried::accuracy_class},
                                                                           {t.status, &Buried::status}}};
  for (const auto& [term, member] : texts) {
    if (attribute.name == term) to.*member = text_of(attribute.value);
  }
}

void read_attribute(const twin::Attribute& attribute, const UndergroundTerms& t, Buried& to, double& depth_m) {
  const twin::Value& value = attribute.value;
  if (attribute.name == twin::terms::location) {
    if (const auto* geometry = std::get_if<twin::Geometry>(&value)) to.location = *geometry;
  } else if (attribute.name == t.name) {
    if (const auto* json = std::get_if<twin::Json>(&value)) to.name_json = json->text;
    if (const auto* text = std::get_if<std::string>(&value)) to.name_json = "\"" + *text + "\"";
  } else if (attribute.name == t.depth) {
    depth_m = metres_of(attribute, t);
  } else if (attribute.name == t.depth_min) {
    to.depth_min_m = metres_of(attribute, t);
  } else if (attribute.name == t.depth_max) {
    to.depth_max_m = metres_of(attribute, t);
  } else if (attribute.name == t.diameter) {
    to.diameter_m = diameter_of(attribute, t);
  } else if (attribute.name == t.width) {
    to.width_m = metres_of(attribute, t);
  } else if (attribute.name == t.height || attribute.name == t.level_max) {
    to.height_m = metres_of(attribute, t);
  } else if (attribute.name == t.pressure) {
    to.pressure_kpa = twin::as_number(value) * (attribute.unit == t.bar ? 100 : 1);
  } else if (attribute.name == t.voltage) {
    to.voltage_v = twin::as_number(value) * (attribute.unit == t.kilovolt ? 1'000 : 1);
  } else if (attribute.name == t.horizontal_accuracy) {
    to.accuracy.horizontal_m = metres_of(attribute, t);
  } else if (attribute.name == t.vertical_accuracy) {
    to.accuracy.vertical_m = metres_of(attribute, t);
  } else {
    read_texts(attribute, t, to);
  }
}

}  // namespace

std::string_view name_of(Hazard hazard) {
  constexpr std::array<std::string_view, 7> names{"gas",          "highVoltage", "oil", "heating",
                                                  "highPressure", "electricity", ""};
  return names[static_cast<size_t>(hazard)];
}

Accuracy accuracy_of(std::string_view accuracy_class, double depth_m) {
  const double depth = std::isfinite(depth_m) ? std::abs(depth_m) : 0;
  if (accuracy_class == "PAS128:A") return {0.05, 0.025};
  if (accuracy_class == "PAS128:B1") return {std::max(0.15, 0.15 * depth), std::max(0.15, 0.15 * depth)};
  if (accuracy_class == "PAS128:B2") return {std::max(0.25, 0.4 * depth), std::max(0.25, 0.4 * depth)};
  if (accuracy_class == "PAS128:B3") return {0.5, Buried::unknown};
  if (accuracy_class == "KR:measured" || accuracy_class == "KR:detected") return {0.2, 0.3};
  return {};
}

UndergroundTerms UndergroundTerms::find(const twin::TermTable& table) {
  const auto term = [&](std::string_view name) {
    return table.find("https://uri.etsi.org/ngsi-ld/default-context/" + std::string(name));
  };
  UndergroundTerms made;
  for (const char* type :
       {"Pipe", "Cable", "Tunnel", "Basement", "UndergroundStructure", "Pump", "Valve", "WaterNetworkNode"}) {
    if (const twin::Term found = term(type); found != twin::Term::unknown()) made.types.push_back(found);
  }
  const std::pair<twin::Term UndergroundTerms::*, std::string_view> names[] = {
      {&UndergroundTerms::road_segment, "RoadSegment"},
      {&UndergroundTerms::tunnel, "tunnel"},
      {&UndergroundTerms::name, "name"},
      {&UndergroundTerms::network, "network"},
      {&UndergroundTerms::depth, "depth"},
      {&UndergroundTerms::depth_min, "depthMin"},
      {&UndergroundTerms::depth_max, "depthMax"},
      {&UndergroundTerms::diameter, "diameter"},
      {&UndergroundTerms::width, "width"},
      {&UndergroundTerms::height, "height"},
      {&UndergroundTerms::material, "material"},
      {&UndergroundTerms::installed_at, "installedAt"},
      {&UndergroundTerms::owner, "owner"},
      {&UndergroundTerms::owner_phone, "ownerPhone"},
      {&UndergroundTerms::pressure, "pressure"},
      {&UndergroundTerms::voltage, "voltage"},
      {&UndergroundTerms::accuracy_class, "accuracyClass"},
      {&UndergroundTerms::horizontal_accuracy, "horizontalAccuracy"},
      {&UndergroundTerms::vertical_accuracy, "verticalAccuracy"},
      {&UndergroundTerms::status, "status"},
      {&UndergroundTerms::level_max, "levelMax"}};
  for (const auto& [member, name] : names) made.*member = term(name);
  const std::pair<twin::Term UndergroundTerms::*, std::string_view> units[] = {
      {&UndergroundTerms::metre, "MTR"},      {&UndergroundTerms::millimetre, "MMT"},
      {&UndergroundTerms::centimetre, "CMT"}, {&UndergroundTerms::kilopascal, "KPA"},
      {&UndergroundTerms::bar, "BAR"},        {&UndergroundTerms::volt, "VLT"},
      {&UndergroundTerms::kilovolt, "KVT"}};
  for (const auto& [member, code] : units) made.*member = table.find(code);
  return made;
}

double Buried::size_m() const {
  if (std::isfinite(diameter_m)) return diameter_m;
  return height_m;
}

double Buried::half_height_m() const {
  const double size = size_m();
  return std::isfinite(size) ? size / 2 : 0;
}

double Buried::half_width_m() const {
  if (std::isfinite(diameter_m)) return diameter_m / 2;
  return std::isfinite(width_m) ? width_m / 2 : 0;
}

std::optional<Buried> read_buried(const twin::EntityRecord& record, const UndergroundTerms& terms,
                                  const twin::TermTable& table) {
  const std::string_view type = short_type(record, table, terms);
  if (type.empty()) return {};
  Buried buried;
  buried.id = record.id();
  buried.type = type;
  bool is_in_tunnel = false;
  double depth_m = Buried::unknown;
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    if (attribute.dataset.exists()) return true;
    read_attribute(attribute, terms, buried, depth_m);
    const auto* flag = std::get_if<bool>(&attribute.value);
    is_in_tunnel = is_in_tunnel || (attribute.name == terms.tunnel && flag != nullptr && *flag);
    return true;
  });
  if (buried.location.positions.empty()) return {};
  if (type == "RoadSegment") {
    if (!is_in_tunnel) return {};
    buried.network = "transport";
  }
  if (std::isnan(buried.depth_min_m)) buried.depth_min_m = depth_m;
  if (std::isnan(buried.depth_max_m)) buried.depth_max_m = depth_m;
  if (std::isnan(buried.depth_min_m)) buried.depth_min_m = buried.depth_max_m;
  if (std::isnan(buried.depth_max_m)) buried.depth_max_m = buried.depth_min_m;
  if (buried.depth_min_m > buried.depth_max_m) std::swap(buried.depth_min_m, buried.depth_max_m);
  const Accuracy by_class = accuracy_of(buried.accuracy_class, buried.depth_max_m);
  if (std::isnan(buried.accuracy.horizontal_m)) buried.accuracy.horizontal_m = by_class.horizontal_m;
  if (std::isnan(buried.accuracy.vertical_m)) buried.accuracy.vertical_m = by_class.vertical_m;
  buried.has_heights = std::all_of(buried.location.positions.begin(), buried.location.positions.end(),
                                   [](const twin::Position& position) { return position.has_height(); });
  buried.is_node = type == "WaterNetworkNode";
  if (buried.is_node && !buried.has_heights) return {};
  // The diameter of a tank is its width only.
  if (buried.is_node) std::swap(buried.width_m, buried.diameter_m);
  buried.hazard = hazard_of(buried);
  return buried;
}

}  // namespace cityloom::space
