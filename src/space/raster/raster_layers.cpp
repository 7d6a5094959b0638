#include "space/raster/raster_layers.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <list>
#include <mutex>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr std::string_view vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
constexpr std::string_view dataset_start = "urn:ngsi-ld:Dataset:";
constexpr size_t grids_bytes_max = 64u << 20;
constexpr uint32_t tile_pixels = 256;

twin::Term find_term(const thread::Thread& thread, std::string_view name) {
  return thread.terms().find(std::string(vocabulary) + std::string(name));
}

std::string step_json(const RasterStep& step) {
  char text[400];
  std::snprintf(text, sizeof text,
                R"({"asset":"%s","columns":%u,"rows":%u,"bbox":[%.9g,%.9g,%.9g,%.9g],"min":%.9g,"max":%.9g})",
                step.asset.c_str(), step.columns, step.rows, step.box.west_deg, step.box.south_deg, step.box.east_deg,
                step.box.north_deg, step.least, step.greatest);
  return text;
}

std::optional<RasterStep> step_of(const twin::Attribute& attribute) {
  const auto* json = std::get_if<twin::Json>(&attribute.value);
  if (json == nullptr) return std::nullopt;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json->text.data(), json->text.size());
  if (document.HasParseError() || !document.IsObject()) return std::nullopt;
  const auto number = [&](const char* name) {
    const auto found = document.FindMember(name);
    return found != document.MemberEnd() && found->value.IsNumber() ? found->value.GetDouble() : std::nan("");
  };
  const auto asset = document.FindMember("asset");
  const auto box = document.FindMember("bbox");
  if (asset == document.MemberEnd() || !asset->value.IsString() || box == document.MemberEnd() ||
      !box->value.IsArray() || box->value.Size() != 4 ||
      !std::all_of(box->value.Begin(), box->value.End(), [](const auto& v) { return v.IsNumber(); }) ||
      !(number("columns") >= 1 && number("columns") < 1e8) || !(number("rows") >= 1 && number("rows") < 1e8)) {
    return std::nullopt;
  }
  RasterStep step;
  step.time = attribute.observed_at;
  step.asset = asset->value.GetString();
  step.columns = static_cast<uint32_t>(number("columns"));
  step.rows = static_cast<uint32_t>(number("rows"));
  const auto& edge = box->value;
  step.box = {edge[0].GetDouble(), edge[1].GetDouble(), edge[2].GetDouble(), edge[3].GetDouble()};
  step.least = number("min");
  step.greatest = number("max");
  return step;
}

std::string as_json(const std::string& text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

std::string text_of(const twin::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* json = std::get_if<twin::Json>(&value)) return json->text;
  return {};
}

RasterLayer layer_of(const thread::Thread& thread, const twin::EntityRecord& record) {
  RasterLayer layer;
  layer.id = record.id();
  const twin::Term raster = find_term(thread, "raster"), name = find_term(thread, "name"),
                   scale = find_term(thread, "colourScale"), unit = find_term(thread, "rasterUnit");
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    if (attribute.name == raster) {
      if (auto step = step_of(attribute)) layer.steps.push_back(std::move(*step));
    } else if (attribute.name == name) {
      const bool is_plain = std::holds_alternative<std::string>(attribute.value);
      layer.name = is_plain ? as_json(text_of(attribute.value)) : text_of(attribute.value);
    } else if (attribute.name == scale) {
      layer.scale = text_of(attribute.value);
    } else if (attribute.name == unit) {
      layer.unit = text_of(attribute.value);
    }
    return true;
  });
  std::sort(layer.steps.begin(), layer.steps.end(),
            [](const RasterStep& a, const RasterStep& b) { return a.time < b.time; });
  return layer;
}

twin::Attribute attribute_of(twin::Term name, twin::Value value, twin::AttributeKind kind) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.value = std::move(value);
  attribute.kind = kind;
  return attribute;
}

