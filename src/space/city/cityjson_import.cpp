// Vertices come last in most files and are needed first: hence two readings.
#include "space/city/cityjson_import.hpp"

#include <absl/container/flat_hash_map.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "space/city/city_import.hpp"
#include "space/city/cityjson_object.hpp"
#include "space/city/json_stream.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using Element = simdjson::dom::element;
using simdjson::SUCCESS;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t value_bytes_max = 256u << 20;  // of one object, the appearance or the templates
constexpr int parents_max = 16;

uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

// What an object is, and of which it is a part.
struct Kin {
  std::string_view type;
  uint64_t parent = 0;
};
struct Family {
  absl::flat_hash_map<uint64_t, Kin> kin;
  std::set<std::string> types;  // there are few
};

std::string unquoted(const std::string& key) {
  simdjson::dom::parser parser;
  std::string_view text;
  return parser.parse(key).get(text) == SUCCESS ? std::string(text) : std::string();
}

std::string type_of(const Element& json) {
  std::string_view type;
  if (json["type"].get(type) != SUCCESS) return {};
  return type.starts_with("+") ? "GenericCityObject" : std::string(type);
}

std::string first_parent(const Element& json) {
  simdjson::dom::array parents;
  std::string_view parent;
  if (json["parents"].get(parents) != SUCCESS || parents.size() == 0) return {};
  return parents.at(0).get(parent) == SUCCESS ? std::string(parent) : std::string();
}

void remember(const std::string& id, const Element& json, Family& family) {
  const std::string parent = first_parent(json);
  const std::string& type = *family.types.insert(type_of(json)).first;
  family.kin[hash_of(id)] = {type, parent.empty() ? 0 : hash_of(parent)};
}

// Whether going from parent to parent comes to an end.
bool is_cyclic(const Family& family, uint64_t id) {
  uint64_t at = id;
  for (int steps = 0; steps < parents_max; ++steps) {
    const auto found = family.kin.find(at);
    if (found == family.kin.end() || found->second.parent == 0) return false;
    at = found->second.parent;
    if (at == id) return true;
  }
  return true;
}

// One object into the import.
base::Status add_object(const std::string& id, const Element& json, const CityJsonShared& shared, const Family& family,
                        CityImport& import) {
  CityObject object = read_cityjson_object(json, shared);
  object.source_id = id;
  if (object.type.empty()) {
    import.warn(excerpt(id, 200), "it has no type: left out");
    return {};
  }
  std::string_view type;
  if (json["type"].get(type) == SUCCESS && type.starts_with("+")) {
    import.note_once(excerpt(id, 200), "extensions are not understood: objects of type " + excerpt(type) +
                                           " were imported as GenericCityObject");
  }
  if (const std::string parent = first_parent(json); !parent.empty()) {
    const auto kin = family.kin.find(hash_of(parent));
    if (kin == family.kin.end()) {
      object.notes.push_back("its parent " + excerpt(parent, 200) + " is not in the file");
    } else if (is_cyclic(family, hash_of(id))) {
      object.notes.emplace_back("its parents lead back to itself: it was imported without a parent");
    } else {
      object.parent_id = import.id_of(kin->second.type, parent);
    }
  }
  return import.add(std::move(object));
}

// A file of one document.
class FileReader {
 public:
  FileReader(const ImportInput& input, CityImport& import) : input_(input), import_(import) {}

  base::Status read() {
    if (auto status = walk(true); !status) return status;
    if (!has_city_)
      return fail(Code::corrupt, "It says nowhere that it is CityJSON, or has no CityObjects", input_.name);
    import_.set_file_crs(shared_.crs, samples());
    if (!import_.has_crs()) {
      return fail(Code::invalid, "The file names no coordinate system", input_.name,
                  "Name the coordinate system by the option crs, e.g. EPSG:7415");
    }
    return walk(false);
  }

