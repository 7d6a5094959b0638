// Arcs are decoded once; each geometry is put together from them.
#include "space/formats/topojson_import.hpp"

#include <algorithm>
#include <cmath>

#include "space/byte_source.hpp"
#include "space/formats/feature_import.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using twin::Position;

constexpr size_t file_bytes_max = 512u << 20;
constexpr int collection_depth_max = 50;
// A small file can name one long arc again and again: what all geometries together may come to.
constexpr size_t total_positions_max = 50'000'000;

class TopoJsonImport {
 public:
  TopoJsonImport(const ImportInput& input, ImportBatch& batch) : input_(input), batch_(batch), features_(batch) {}

  Status run() {
    if (auto status = read_file(); !status) return status;
    element root;
    if (const auto error = parser_.parse(text_).get(root); error != simdjson::SUCCESS) {
      return corrupt(std::string("it is no JSON: ") + simdjson::error_message(error));
    }
    if (!batch_.options().crs.empty()) {
      auto crs = PlaneCrs::open(batch_.options().crs);
      if (!crs) return std::move(crs).error();
      crs_ = std::move(*crs);
      if (const std::string note = crs_.note(); !note.empty()) batch_.warn("crs", note);
    }
    if (auto status = read_transform(root); !status) return status;
    if (auto status = read_arcs(root); !status) return status;
    object objects;
    if (root["objects"].get_object().get(objects) != simdjson::SUCCESS) return corrupt("it has no objects");
    for (const auto& [name, geometry] : objects) {
      layer_ = excerpt(name);
      if (auto status = add(geometry, 0); !status) return status;
    }
    return {};
  }

 private:
  base::Error corrupt(std::string what) const {
    return fail(Code::corrupt, "The file is no TopoJSON: " + std::move(what), input_.name);
  }

  Status read_file() {
    auto source = input_.open();
    if (!source) return std::move(source).error();
    size_t have = 0;
    for (;;) {
      if (have > file_bytes_max) return fail(Code::too_large, "A TopoJSON file may have 512 MiB", input_.name);
      text_.resize(have + (4u << 20));
      const auto count = source->read(text_.data() + have, text_.size() - have);
      if (!count) return count.error();
      if (*count == 0) break;
      have += *count;
    }
    text_.resize(have);
    return {};
  }

  static bool numbers(const element& given, double* to, size_t wanted) {
    array list;
    if (given.get_array().get(list) != simdjson::SUCCESS) return false;
    size_t count = 0;
    for (const element number : list) {
      if (count == wanted) break;
      if (number.get_double().get(to[count]) != simdjson::SUCCESS) return false;
      ++count;
    }
    return count == wanted;
  }

  Status read_transform(const element& root) {
    element transform;
    if (root["transform"].get(transform) != simdjson::SUCCESS) return {};
    element scale, translate;
    is_quantised_ = true;
    if (transform["scale"].get(scale) != simdjson::SUCCESS ||
        transform["translate"].get(translate) != simdjson::SUCCESS || !numbers(scale, scale_, 2) ||
        !numbers(translate, translate_, 2)) {
      return corrupt("its transform is not scale and translate");
    }
    return {};
  }

  base::Result<Position> position(double x, double y) const {
    if (is_quantised_) return crs_.position(x * scale_[0] + translate_[0], y * scale_[1] + translate_[1]);
    return crs_.position(x, y);
  }

  Status read_arcs(const element& root) {
    array arcs;
    if (root["arcs"].get_array().get(arcs) != simdjson::SUCCESS) return corrupt("it has no arcs");
    arcs_.reserve(arcs.size());
    for (const element given : arcs) arcs_.push_back(read_arc(given));
    return {};
  }

  // An arc that cannot be read is empty: geometries that use it are warned of.
  std::vector<Position> read_arc(const element& given) const {
    array list;
    std::vector<Position> arc;
    if (given.get_array().get(list) != simdjson::SUCCESS) return {};
    double x = 0, y = 0;
    for (const element one : list) {
      double pair[2] = {0, 0};
      if (!numbers(one, pair, 2)) return {};
      x = is_quantised_ ? x + pair[0] : pair[0];
      y = is_quantised_ ? y + pair[1] : pair[1];
      const auto made = position(x, y);
      if (!made) return {};
      arc.push_back(*made);
    }
    return arc;
  }

  // The line along these arcs; a negative number is the arc ~number backwards.
  base::Result<std::vector<Position>> line(const element& given) {
    array list;
    if (given.get_array().get(list) != simdjson::SUCCESS) return fail(Code::invalid, "a list of arcs is expected");
    std::vector<Position> all;
    for (const element one : list) {
      int64_t number = 0;
      if (one.get_int64().get(number) != simdjson::SUCCESS) return fail(Code::invalid, "an arc is named by a number");
      const bool is_backwards = number < 0;
      const auto index = static_cast<uint64_t>(is_backwards ? ~number : number);
      if (index >= arcs_.size()) return fail(Code::invalid, "arc " + std::to_string(number) + " is not in the file");
      const std::vector<Position>& arc = arcs_[index];
      if (arc.empty()) return fail(Code::invalid, "arc " + std::to_string(number) + " cannot be read");
      total_positions_ += arc.size();
      if (all.size() + arc.size() > twin::positions_max || total_positions_ > total_positions_max) {
        return fail(Code::too_large, "it has too many positions");
      }
      const Position& first = is_backwards ? arc.back() : arc.front();
      size_t skipped = 0;
      if (!all.empty()) {
        if (all.back() != first) return fail(Code::invalid, "its arcs do not join at arc " + std::to_string(number));
        skipped = 1;
      }
      if (is_backwards) {
        all.insert(all.end(), arc.rbegin() + static_cast<long>(skipped), arc.rend());
      } else {
        all.insert(all.end(), arc.begin() + static_cast<long>(skipped), arc.end());
      }
    }
    return all;
  }