twin::Geometry area_of(const twin::Box& box) {
  twin::Geometry area;
  area.kind = twin::GeometryKind::polygon;
  area.positions = {{box.west_deg, box.south_deg},
                    {box.east_deg, box.south_deg},
                    {box.east_deg, box.north_deg},
                    {box.west_deg, box.north_deg},
                    {box.west_deg, box.south_deg}};
  area.line_ends = {5};
  return area;
}

// The change that states a step and what was said of its layer.
Result<thread::Change> change_of(thread::Thread& thread, const RasterPut& what, const RasterStep& step) {
  base::Status interned;
  const auto term = [&](const std::string& text) {
    auto made = thread.terms().intern(text);
    if (!made) interned = made.error();
    return made ? *made : twin::Term{};
  };
  const auto named = [&](std::string_view name) { return term(std::string(vocabulary) + std::string(name)); };
  thread::Change change;
  change.kind = thread::Change::Kind::create_or_append;
  change.entity_id = what.id;
  change.types = {named("RasterLayer")};
  using Kind = twin::AttributeKind;
  auto raster = attribute_of(named("raster"), twin::Json{step_json(step)}, Kind::json_property);
  raster.dataset = term(std::string(dataset_start) + step.time.text());
  raster.observed_at = step.time;
  change.attributes.push_back(std::move(raster));
  change.attributes.push_back(attribute_of(twin::terms::location, area_of(step.box), Kind::geo_property));
  if (!what.name.empty()) {
    const bool is_map = what.name.front() == '{';
    change.attributes.push_back(is_map ? attribute_of(named("name"), twin::Json{what.name}, Kind::language_property)
                                       : attribute_of(named("name"), what.name, Kind::property));
  }
  if (!what.unit.empty()) change.attributes.push_back(attribute_of(named("rasterUnit"), what.unit, Kind::property));
  if (!what.scale.empty()) {
    change.attributes.push_back(attribute_of(named("colourScale"), twin::Json{what.scale}, Kind::json_property));
  }
  if (!interned) return interned.error();
  return change;
}

}  // namespace

double RasterLayer::least() const {
  double least = std::numeric_limits<double>::max();
  for (const RasterStep& step : steps) least = std::min(least, step.least);
  return steps.empty() ? 0 : least;
}

double RasterLayer::greatest() const {
  double greatest = std::numeric_limits<double>::lowest();
  for (const RasterStep& step : steps) greatest = std::max(greatest, step.greatest);
  return steps.empty() ? 0 : greatest;
}

Result<ColourScale> RasterLayer::colours() const {
  return ColourScale::parse(scale, least(), greatest());
}

const RasterStep* RasterLayer::step_at(base::Instant time) const {
  if (steps.empty()) return nullptr;
  const auto after = std::find_if(steps.begin(), steps.end(), [&](const RasterStep& step) { return time < step.time; });
  return after == steps.begin() ? &steps.front() : &*(after - 1);
}

struct RasterLayers::Parts {
  std::mutex mutex;
  std::list<std::pair<std::string, std::shared_ptr<const RasterGrid>>> grids;  // lately used first
  size_t bytes = 0;
};

RasterLayers::RasterLayers() : parts_(std::make_unique<Parts>()) {}
RasterLayers::~RasterLayers() = default;

Result<RasterStep> RasterLayers::put(thread::Thread& thread, thread::BranchId branch, const RasterPut& what,
                                     const RasterGrid& grid) {
  const auto range = grid.range();
  if (!range) return fail(Code::invalid, "no cell of this grid has a value", what.id);
  RasterStep step;
  step.time = what.time;
  step.columns = grid.columns;
  step.rows = grid.rows;
  step.box = grid.box;
  step.least = range->first;
  step.greatest = range->second;
  if (!what.scale.empty()) {
    if (const auto scale = ColourScale::parse(what.scale, step.least, step.greatest); !scale) return scale.error();
  }
  auto asset = thread.put_asset(pack_raster(grid));
  if (!asset) return asset.error();
  step.asset = std::move(*asset);
  auto change = change_of(thread, what, step);
  if (!change) return change.error();
  thread::ChangeSet set;
  set.branch = branch;
  set.author = "raster";
  set.changes.push_back(std::move(*change));
  const auto outcomes = thread.append(std::move(set));
  if (!outcomes) return outcomes.error();
  if (!outcomes->front()) return outcomes->front().error();
  return step;
}

