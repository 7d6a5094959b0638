#include "models/model.hpp"

#include <algorithm>
#include <set>

#include "base/units.hpp"

namespace cityloom::models {
namespace {

using base::Code;
using base::fail;

// What the schemas that all hold of an entity say of its members. Those of alternatives are known as well, but hold
// only where the alternative does.
class Flattening {
 public:
  Flattening(const Schema& schema, Model& model) : schema_(schema), model_(model) {}

  void take(NodeIndex index, bool holds) {
    if (!seen_.insert({index.number, holds}).second) return;
    const SchemaNode& node = schema_.node(index);
    for (const SchemaNode::Named& property : node.properties) add(property, schema_.is_shared(index), holds);
    if (holds) {
      for (const std::string& name : node.required) required_.insert(name);
      for (const auto& pattern : node.pattern_properties) model_.patterns.push_back(pattern);
      for (const auto& further : {node.additional, node.unevaluated_properties}) {
        if (!further) continue;
        const bool is_closed = schema_.node(*further).refuses_all;
        if (is_closed) model_.is_closed = true;
        if (!is_closed && index == schema_.root()) model_.is_open = true;
      }
    }
    if (node.reference) take(*node.reference, holds);
    for (const NodeIndex one : node.all_of) take(one, holds);
    for (const auto* alternatives : {&node.any_of, &node.one_of}) {
      for (const NodeIndex one : *alternatives) take(one, false);
    }
    for (const auto& branch : {node.condition, node.then, node.otherwise}) {
      if (branch) take(*branch, false);
    }
    for (const SchemaNode::Named& one : node.dependent_schemas) take(one.node, false);
  }

  void finish(const std::function<std::string(std::string_view)>& expand) {
    for (auto& [name, attribute] : attributes_) {
      attribute.name = name;
      attribute.iri = expand(name);
      attribute.is_required = required_.contains(name);
      if (attribute.iri.empty()) continue;
      describe(attribute);
      model_.names.push_back(name);
      model_.attributes.push_back(std::move(attribute));
    }
  }

 private:
  void add(const SchemaNode::Named& property, bool is_shared, bool holds) {
    const std::string& name = property.name;
    if (name == "id") model_.tells_id = true;
    if (name == "type") model_.tells_type = true;
    if (name.empty() || name == "id" || name == "type" || name == "scope" || name.starts_with('@')) return;
    const auto [found, is_new] = attributes_.try_emplace(name);
    if (is_new) found->second.is_shared = is_shared;
    if (holds) found->second.nodes.push_back(property.node);
    if (!holds) described_[name].push_back(property.node);
  }

  // "Units:'µg/m3'" in a description is how Smart Data Models tell units.
  static std::string units_of(const SchemaNode& node) {
    if (!node.units.empty()) return node.units;
    for (const std::string_view begin : {"Units:'", "Units: '", "Units:\"", "Units: \"", "Unit:'", "Unit: '"}) {
      const size_t at = node.description.find(begin);
      if (at == std::string::npos) continue;
      const size_t from = at + begin.size();
      const size_t end = node.description.find(begin.back(), from);
      if (end != std::string::npos) return node.description.substr(from, end - from);
    }
    return {};
  }

  void describe(AttributeModel& attribute) {
    std::vector<NodeIndex> nodes = attribute.nodes;
    const auto& others = described_[attribute.name];
    nodes.insert(nodes.end(), others.begin(), others.end());
    for (const NodeIndex index : nodes) {
      const SchemaNode& node = schema_.node(index);
      if (node.ngsi_type == "Property") attribute.kind = AttributeModel::Kind::property;
      if (node.ngsi_type == "Relationship") attribute.kind = AttributeModel::Kind::relationship;
      if (node.ngsi_type == "GeoProperty") attribute.kind = AttributeModel::Kind::geo_property;
      const std::string units = units_of(node);
      if (units.empty()) continue;
      attribute.unit_code = base::unit_code(units);
      if (attribute.unit_code.empty()) {
        model_.notes.push_back(attribute.name + ": the unit '" + units +
                               "' is not known here, so that units of it are not checked");
      }
    }
  }

  const Schema& schema_;
  Model& model_;
  std::map<std::string, AttributeModel> attributes_;
  std::map<std::string, std::vector<NodeIndex>> described_;
  std::set<std::string> required_;
  std::set<std::pair<uint32_t, bool>> seen_;
};

// What the schema itself says that the type is.
std::string type_in(const Schema& schema, NodeIndex index, size_t depth = 0) {
  constexpr size_t depth_max = 8;
  const SchemaNode& node = schema.node(index);
  for (const SchemaNode::Named& property : node.properties) {
    if (property.name != "type") continue;
    const SchemaNode& type = schema.node(property.node);
    if (type.constant && type.constant->kind == Value::Kind::string) return type.constant->text;
    if (type.choices && type.choices->size() == 1) return type.choices->front().text;
  }
  if (depth >= depth_max) return {};
  for (const NodeIndex one : node.all_of) {
    if (std::string type = type_in(schema, one, depth + 1); !type.empty()) return type;
  }
  return {};
}

}  // namespace

std::string_view name_of(Mode mode) {
  return mode == Mode::strict ? "strict" : mode == Mode::warn ? "warn" : "accept";
}

base::Result<Mode> mode_of(std::string_view name) {
  for (const Mode mode : {Mode::accept, Mode::warn, Mode::strict}) {
    if (name == name_of(mode)) return mode;
  }
  return fail(Code::invalid, "must be strict, warn or accept", "mode");
}

base::Status check_label(std::string_view label, size_t bytes_max, std::string_view what) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool fits =
      !label.empty() && label.size() <= bytes_max && is_plain(label.front()) &&
      std::all_of(label.begin(), label.end(), [&](char c) { return is_plain(c) || c == '-' || c == '_' || c == '.'; });
  if (fits) return {};
  return fail(Code::invalid, "must be 1 to " + std::to_string(bytes_max) + " letters, digits, '-', '_' or '.'",
              std::string(what));
}

std::string_view last_part(std::string_view iri) {
  const size_t at = iri.find_last_of("/#:");
  return at == std::string_view::npos || at + 1 == iri.size() ? iri : iri.substr(at + 1);
}

base::Result<Model> Model::make(const ModelText& text, const std::function<std::string(std::string_view)>& expand,
                                const SchemaLimits& limits) {
  if (const auto named = check_label(text.name, model_name_bytes_max, "name"); !named) return named.error();
  if (const auto named = check_label(text.version, version_bytes_max, "version"); !named) return named.error();
  auto schema = Schema::compile(text.schema, limits);
  if (!schema) return schema.error();
  Model model;
  model.name = text.name;
  model.version = text.version;
  model.schema = std::move(schema).value();
  model.type = text.type.empty() ? type_in(model.schema, model.schema.root()) : text.type;
  if (model.type.empty()) {
    return fail(Code::invalid, "of which type the entities are is not said", "type",
                "give the member type, or say in the schema that type is one value");
  }
  model.type_iri = expand(model.type);
  if (model.type_iri.empty()) return fail(Code::invalid, "this cannot be a type's name", "type");
  model.source_iri = expand("source");
  Flattening flattening(model.schema, model);
  flattening.take(model.schema.root(), true);
  flattening.finish(expand);
  return model;
}

std::map<std::string, std::string> Model::iris() const {
  std::map<std::string, std::string> all = {{type, type_iri}, {"source", source_iri}};
  for (const AttributeModel& attribute : attributes) all.emplace(attribute.name, attribute.iri);
  return all;
}

}  // namespace cityloom::models
