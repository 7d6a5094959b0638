#include "model/traffic/vehicle_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cityloom::model::traffic {
namespace {

struct ClassDefaults {
  const char* name;
  double length_m, gap_m, accel_m_s2, decel_m_s2, speed_max_km_h;
  EmissionKind emission;
};

// What SUMO's documentation gives as defaults of vehicle classes.
constexpr ClassDefaults class_defaults[] = {
    {"passenger", 5, 2.5, 2.6, 4.5, 200, EmissionKind::passenger},
    {"private", 5, 2.5, 2.6, 4.5, 200, EmissionKind::passenger},
    {"taxi", 5, 2.5, 2.6, 4.5, 200, EmissionKind::passenger},
    {"hov", 5, 2.5, 2.6, 4.5, 200, EmissionKind::passenger},
    {"evehicle", 5, 2.5, 2.6, 4.5, 200, EmissionKind::nothing},
    {"emergency", 6.5, 2.5, 2.6, 4.5, 200, EmissionKind::light_goods},
    {"delivery", 6.5, 2.5, 2.6, 4.5, 200, EmissionKind::light_goods},
    {"truck", 7.1, 2.5, 1.3, 4, 130, EmissionKind::heavy_goods},
    {"trailer", 16.5, 2.5, 1.1, 4, 130, EmissionKind::heavy_goods},
    {"bus", 12, 2.5, 1.2, 4, 85, EmissionKind::bus},
    {"coach", 14, 2.5, 2, 4, 100, EmissionKind::bus},
    {"motorcycle", 2.2, 2.5, 6, 10, 200, EmissionKind::motorcycle},
    {"moped", 2.1, 2.5, 1.1, 7, 60, EmissionKind::motorcycle},
    {"bicycle", 1.6, 0.5, 1.2, 3, 20, EmissionKind::nothing},
    {"scooter", 1.2, 0.5, 1.2, 3, 25, EmissionKind::nothing},
    {"pedestrian", 0.215, 0.25, 1.5, 2, 5.4, EmissionKind::nothing},
    {"tram", 22, 2.5, 1, 3, 80, EmissionKind::nothing},
    {"subway", 36.5, 2.5, 1, 3, 100, EmissionKind::nothing},
    {"rail_urban", 36.5, 2.5, 1, 3, 100, EmissionKind::nothing},
    {"rail", 67.5, 5, 0.25, 1.3, 160, EmissionKind::heavy_goods},
    {"rail_electric", 200, 5, 0.5, 1.3, 220, EmissionKind::nothing},
    {"rail_fast", 200, 5, 0.5, 1.3, 330, EmissionKind::nothing},
};

VehicleType defaults_of(std::string_view name) {
  VehicleType type;
  type.classes = class_of(name);
  for (const ClassDefaults& one : class_defaults) {
    if (name != one.name) continue;
    type.length_m = one.length_m;
    type.gap_m = one.gap_m;
    type.accel_m_s2 = one.accel_m_s2;
    type.decel_m_s2 = one.decel_m_s2;
    type.speed_max_m_s = one.speed_max_km_h / 3.6;
    type.emission = one.emission;
  }
  return type;
}

/// What classes of emissions have in their names, of HBEFA and of PHEM.
EmissionKind emission_of(std::string_view name, EmissionKind fallback) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (name.empty()) return fallback;
  if (has("zero") || has("Zero") || has("Energy") || has("BEV")) return EmissionKind::nothing;
  if (has("Bus") || has("UBus") || has("Coach")) return EmissionKind::bus;
  if (has("HDV") || has("HGV") || has("RT_") || has("TT_"))
    return fallback == EmissionKind::bus ? fallback : EmissionKind::heavy_goods;
  if (has("LDV") || has("LCV")) return EmissionKind::light_goods;
  if (has("/P_") || has("/PC_") || has("PKW")) return EmissionKind::passenger;
  return fallback;
}

/// "norm(1,0.1)", "normc(1,0.1,0.2,2)" or a number.
void take_speed_factor(Attributes& attributes, VehicleType& type) {
  const std::string_view text = attributes.text("speedFactor");
  const size_t open = text.find('(');
  if (open == std::string_view::npos) {
    type.speed_factor = attributes.number("speedFactor", 1, 0.01, 100);
    if (attributes.has("speedFactor") && !attributes.has("speedDev")) type.speed_deviation = 0;
  } else {
    const auto parts = words_of(text.substr(open + 1, text.find(')') - open - 1));
    double mean = 0, deviation = 0;
    if (text.substr(0, 4) != "norm" || parts.size() < 2 || !read_number(parts[0], mean) || mean < 0.01 || mean > 100 ||
        !read_number(parts[1], deviation) || deviation < 0 || deviation > 10)
      attributes.mistake("speedFactor is \"" + std::string(text.substr(0, 60)) + "\"",
                         "give a number or norm(mean,deviation)");
    type.speed_factor = mean;
    type.speed_deviation = deviation;
  }
  type.speed_deviation = attributes.number("speedDev", type.speed_deviation, 0, 10);
}

}  // namespace