Result<std::vector<RasterLayer>> RasterLayers::list(const thread::Thread& thread,
                                                    const thread::Snapshot& snapshot) const {
  std::vector<RasterLayer> layers;
  const twin::Term type = find_term(thread, "RasterLayer");
  if (type == twin::Term::unknown()) return layers;
  twin::Query query;
  query.types.any_of = {{type}};
  const auto status = snapshot.each(query, [&](const twin::EntityRecord& record) {
    layers.push_back(layer_of(thread, record));
    return true;
  });
  if (!status) return status.error();
  std::sort(layers.begin(), layers.end(), [](const RasterLayer& a, const RasterLayer& b) { return a.id < b.id; });
  return layers;
}

Result<RasterLayer> RasterLayers::find(const thread::Thread& thread, const thread::Snapshot& snapshot,
                                       std::string_view id) const {
  const auto record = snapshot.find(id);
  if (!record) return record.error();
  const twin::Term type = find_term(thread, "RasterLayer");
  if (!record->exists() || record->ended() || !record->has_type(type)) {
    return fail(Code::not_found, "there is no such raster layer", std::string(id));
  }
  return layer_of(thread, *record);
}

Result<std::shared_ptr<const RasterGrid>> RasterLayers::grid(const thread::Thread& thread,
                                                             const RasterStep& step) const {
  {
    const std::lock_guard lock(parts_->mutex);
    auto& grids = parts_->grids;
    const auto found =
        std::find_if(grids.begin(), grids.end(), [&](const auto& pair) { return pair.first == step.asset; });
    if (found != grids.end()) {
      grids.splice(grids.begin(), grids, found);
      return grids.front().second;
    }
  }
  const auto bytes = thread.asset(step.asset);
  if (!bytes) return bytes.error();
  auto unpacked = unpack_raster(**bytes);
  if (!unpacked) return unpacked.error();
  const auto grid = std::make_shared<const RasterGrid>(std::move(*unpacked));
  const std::lock_guard lock(parts_->mutex);
  parts_->grids.emplace_front(step.asset, grid);
  parts_->bytes += grid->values.size() * 4;
  while (parts_->bytes > grids_bytes_max && parts_->grids.size() > 1) {
    parts_->bytes -= parts_->grids.back().second->values.size() * 4;
    parts_->grids.pop_back();
  }
  return grid;
}

std::string raster_tile(const RasterGrid& grid, const ColourScale& scale, const TileAddress& tile) {
  const double count = std::ldexp(1, static_cast<int>(tile.z));
  std::vector<Pixel> pixels(size_t{tile_pixels} * tile_pixels);
  for (uint32_t row = 0; row < tile_pixels; ++row) {
    const double y = (tile.y + (row + 0.5) / tile_pixels) / count;
    const double latitude = position_of(WorldPoint{0.5, y}).latitude_deg;
    if (latitude > grid.box.north_deg || latitude < grid.box.south_deg) continue;
    for (uint32_t column = 0; column < tile_pixels; ++column) {
      const double longitude = ((tile.x + (column + 0.5) / tile_pixels) / count - 0.5) * 360;
      if (const auto value = grid.value_at(longitude, latitude)) {
        pixels[size_t{row} * tile_pixels + column] = scale.colour_of(*value);
      }
    }
  }
  return make_png(tile_pixels, tile_pixels, pixels);
}

}  // namespace cityloom::space