  Status polygon(const element& given, GeometryBuilder& builder) {
    array list;
    if (given.get_array().get(list) != simdjson::SUCCESS) return fail(Code::invalid, "a list of rings is expected");
    std::vector<std::vector<Position>> rings;
    for (const element one : list) {
      auto ring = line(one);
      if (!ring) return std::move(ring).error();
      if (ring->empty() || ring->front() != ring->back()) return fail(Code::invalid, "the arcs of a ring do not close");
      rings.push_back(std::move(*ring));
    }
    return rings.empty() ? Status() : builder.add_polygon(std::move(rings));
  }

  Status point(const element& given, GeometryBuilder& builder) const {
    double pair[2] = {0, 0};
    if (!numbers(given, pair, 2)) return fail(Code::invalid, "a position has at least two numbers");
    const auto made = position(pair[0], pair[1]);
    return made ? builder.add_point(*made) : Status(made.error());
  }

  template <class Part>
  static Status each(const element& given, Part part) {
    array list;
    if (given.get_array().get(list) != simdjson::SUCCESS) return fail(Code::invalid, "a list is expected");
    for (const element one : list) {
      if (auto status = part(one); !status) return status;
    }
    return {};
  }

  Status read(const element& geometry, std::string_view type, GeometryBuilder& builder) {
    const auto add_line = [&](const element& one) -> Status {
      auto made = line(one);
      return made ? builder.add_line(std::move(*made)) : Status(made.error());
    };
    const auto add_point = [&](const element& one) { return point(one, builder); };
    const auto add_polygon = [&](const element& one) { return polygon(one, builder); };
    element part;
    const bool is_point = type == "Point" || type == "MultiPoint";
    if (geometry[is_point ? "coordinates" : "arcs"].get(part) != simdjson::SUCCESS) {
      return fail(Code::invalid, "it has neither coordinates nor arcs");
    }
    if (type == "Point") return add_point(part);
    if (type == "MultiPoint") return each(part, add_point);
    if (type == "LineString") return add_line(part);
    if (type == "MultiLineString") return each(part, add_line);
    if (type == "Polygon") return add_polygon(part);
    if (type == "MultiPolygon") return each(part, add_polygon);
    return fail(Code::invalid, "\"" + excerpt(type) + "\" is no kind of geometry");
  }

  Status add(const element& geometry, int depth) {
    if (batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
    std::string_view type;
    const bool has_type = geometry["type"].get_string().get(type) == simdjson::SUCCESS;
    if (has_type && type == "GeometryCollection") {
      array parts;
      if (geometry["geometries"].get_array().get(parts) != simdjson::SUCCESS || depth == collection_depth_max) {
        batch_.warn(layer_, "a collection has no geometries, or is nested more than 50 deep");
        return {};
      }
      for (const element part : parts) {
        if (auto status = add(part, depth + 1); !status) return status;
      }
      return {};
    }
    Feature feature;
    feature.object = layer_ + " " + std::to_string(++number_);
    element id;
    if (geometry["id"].get(id) == simdjson::SUCCESS) {
      std::string_view text;
      feature.id = id.get_string().get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(id);
    }
    object properties;
    if (geometry["properties"].get_object().get(properties) == simdjson::SUCCESS) {
      feature.properties = properties_of(properties, [&](std::string what) { batch_.warn(feature.object, what); });
    }
    if (feature.id.empty()) take_id(properties_id(geometry), feature);
    GeometryBuilder builder;
    if (has_type) {
      if (auto status = read(geometry, type, builder); !status) {
        batch_.warn(feature.object, status.error().what);
        return {};
      }
    }
    feature.geometry = builder.finish();
    return features_.add(std::move(feature));
  }

  static std::string properties_id(const element& geometry) {
    for (const char* key : {"id", "code", "fid", "adm_cd", "SIG_CD", "EMD_CD"}) {
      element given;
      std::string_view text;
      if (geometry["properties"][key].get(given) != simdjson::SUCCESS) continue;
      if (given.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
      if (given.is_int64()) return simdjson::minify(given);
    }
    return {};
  }
  static void take_id(std::string id, Feature& feature) {
    feature.id = std::move(id);
    if (!feature.id.empty()) feature.object += " (" + excerpt(feature.id) + ")";
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  FeatureImport features_;
  PlaneCrs crs_;
  simdjson::dom::parser parser_;
  std::string text_;
  bool is_quantised_ = false;
  double scale_[2] = {1, 1}, translate_[2] = {0, 0};
  std::vector<std::vector<Position>> arcs_;
  size_t total_positions_ = 0;
  std::string layer_;
  uint64_t number_ = 0;
};

}  // namespace

bool is_topojson(std::string_view head) {
  const size_t found = head.substr(0, 4'096).find("\"Topology\"");
  return found != std::string_view::npos && head.substr(0, found).find("\"type\"") != std::string_view::npos;
}

Status import_topojson(const ImportInput& input, ImportBatch& batch) {
  return TopoJsonImport(input, batch).run();
}

}  // namespace cityloom::space