 private:
  base::Status walk(bool is_first);
  bool member(JsonStream& stream, const std::string& key, bool is_first);
  bool objects(JsonStream& stream, bool is_first);
  bool vertices(JsonStream& stream);
  bool shared_member(JsonStream& stream, const std::string& key);
  std::vector<RawPosition> samples() const;
  bool stop(base::Status status) {
    status_ = std::move(status);
    return false;
  }

  const ImportInput& input_;
  CityImport& import_;
  CityJsonShared shared_;
  Family family_;
  base::Status status_;
  bool has_city_ = false, says_cityjson_ = false;
  simdjson::dom::parser parser_;
  std::string text_;
};

std::vector<RawPosition> FileReader::samples() const {
  std::vector<RawPosition> some;
  const size_t count = shared_.vertex_count();
  for (size_t i = 0; i < count; i += std::max<size_t>(1, count / 16)) some.push_back(shared_.vertex(i));
  return some;
}

base::Status FileReader::walk(bool is_first) {
  auto source = input_.open();
  if (!source) return std::move(source).error();
  JsonStream stream(std::move(*source), value_bytes_max);
  stream.on_block = [&](uint64_t done, uint64_t total) {
    import_.show_progress(is_first ? done / 2 : total / 2 + done / 2, total);
    return !import_.is_cancelled();
  };
  const bool is_read =
      stream.each_member([&](const std::string& key) { return member(stream, key, is_first); }) && stream.is_at_end();
  if (!status_) return status_;
  if (!stream.error()) {
    base::Error error = stream.error().error();
    error.where = input_.name + (error.where.empty() ? "" : ", " + error.where);
    return error;
  }
  if (!is_read) return fail(Code::corrupt, "Something follows the end of the document", input_.name);
  return {};
}

bool FileReader::vertices(JsonStream& stream) {
  const uint64_t count_max = import_.options().nodes_max;
  return stream.each_item([&] {
    std::array<double, 3> vertex{};
    size_t axis = 0;
    const bool is_read = stream.each_item([&] {
      double number = 0;
      if (!stream.number(number)) return false;
      if (axis < 3) vertex[axis] = number;
      ++axis;
      return true;
    });
    if (!is_read) return false;
    if (axis != 3) return stop(fail(Code::corrupt, "A vertex has not three coordinates", input_.name));
    if (shared_.vertex_count() >= count_max) {
      return stop(fail(Code::too_large, "The file has more than " + std::to_string(count_max) + " vertices",
                       input_.name, "Cut it into tiles, or into a CityJSON sequence"));
    }
    shared_.add_vertex(vertex[0], vertex[1], vertex[2]);
    return true;
  });
}

bool FileReader::shared_member(JsonStream& stream, const std::string& key) {
  bool was_too_long = false;
  if (!stream.value(text_, was_too_long)) return false;
  if (was_too_long) {
    import_.warn(key, "it is larger than 256 MiB: left out");
    return true;
  }
  Element json;
  if (const auto error = parser_.parse(text_).get(json); error != SUCCESS) {
    return stop(fail(Code::corrupt, "Its " + key + " is no JSON: " + simdjson::error_message(error), input_.name));
  }
  if (key == "\"transform\"" && !read_cityjson_transform(json, shared_)) {
    return stop(fail(Code::corrupt, "Its transform is malformed", input_.name));
  }
  if (key == "\"metadata\"") shared_.crs = read_cityjson_crs(json);
  if (key == "\"appearance\"") read_cityjson_appearance(json, shared_);
  if (key == "\"geometry-templates\"") read_cityjson_templates(json, shared_);
  std::string_view type;
  if (key == "\"type\"") says_cityjson_ = json.get(type) == SUCCESS && type == "CityJSON";
  if (key == "\"extensions\"" && json.is_object() && json.get_object().size() > 0) {
    import_.note_once("extensions", "extensions are not understood: what they add was left out or kept as attributes");
  }
  return true;
}

