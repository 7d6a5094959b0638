#include "models/entity_check.hpp"

#include <algorithm>

#include "base/nearest.hpp"

namespace cityloom::models {
namespace {

using twin::Attribute;
using twin::AttributeKind;
using twin::Term;

Value text_value(std::string_view text) {
  Value value;
  value.kind = Value::Kind::string;
  value.text = text;
  return value;
}

std::string_view name_of(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::relationship:
    case AttributeKind::list_relationship:
      return "a Relationship";
    case AttributeKind::geo_property:
      return "a GeoProperty";
    default:
      return "a Property";
  }
}

bool fits(AttributeModel::Kind wanted, AttributeKind kind) {
  const bool is_relationship = kind == AttributeKind::relationship || kind == AttributeKind::list_relationship;
  switch (wanted) {
    case AttributeModel::Kind::any:
      return true;
    case AttributeModel::Kind::relationship:
      return is_relationship;
    case AttributeModel::Kind::geo_property:
      return kind == AttributeKind::geo_property;
    case AttributeModel::Kind::property:
      return !is_relationship && kind != AttributeKind::geo_property;
  }
  return true;
}

std::string_view name_of(AttributeModel::Kind kind) {
  if (kind == AttributeModel::Kind::relationship) return "a Relationship";
  return kind == AttributeModel::Kind::geo_property ? "a GeoProperty" : "a Property";
}

// One model's view of a part.
class PartCheck {
 public:
  PartCheck(const BoundModel& bound, const EntityPart& part, const twin::TermTable& terms,
            std::vector<Finding>& findings)
      : bound_(bound), model_(bound.model()), part_(part), terms_(terms), findings_(findings) {}

  void run() {
    Value whole;
    whole.kind = Value::Kind::object;
    for (const Attribute* const attribute : part_.stated) {
      const AttributeModel* const said = bound_.find(attribute->name);
      if (said != nullptr) {
        check_form(*said, *attribute);
      } else if (!by_pattern(*attribute)) {
        continue;
      }
      const std::string name(said != nullptr ? said->name : last_part(terms_.text(attribute->name)));
      const bool is_first = part_.is_whole && whole.find(name) == nullptr;
      if (is_first) whole.add(name, simplified(*attribute));
      // What is not the entity's simplified representation is held to its own rules alone.
      if (!is_first || is_map(*attribute)) check_value(said, *attribute, name);
      if (is_first && is_map(*attribute)) forget(whole, name);
    }
    if (part_.is_whole) {
      // A closed schema that does not tell of them means the attributes alone.
      if (model_.tells_id || !model_.is_closed) whole.add("id", text_value(part_.id));
      if (model_.tells_type || !model_.is_closed) whole.add("type", text_value(model_.type));
      model_.schema.check(model_.schema.root(), whole, {}, findings_);
    } else {
      check_required();
    }
  }

 private:
  void find(std::string path, const char* rule, std::string what, std::string nearest = {}) {
    if (findings_.size() < findings_max)
      findings_.push_back({std::move(path), rule, std::move(what), std::move(nearest)});
  }

  void check_form(const AttributeModel& said, const Attribute& attribute) {
    if (!fits(said.kind, attribute.kind)) {
      find(said.name, "kind",
           "must be " + std::string(name_of(said.kind)) + ", is " + std::string(name_of(attribute.kind)));
    }
    if (said.unit_code.empty() || !attribute.unit.exists() || attribute.unit == Term::unknown()) return;
    const std::string_view unit = terms_.text(attribute.unit);
    if (unit != said.unit_code)
      find(said.name, "unitCode", "must be in " + said.unit_code + ", is in " + std::string(unit));
  }

  // Texts by language: each is held to what is said of the text.
  static bool is_map(const Attribute& attribute) { return attribute.kind == AttributeKind::language_property; }

  // A place in the whole that says the name is there, and fits whatever is said of it.
  static void forget(Value& whole, const std::string& name) {
    const auto at = std::lower_bound(whole.names.begin(), whole.names.end(), name) - whole.names.begin();
    Value& value = whole.items[static_cast<size_t>(at)];
    value = Value();
    value.kind = Value::Kind::opaque;
  }

  std::vector<NodeIndex> nodes_of(const AttributeModel* said, const std::string& name) const {
    std::vector<NodeIndex> nodes;
    if (said != nullptr) nodes = said->nodes;
    for (const auto& [pattern, node] : model_.patterns) {
      if (twin::found_in(pattern, name)) nodes.push_back(node);
    }
    return nodes;
  }

  bool by_pattern(const Attribute& attribute) const {
    const std::string name(last_part(terms_.text(attribute.name)));
    return std::any_of(model_.patterns.begin(), model_.patterns.end(),
                       [&](const auto& one) { return twin::found_in(one.first, name); });
  }