double chance_of(uint64_t seed, uint64_t number) {
  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
  uint64_t bits = seed * 0x9E3779B97F4A7C15u + (number + 1) * 0xD1B54A32D192ED03u;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  bits ^= bits >> 31;
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

uint32_t Choice::pick(double chance) const {
  double total = 0;
  for (const auto& [what, weight] : parts) total += weight;
  double left = chance * total;
  for (const auto& [what, weight] : parts) {
    left -= weight;
    if (left < 0) return what;
  }
  return parts.back().first;
}

TypeTable::TypeTable(std::vector<VehicleType>& types) : types_(types) {
  const std::pair<const char*, const char*> defaults[] = {{"DEFAULT_VEHTYPE", "passenger"},
                                                          {"DEFAULT_TAXITYPE", "taxi"},
                                                          {"DEFAULT_BIKETYPE", "bicycle"},
                                                          {"DEFAULT_PEDTYPE", "pedestrian"}};
  for (const auto& [name, vehicle_class] : defaults) {
    by_name_[name].parts = {{static_cast<uint32_t>(types_.size()), 1}};
    types_.push_back(defaults_of(vehicle_class));
    types_.back().id = name;
  }
}

base::Status TypeTable::take_type(const XmlFile& file, pugi::xml_node node) {
  Attributes attributes(file, node);
  const std::string id = attributes.required_text("id");
  const std::string_view name = attributes.has("vClass") ? attributes.text("vClass") : "passenger";
  VehicleType type = defaults_of(name);
  type.id = id;
  if (type.classes == 0) attributes.mistake("there is no vehicle class \"" + std::string(name.substr(0, 60)) + "\"");
  type.length_m = attributes.number("length", type.length_m, 0.1, 2'000);
  type.gap_m = attributes.number("minGap", type.gap_m, 0, 1'000);
  type.speed_max_m_s = attributes.number("maxSpeed", type.speed_max_m_s, 0.1, 10'000);
  type.accel_m_s2 = attributes.number("accel", type.accel_m_s2, 0.01, 1'000);
  type.decel_m_s2 = attributes.number("decel", type.decel_m_s2, 0.01, 1'000);
  type.reaction_s = attributes.number("tau", type.reaction_s, 0, 100);
  type.imperfection = attributes.number("sigma", type.imperfection, 0, 1);
  take_speed_factor(attributes, type);
  // Only Krauss' model and its kin dawdle.
  const std::string_view model = attributes.text("carFollowModel");
  if (!model.empty() && model.substr(0, 6) != "Krauss" && !attributes.has("sigma")) type.imperfection = 0;
  type.emission = emission_of(attributes.text("emissionClass"), type.emission);
  if (attributes.failed()) return attributes.error();
  const auto [known, added] = by_name_.emplace(id, Choice{});
  if (!added && id.substr(0, 8) != "DEFAULT_")
    return file.mistake(node, "the vehicle type " + id + " stands here a second time");
  known->second.parts = {{static_cast<uint32_t>(types_.size()), 1}};
  types_.push_back(std::move(type));
  return {};
}

base::Status TypeTable::take_distribution(const XmlFile& file, pugi::xml_node node) {
  Attributes attributes(file, node);
  Choice choice;
  for (const pugi::xml_node child : node.children("vType")) {
    Attributes part(file, child);
    const double weight = part.number("probability", 1, 0, 1e9);
    const uint32_t type = pick(part.required_text("id"), 0);
    if (part.failed()) return part.error();
    if (weight > 0 && type != none) choice.parts.emplace_back(type, weight);
  }
  const auto weights = words_of(attributes.text("probabilities"));
  const auto names = words_of(attributes.text("vTypes"));
  for (size_t i = 0; i < names.size(); ++i) {
    double weight = 1;
    const uint32_t type = pick(names[i], 0);
    if (type == none) attributes.mistake("there is no vehicle type " + std::string(names[i].substr(0, 60)));
    if (i < weights.size() && (!read_number(weights[i], weight) || weight < 0 || weight > 1e9))
      attributes.mistake("probabilities are no weights");
    if (weight > 0 && type != none) choice.parts.emplace_back(type, weight);
  }
  const std::string id = attributes.required_text("id");
  if (choice.parts.empty()) attributes.mistake("the distribution " + id + " has no types");
  if (attributes.failed()) return attributes.error();
  by_name_[id] = std::move(choice);
  return {};
}

uint32_t TypeTable::pick(std::string_view name, double chance) const {
  const auto found = by_name_.find(name.empty() ? "DEFAULT_VEHTYPE" : std::string(name));
  return found == by_name_.end() ? none : found->second.pick(chance);
}

}  // namespace cityloom::model::traffic