bool FileReader::member(JsonStream& stream, const std::string& key, bool is_first) {
  if (key == "\"CityObjects\"") return objects(stream, is_first);
  if (!is_first) return stream.skip();
  if (key == "\"vertices\"") return vertices(stream);
  for (const char* known :
       {"\"type\"", "\"transform\"", "\"metadata\"", "\"appearance\"", "\"geometry-templates\"", "\"extensions\""}) {
    if (key == known) return shared_member(stream, key);
  }
  return stream.skip();
}

bool FileReader::objects(JsonStream& stream, bool is_first) {
  has_city_ = true;
  return stream.each_member([&](const std::string& key) {
    bool was_too_long = false;
    if (!stream.value(text_, was_too_long)) return false;
    const std::string id = unquoted(key);
    if (was_too_long) {
      if (!is_first) import_.warn(excerpt(id, 200), "it is larger than 256 MiB: left out");
      return true;
    }
    Element json;
    if (const auto error = parser_.parse(text_).get(json); error != SUCCESS) {
      return stop(fail(Code::corrupt, "It is no JSON: " + std::string(simdjson::error_message(error)),
                       input_.name + ", " + excerpt(id, 200)));
    }
    if (is_first) {
      remember(id, json, family_);
      return true;
    }
    auto status = add_object(id, json, shared_, family_, import_);
    return status ? true : stop(std::move(status));
  });
}

// A sequence: a header, then a feature a line.
class SequenceReader {
 public:
  SequenceReader(const ImportInput& input, CityImport& import) : input_(input), import_(import) {}
  base::Status read();

 private:
  base::Status line(const std::string& text);
  base::Status header(const Element& json);
  base::Status feature(const Element& json);

  const ImportInput& input_;
  CityImport& import_;
  CityJsonShared shared_;
  simdjson::dom::parser parser_;
  uint64_t line_number_ = 0;
  bool has_header_ = false;
};

base::Status SequenceReader::header(const Element& json) {
  Element part;
  if (json["transform"].get(part) == SUCCESS && !read_cityjson_transform(part, shared_)) {
    return fail(Code::corrupt, "Its transform is malformed", input_.name);
  }
  if (json["metadata"].get(part) == SUCCESS) shared_.crs = read_cityjson_crs(part);
  if (json["appearance"].get(part) == SUCCESS) read_cityjson_appearance(part, shared_);
  if (json["geometry-templates"].get(part) == SUCCESS) read_cityjson_templates(part, shared_);
  has_header_ = true;
  import_.set_file_crs(shared_.crs, {});
  if (import_.has_crs()) return {};
  return fail(Code::invalid, "The file names no coordinate system", input_.name,
              "Name the coordinate system by the option crs, e.g. EPSG:7415");
}

base::Status SequenceReader::feature(const Element& json) {
  simdjson::dom::array vertices;
  simdjson::dom::object objects;
  if (json["CityObjects"].get(objects) != SUCCESS) {
    import_.warn("line " + std::to_string(line_number_), "it has no CityObjects: left out");
    return {};
  }
  shared_.whole_vertices.clear();
  shared_.vertices.clear();
  if (json["vertices"].get(vertices) == SUCCESS) {
    for (const Element& one : vertices) {
      simdjson::dom::array parts;
      std::array<double, 3> vertex{nan, nan, nan};
      if (one.get(parts) == SUCCESS && parts.size() == 3) {
        size_t i = 0;
        for (const Element& number : parts) {
          if (number.get(vertex[i]) != SUCCESS) vertex[i] = nan;
          ++i;
        }
      }
      shared_.add_vertex(vertex[0], vertex[1], vertex[2]);
    }
  }
  // An appearance of its own takes the place of the header's.
  CityJsonShared header;
  Element appearance;
  const bool has_own = json["appearance"].get(appearance) == SUCCESS;
  const auto swap_looks = [&] {
    header.textures.swap(shared_.textures);
    header.materials.swap(shared_.materials);
    header.texture_vertices.swap(shared_.texture_vertices);
  };
  if (has_own) {
    swap_looks();
    read_cityjson_appearance(appearance, shared_);
  }
  Family family;
  for (const auto& [id, object] : objects) remember(std::string(id), object, family);
  for (const auto& [id, object] : objects) {
    auto status = add_object(std::string(id), object, shared_, family, import_);
    if (!status) return status;
  }
  if (has_own) swap_looks();
  return {};
}

