// Loads declarations; finds out which entity is which object.
#include "space/objects/objects.hpp"

#include <rapidjson/document.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "space/objects/object_glb.hpp"
#include "twin/packed.hpp"

namespace cityloom::space {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::fail;

constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
constexpr std::string_view city_object = "CityObject";

base::Result<std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(Code::not_found, "the file cannot be read", path.string());
  std::string text(object_file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  return text;
}

std::string hex(uint64_t number) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

// Members of a JSON object as texts that `values_of` reads.
void read_parameters(std::string_view json, std::map<std::string, std::string>& given) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) return;
  for (const auto& member : document.GetObject()) {
    const std::string name(member.name.GetString(), member.name.GetStringLength());
    if (member.value.IsString()) given[name] = {member.value.GetString(), member.value.GetStringLength()};
    if (member.value.IsBool()) given[name] = member.value.GetBool() ? "true" : "false";
    if (member.value.IsNumber()) {
      char text[40];
      std::snprintf(text, sizeof text, "%.9g", member.value.GetDouble());
      given[name] = text;
    }
  }
}

}  // namespace

ObjectLibrary::ObjectLibrary(ObjectDeclarations declarations) : declarations_(std::move(declarations)) {
  for (size_t i = 0; i < declarations_.kinds.size(); ++i) places_[declarations_.kinds[i].id] = i;
}

ObjectLibrary ObjectLibrary::load(const std::vector<std::string>& folders, std::vector<base::Error>& mistakes) {
  ObjectDeclarations declarations;
  std::string texts;
  for (const std::string& folder : folders) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      const auto text = read_file(file);
      const auto status = text ? read_objects(file.string(), *text, declarations) : base::Status(text.error());
      if (status) texts += *text;
      if (!status) mistakes.push_back(status.error());
    }
  }
  ObjectLibrary library(std::move(declarations));
  library.version_ = hex(XXH3_64bits(texts.data(), texts.size()));
  return library;
}

const ObjectKind* ObjectLibrary::find(std::string_view id) const {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : &declarations_.kinds[found->second];
}

base::Result<std::string> ObjectLibrary::glb(const ObjectKind& kind, const ObjectValues& values,
                                             int level_of_detail) const {
  const auto built = mesh(kind, values, level_of_detail);
  if (!built) return built.error();
  return object_glb(kind, values, *built);
}

ObjectPlacer::ObjectPlacer(const ObjectLibrary& library, const twin::TermTable& terms) : library_(&library) {
  const auto term = [&](std::string_view name) {
    return terms.find(std::string(default_vocabulary) + std::string(name));
  };
  kind_ = term("kind");
  parameters_ = term("parameters");
  heading_ = term("heading");
  category_ = term("category");
  location_ = twin::terms::location;
  const auto add_type = [&](twin::Term type) {
    if (type == twin::Term::unknown()) return;
    if (std::find(types_.begin(), types_.end(), type) == types_.end()) types_.push_back(type);
  };
  for (const std::string_view name : {city_object, std::string_view("Device"), std::string_view("Vehicle")}) {
    add_type(term(name));
  }
  for (const PlacingRule& rule : library.placing()) {
    rules_.push_back({term(rule.type), &rule});
    add_type(rules_.back().type);
  }
}

const ObjectKind* ObjectPlacer::kind_of(const twin::EntityRecord& record,
                                        std::map<std::string, std::string>& given) const {
  std::string_view kind, category;
  twin::AttributeView view;
  for (twin::PackedAttributes all(record.attributes_bytes()); all.next(view);) {
    if (view.dataset.exists() || view.value_kind != twin::AttributeView::ValueKind::string) continue;
    if (view.name == kind_) kind = view.text;
    if (view.name == category_) category = view.text;
  }
  if (!kind.empty()) return library_->find(kind);
  for (const auto& [type, rule] : rules_) {
    if (type == twin::Term::unknown() || !record.has_type(type)) continue;
    const auto& wanted = rule->categories;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), category) == wanted.end()) continue;
    given = rule->parameters;
    return library_->find(rule->kind);
  }
  return nullptr;
}

std::optional<PlacedObject> ObjectPlacer::place(const twin::EntityRecord& record) const {
  PlacedObject placed;
  std::map<std::string, std::string> given;
  placed.kind = kind_of(record, given);
  if (placed.kind == nullptr) return std::nullopt;
  placed.id = record.id();
  bool has_place = false;
  twin::AttributeView view;
  for (twin::PackedAttributes all(record.attributes_bytes()); all.next(view);) {
    using ValueKind = twin::AttributeView::ValueKind;
    if (view.dataset.exists()) continue;
    if (view.name == parameters_ && view.value_kind == ValueKind::json) read_parameters(view.text, given);
    if (view.name == heading_ && view.value_kind == ValueKind::integer) {
      placed.heading_deg = static_cast<double>(view.integer);
    }
    if (view.name == heading_ && view.value_kind == ValueKind::number) placed.heading_deg = view.number;
    if (view.name == location_ && view.value_kind == ValueKind::geometry) {
      const auto geometry = twin::unpack_geometry(view.text);
      if (!geometry || geometry->kind != twin::GeometryKind::point) continue;
      placed.position = geometry->positions[0];
      has_place = true;
    }
  }
  if (!has_place || !std::isfinite(placed.heading_deg)) return std::nullopt;
  auto values = values_of(*placed.kind, given);
  // One that cannot be read does not spoil the others.
  while (!values && !given.empty()) {
    given.erase(values.error().where);
    values = values_of(*placed.kind, given);
  }
  placed.values = values ? std::move(*values) : default_values(*placed.kind);
  return placed;
}

}  // namespace cityloom::space
