// Two passes: the first finds a damaged file and its crs, the second makes entities.
#include "space/formats/geojson_import.hpp"

#include "space/formats/feature_import.hpp"
#include "space/formats/json_features.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;
using simdjson::dom::element;
using simdjson::dom::object;

class GeoJsonImport {
 public:
  GeoJsonImport(const ImportInput& input, ImportBatch& batch) : input_(input), batch_(batch), features_(batch) {}

  Status run() {
    if (auto status = look(); !status) return status;
    auto source = input_.open();
    if (!source) return std::move(source).error();
    const uint64_t bytes = source->size();
    JsonFeatures file(std::move(*source));
    return file.each([&](const FeatureText& text) -> Status {
      if (batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
      if (text.number % 1'000 == 0) batch_.show_progress(bytes + file.bytes_done(), 2 * bytes);
      return add(text);
    });
  }

 private:
  // The first pass.
  Status look() {
    auto source = input_.open();
    if (!source) return std::move(source).error();
    const uint64_t bytes = source->size();
    JsonFeatures file(std::move(*source));
    uint64_t count = 0;
    auto status = file.each([&](const FeatureText& text) -> Status {
      if (++count % 1'000 == 0) batch_.show_progress(file.bytes_done(), 2 * bytes);
      if (batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
      (void)text;
      return {};
    });
    if (!status) return status;
    return open_crs(file.crs());
  }

  Status open_crs(const std::string& member) {
    std::string definition = batch_.options().crs;
    if (definition.empty() && !member.empty()) {
      element parsed;
      if (parser_.parse(member).get(parsed) == simdjson::SUCCESS) {
        auto named = crs_of(parsed);
        if (!named) return fail(Code::corrupt, named.error().what, input_.name, named.error().remedy);
        definition = *named;
      }
    }
    if (definition.empty()) return {};
    auto crs = PlaneCrs::open(definition);
    if (!crs)
      return fail(Code::corrupt, crs.error().what, input_.name,
                  "Name the coordinate system by the option crs, e.g. EPSG:5186");
    crs_ = std::move(*crs);
    if (const std::string note = crs_.note(); !note.empty()) batch_.warn("crs", note);
    return {};
  }

  Status add(const FeatureText& text) {
    Feature feature;
    feature.object = "feature " + std::to_string(text.number);
    if (!text.problem.empty()) {
      batch_.warn(feature.object, text.problem);
      return {};
    }
    element root;
    if (const auto error = parser_.parse(text.json.data(), text.json.size()).get(root); error != simdjson::SUCCESS) {
      batch_.warn(feature.object, std::string("it is no JSON: ") + simdjson::error_message(error));
      return {};
    }
    if (auto status = read(root, feature); !status) {
      batch_.warn(feature.object,
                  status.error().what + (status.error().where.empty() ? "" : " (" + status.error().where + ")"));
      return {};
    }
    return features_.add(std::move(feature));
  }

  Status read(const element& root, Feature& feature) {
    std::string_view type;
    if (root["type"].get_string().get(type) != simdjson::SUCCESS) return fail(Code::invalid, "it has no type");
    element part;
    if (type != "Feature") {
      auto geometry = geometry_of(root, crs_);
      if (!geometry) return std::move(geometry).error();
      feature.geometry = std::move(*geometry);
      return {};
    }
    if (root["geometry"].get(part) == simdjson::SUCCESS) {
      auto geometry = geometry_of(part, crs_);
      if (!geometry) return std::move(geometry).error();
      feature.geometry = std::move(*geometry);
    }
    if (root["id"].get(part) == simdjson::SUCCESS) feature.id = id_of(part);
    object properties;
    if (root["properties"].get_object().get(properties) != simdjson::SUCCESS) return {};
    feature.properties = properties_of(properties, [&](std::string problem) { batch_.warn(feature.object, problem); });
    if (!feature.id.empty()) {
      feature.object = "feature " + feature.id;
    } else {
      take_id_of_properties(properties, feature);
    }
    // What a twin exported names the type among the properties.
    if (feature.id.starts_with("urn:ngsi-ld:")) take_type(feature);
    object units;
    feature.is_exported = !feature.type.empty() && root["units"].get_object().get(units) == simdjson::SUCCESS;
    if (!feature.is_exported) return {};
    for (const auto& [key, given] : units) {
      std::string_view unit;
      if (given.get_string().get(unit) == simdjson::SUCCESS && feature.units.size() < properties_max) {
        feature.units.emplace_back(key, unit.substr(0, 100));
      }
    }
    return {};
  }

  static std::string id_of(const element& given) {
    std::string_view text;
    if (given.get_string().get(text) == simdjson::SUCCESS) return std::string(text.substr(0, 1'000));
    if (int64_t number = 0; given.get_int64().get(number) == simdjson::SUCCESS) return std::to_string(number);
    if (double number = 0; given.get_double().get(number) == simdjson::SUCCESS) return simdjson::minify(given);
    return {};
  }

  static void take_id_of_properties(const object& properties, Feature& feature) {
    for (const char* key :
         {"@id", "id", "ID", "fid", "FID", "gml_id", "OBJECTID", "objectid", "관리번호", "FTR_IDN", "ufid", "UFID"}) {
      element given;
      if (properties[key].get(given) != simdjson::SUCCESS) continue;
      feature.id = id_of(given);
      if (feature.id.empty()) continue;
      feature.object = "feature " + feature.id;
      return;
    }
  }

  static void take_type(Feature& feature) {
    const std::string_view rest = std::string_view(feature.id).substr(12);
    feature.type = rest.substr(0, rest.find(':'));
    std::erase_if(feature.properties, [&](const auto& property) {
      return property.first == "type" || property.first == "source" || property.first == "@context" ||
             property.first == "location";
    });
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  FeatureImport features_;
  PlaneCrs crs_;
  simdjson::dom::parser parser_;
};

// Walks over a text that begins as a JSON object and calls `visit` with each member's name at its first level and the
// text behind its colon.
template <class Visit>
void each_member(std::string_view head, Visit visit) {
  size_t depth = 0;
  for (size_t i = 0; i < head.size(); ++i) {
    const char letter = head[i];
    if (letter == '{' || letter == '[') ++depth;
    if ((letter == '}' || letter == ']') && depth > 0 && --depth == 0) return;
    if (letter != '"') continue;
    const size_t start = ++i;
    while (i < head.size() && head[i] != '"') i += head[i] == '\\' ? 2 : 1;
    if (i >= head.size()) return;
    if (depth != 1) continue;
    size_t colon = i + 1;
    while (colon < head.size() &&
           (head[colon] == ' ' || head[colon] == '\n' || head[colon] == '\r' || head[colon] == '\t')) {
      ++colon;
    }
    if (colon >= head.size() || head[colon] != ':') continue;
    std::string_view behind = head.substr(colon + 1);
    while (!behind.empty() && std::string_view(" \n\r\t").find(behind.front()) != std::string_view::npos) {
      behind.remove_prefix(1);
    }
    if (visit(head.substr(start, i - start), behind)) return;
  }
}

}  // namespace

bool is_geojson(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  bool is_ours = false;
  each_member(head, [&](std::string_view name, std::string_view value) {
    if (name == "features" && value.starts_with("[")) is_ours = true;
    if (name != "type") return is_ours;
    for (const std::string_view type : {"FeatureCollection", "Feature", "Point", "MultiPoint", "LineString",
                                        "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}) {
      if (value.starts_with("\"" + std::string(type) + "\"")) is_ours = true;
    }
    return true;
  });
  return is_ours;
}

Status import_geojson(const ImportInput& input, ImportBatch& batch) {
  return GeoJsonImport(input, batch).run();
}

}  // namespace cityloom::space