base::Status SequenceReader::line(const std::string& text) {
  ++line_number_;
  if (text.find_first_not_of(" \t\r") == std::string::npos) return {};
  const std::string where = "line " + std::to_string(line_number_);
  Element json;
  if (const auto error = parser_.parse(text).get(json); error != SUCCESS) {
    if (!has_header_) return fail(Code::corrupt, "Its first line is no JSON", input_.name);
    import_.warn(where, std::string("it is no JSON: ") + simdjson::error_message(error));
    return {};
  }
  const std::string type = type_of(json);
  if (type == "CityJSON") {
    if (auto status = header(json); !status) return status;
    simdjson::dom::object objects;
    if (json["CityObjects"].get(objects) == SUCCESS && objects.size() > 0) return feature(json);
    return {};
  }
  if (!has_header_) return fail(Code::corrupt, "Its first line is no CityJSON object", input_.name);
  if (type == "CityJSONFeature") return feature(json);
  import_.warn(where, "it is no CityJSONFeature: left out");
  return {};
}

base::Status SequenceReader::read() {
  auto source = input_.open();
  if (!source) return std::move(source).error();
  std::string block(256u << 10, '\0'), text;
  bool is_too_long = false;
  const auto end_line = [&]() -> base::Status {
    if (is_too_long) {
      ++line_number_;
      import_.warn("line " + std::to_string(line_number_), "it is longer than 256 MiB: left out");
    }
    auto status = is_too_long ? base::Status() : line(text);
    text.clear();
    is_too_long = false;
    return status;
  };
  while (true) {
    const auto count = source->read(block.data(), block.size());
    if (!count) return count.error();
    if (*count == 0) return end_line();
    import_.show_progress(source->offset(), source->size());
    if (import_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
    std::string_view rest(block.data(), *count);
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      if (!is_too_long) text.append(rest.substr(0, end));
      if (text.size() > value_bytes_max) {
        is_too_long = true;
        text.clear();
      }
      if (end == rest.size()) break;
      if (auto status = end_line(); !status) return status;
      rest.remove_prefix(end + 1);
    }
  }
}

bool is_sequence(const std::string& name) {
  std::string small(name);
  std::transform(small.begin(), small.end(), small.begin(), [](unsigned char c) { return std::tolower(c); });
  return small.ends_with(".jsonl") || small.ends_with(".jsonl.gz") || small.ends_with(".jsonseq");
}

}  // namespace

bool is_cityjson(std::string_view head) {
  const size_t start = head.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  if (start == std::string_view::npos || head[start] != '{') return false;
  return head.find("\"CityJSON\"") != std::string_view::npos ||
         head.find("\"CityObjects\"") != std::string_view::npos ||
         head.find("\"CityJSONFeature\"") != std::string_view::npos;
}

base::Status import_cityjson(const ImportInput& input, ImportBatch& batch) {
  const auto images = images_of(input);
  return import_cityjson_with(input, batch, images.get());
}

base::Status import_cityjson_with(const ImportInput& input, ImportBatch& batch, ImageSource* images) {
  auto import = CityImport::begin(batch, images);
  if (!import) return std::move(import).error();
  CityImport& city = **import;
  return city.run(
      [&] { return is_sequence(input.name) ? SequenceReader(input, city).read() : FileReader(input, city).read(); });
}

}  // namespace cityloom::space
