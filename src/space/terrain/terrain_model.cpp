// Between TerrainModel entities and grids.
#include "space/terrain/terrain_model.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace cityloom::space {
namespace {

constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

template <class Find>
TerrainTerms make_terms(const Find& find) {
  return {find("TerrainModel"),     find("grid"),   find("resolution"), find("verticalDatum"), find("heightCorrection"),
          find("verticalAccuracy"), find("lowest"), find("highest")};
}

twin::Geometry rectangle(const twin::Box& box) {
  const auto clamped = [](double longitude, double latitude) {
    return twin::Position{std::clamp(longitude, -180.0, 180.0), std::clamp(latitude, -90.0, 90.0)};
  };
  twin::Geometry polygon;
  polygon.kind = twin::GeometryKind::polygon;
  polygon.positions = {clamped(box.west_deg, box.south_deg), clamped(box.east_deg, box.south_deg),
                       clamped(box.east_deg, box.north_deg), clamped(box.west_deg, box.north_deg),
                       clamped(box.west_deg, box.south_deg)};
  polygon.line_ends = {5};
  return polygon;
}

double rounded(double number, double step) {
  return std::round(number / step) * step;
}

}  // namespace

TerrainTerms TerrainTerms::intern(ImportBatch& batch) {
  return make_terms([&](std::string_view name) { return batch.term(name); });
}

TerrainTerms TerrainTerms::find(const twin::TermTable& table) {
  return make_terms(
      [&](std::string_view name) { return table.find(std::string(default_vocabulary) + std::string(name)); });
}

std::optional<TerrainModel> terrain_model_of(const twin::EntityRecord& record, const TerrainTerms& terms) {
  std::optional<TerrainModel> model;
  record.each_attribute(terms.grid, [&](const twin::Attribute& attribute) {
    const auto* text = std::get_if<twin::Json>(&attribute.value);
    if (text == nullptr || attribute.dataset.exists()) return true;
    const auto json = nlohmann::json::parse(text->text, nullptr, false);
    if (!json.is_object()) return true;
    const auto number = [&](const char* name) {
      const auto found = json.find(name);
      return found != json.end() && found->is_number() ? found->get<double>() : std::nan("");
    };
    const auto count = [&](const char* name) {
      const double wanted = number(name);
      return wanted >= 2 && wanted <= 1e9 ? static_cast<uint32_t>(wanted) : 0;
    };
    TerrainModel found;
    found.id = record.id();
    found.shape = {number("west"),      number("north"),  number("stepEast"),
                   number("stepSouth"), count("columns"), count("rows")};
    const auto index = json.find("index");
    if (index != json.end() && index->is_string()) found.index = index->get<std::string>();
    if (found.shape.check() && !hash_bytes(found.index).empty()) model = std::move(found);
    return true;
  });
  return model;
}

thread::Change terrain_model_change(ImportBatch& batch, const GridShape& shape, const std::string& index,
                                    float lowest_m, float highest_m, const TerrainDescription& description) {
  const TerrainTerms terms = TerrainTerms::intern(batch);
  const Vocabulary& v = batch.vocabulary();
  thread::Change change;
  change.kind = thread::Change::Kind::create_or_append;
  change.entity_id = "urn:ngsi-ld:TerrainModel:" + description.name;
  change.types = {terms.terrain_model};
  change.only_differences = true;
  const auto add = [&](twin::Term name, twin::AttributeKind kind, twin::Value value, twin::Term unit = {}) {
    twin::Attribute& attribute = change.attributes.emplace_back();
    attribute.name = name;
    attribute.kind = kind;
    attribute.value = std::move(value);
    attribute.unit = unit;
    if (name == v.source) return;
    twin::Attribute& provider = attribute.members.emplace_back();
    provider.name = v.provided_by;
    provider.value = batch.source() + " " + description.object;
  };
  using Kind = twin::AttributeKind;
  const nlohmann::ordered_json grid = {{"west", shape.west_deg},
                                       {"north", shape.north_deg},
                                       {"stepEast", shape.step_east_deg},
                                       {"stepSouth", shape.step_south_deg},
                                       {"columns", shape.columns},
                                       {"rows", shape.rows},
                                       {"index", index}};
  add(v.source, Kind::property, batch.source());
  add(v.location, Kind::geo_property, rectangle(shape.box()));
  add(terms.grid, Kind::json_property, twin::Json{grid.dump()});
  add(terms.resolution, Kind::property, twin::number_value(rounded(shape.resolution_m(), 0.001)), v.metre);
  add(terms.lowest, Kind::property, twin::number_value(rounded(static_cast<double>(lowest_m), 0.01)), v.metre);
  add(terms.highest, Kind::property, twin::number_value(rounded(static_cast<double>(highest_m), 0.01)), v.metre);
  add(terms.vertical_datum, Kind::property, description.vertical_datum);
  add(terms.height_correction, Kind::property, description.height_correction);
  if (description.vertical_accuracy_m) {
    add(terms.vertical_accuracy, Kind::property, twin::number_value(*description.vertical_accuracy_m), v.metre);
  }
  return change;
}

}  // namespace cityloom::space