  void check_value(const AttributeModel* said, const Attribute& attribute, const std::string& name) {
    const std::vector<NodeIndex> nodes = nodes_of(said, name);
    if (nodes.empty()) return;
    const Value value = simplified(attribute);
    if (!is_map(attribute)) return check_by(nodes, value, name);
    for (size_t i = 0; i < value.items.size(); ++i) check_by(nodes, value.items[i], name + '.' + value.names[i]);
  }

  void check_by(const std::vector<NodeIndex>& nodes, const Value& value, const std::string& path) {
    for (const NodeIndex node : nodes) model_.schema.check(node, value, path, findings_);
  }

  bool is_stated(Term name) const {
    return std::any_of(part_.stated.begin(), part_.stated.end(),
                       [&](const Attribute* one) { return one->name == name; });
  }

  // Whether an instance is left of those that stand.
  bool is_left(Term name) const {
    if (part_.standing == nullptr || !part_.standing->exists() || part_.standing->ended()) return false;
    bool left = false;
    part_.standing->each_attribute(name, [&](const Attribute& one) {
      left = std::none_of(part_.deleted.begin(), part_.deleted.end(), [&](const twin::InstanceKey& key) {
        return key.name == one.name && key.dataset == one.dataset;
      });
      return !left;
    });
    return left;
  }

  void check_required() {
    if (!part_.has_new_types && part_.deleted.empty()) return;
    for (const AttributeModel& attribute : model_.attributes) {
      if (!attribute.is_required) continue;
      const Term name = bound_.term_of(attribute);
      const bool is_deleted = std::any_of(part_.deleted.begin(), part_.deleted.end(),
                                          [&](const twin::InstanceKey& key) { return key.name == name; });
      if (!part_.has_new_types && !is_deleted) continue;
      if (!is_stated(name) && !is_left(name)) find(attribute.name, "required", "is missing");
    }
  }

  const BoundModel& bound_;
  const Model& model_;
  const EntityPart& part_;
  const twin::TermTable& terms_;
  std::vector<Finding>& findings_;
};

// Names that no model of the entity has.
void check_names(std::span<const BoundModel* const> models, const EntityPart& part, const twin::TermTable& terms,
                 std::vector<Finding>& findings) {
  std::vector<Term> seen;
  for (const Attribute* const attribute : part.stated) {
    const Term name = attribute->name;
    const bool is_known =
        std::any_of(models.begin(), models.end(), [&](const BoundModel* one) { return one->find(name) != nullptr; });
    if (is_known || std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(name);
    const std::string given(last_part(terms.text(name)));
    bool is_wrong = false, is_allowed = false;
    std::string meant;
    for (const BoundModel* const one : models) {
      const Model& model = one->model();
      is_allowed = is_allowed || model.is_open ||
                   std::any_of(model.patterns.begin(), model.patterns.end(),
                               [&](const auto& pattern) { return twin::found_in(pattern.first, given); });
      const auto same = std::find(model.names.begin(), model.names.end(), given);
      if (meant.empty()) meant = base::misspelt(given, model.names);
      // The right word in another context's meaning.
      if (meant.empty() && same != model.names.end())
        meant = model.attributes[static_cast<size_t>(same - model.names.begin())].iri;
      if (model.is_closed) {
        is_wrong = true;
        if (meant.empty()) meant = base::nearest(given, model.names);
      }
    }
    if (is_allowed || (!is_wrong && meant.empty()) || findings.size() >= findings_max) continue;
    findings.push_back({given, "attribute", "is not in the model", meant});
  }
}

}  // namespace

base::Result<BoundModelPointer> BoundModel::bind(ModelPointer model, twin::TermTable& terms) {
  auto bound = std::make_shared<BoundModel>();
  const auto type = terms.intern(model->type_iri);
  if (!type) return type.error();
  const auto source = terms.intern(model->source_iri);
  if (!source) return source.error();
  bound->type_ = *type;
  bound->source_ = *source;
  for (const AttributeModel& attribute : model->attributes) {
    const auto term = terms.intern(attribute.iri);
    if (!term) return term.error();
    bound->attributes_.emplace(term->number, static_cast<uint32_t>(bound->terms_.size()));
    bound->terms_.push_back(*term);
  }
  bound->model_ = std::move(model);
  return BoundModelPointer(std::move(bound));
}

void check_entity(std::span<const BoundModel* const> models, const EntityPart& part, const twin::TermTable& terms,
                  std::vector<Finding>& findings) {
  if (models.empty()) return;
  for (const BoundModel* const model : models) PartCheck(*model, part, terms, findings).run();
  check_names(models, part, terms, findings);
}

std::string text_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    if (!text.empty()) text += "; ";
    text += finding.text();
  }
  return text;
}

}  // namespace cityloom::models
