#include "ngsi/represent.hpp"

#include <algorithm>

#include "ngsi/attribute_reader.hpp"
#include "ngsi/attribute_writer.hpp"
#include "ngsi/linked.hpp"

namespace cityloom::ngsi {
namespace {

using twin::AttributeView;
using twin::PackedAttributes;

bool contains(const std::vector<twin::Term>& terms, twin::Term term) {
  return std::find(terms.begin(), terms.end(), term) != terms.end();
}

// One entity being written. The head (id, type, scope, times) differs between JSON-LD and GeoJSON; attributes do not.
bool is_written(const AttributeView& view, const Representation& how) {
  if (!how.projection.writes(view.name)) return false;
  if (view.expires_at.exists() && how.now.exists() && view.expires_at <= how.now) return false;
  return !how.datasets_given || contains(how.datasets, view.dataset);
}

class EntityWriter {
 public:
  EntityWriter(const twin::EntityRecord& record, const Representation& how, const Names& names, std::string& to,
               ShownChanges changes = {})
      : record_(record), how_(how), names_(names), to_(to), changes_(changes) {}

  void json_ld() {
    to_.reserve(to_.size() + record_.bytes().size() * 3);
    to_ += '{';
    if (how_.projection.keeps_id) id();
    types_and_scopes();
    attributes();
    if (!how_.context_json.empty()) {
      member("\"@context\":");
      to_ += how_.context_json;
    }
    to_ += '}';
  }

  void feature(bool with_context) {
    to_ += '{';
    id();
    to_ += ",\"type\":\"Feature\",\"geometry\":";
    geometry();
    to_ += ",\"properties\":{";
    is_first_ = true;
    types_and_scopes();
    attributes();
    to_ += '}';
    if (with_context && !how_.context_json.empty()) {
      to_ += ",\"@context\":";
      to_ += how_.context_json;
    }
    to_ += '}';
  }

 private:
  void member(std::string_view quoted_name_and_colon) {
    if (!is_first_) to_ += ',';
    is_first_ = false;
    to_ += quoted_name_and_colon;
  }

  void id() {
    member("\"id\":");
    append_quoted(record_.id(), to_);
  }

  void types_and_scopes() {
    if (how_.projection.keeps_type) {
      member("\"type\":");
      list(record_.types(), [&](twin::Term type) { to_ += names_.quoted(type); });
    }
    if (how_.projection.keeps_scope) {
      const std::vector<std::string> scopes = record_.scopes();
      if (!scopes.empty()) {
        member("\"scope\":");
        list(scopes, [&](const std::string& scope) { append_quoted(scope, to_); });
      }
    }
    if (!how_.sys_attrs || how_.format == Format::simplified) return;
    member("\"createdAt\":");
    append_instant(record_.created_at(), to_);
    member("\"modifiedAt\":");
    append_instant(record_.modified_at(), to_);
  }

  template <class List, class Append>
  void list(const List& items, const Append& append) {
    if (items.size() == 1) return append(items.front());
    char separator = '[';
    for (const auto& item : items) {
      to_ += separator;
      append(item);
      separator = ',';
    }
    if (items.empty()) to_ += '[';
    to_ += ']';
  }

  void attributes() {
    // A record without datasetIds has one instance of each name: it is written in one walk.
    const bool has_changes = changes_.previous != nullptr || changes_.ended != nullptr;
    if (twin::have_datasets(record_.attributes_bytes()) || has_changes) return grouped_attributes();
    AttributeWriter writer(how_, names_, to_);
    PackedAttributes all(record_.attributes_bytes());
    for (AttributeView view; all.next(view);) {
      if (!is_written(view, how_)) continue;
      if (is_expires_at(view)) continue;
      member(names_.quoted(view.name));
      to_ += ':';
      writer.instance(view);
    }
  }

  void grouped_attributes() {
    std::vector<AttributeView> views;
    PackedAttributes all(record_.attributes_bytes());
    views.reserve(all.count());
    for (AttributeView view; all.next(view);) {
      if (is_written(view, how_) && !is_expires_at(view)) views.push_back(view);
    }
    if (changes_.ended != nullptr) {
      std::copy_if(changes_.ended->begin(), changes_.ended->end(), std::back_inserter(views),
                   [&](const AttributeView& view) { return is_written(view, how_); });
    }
    std::vector<AttributeView> instances;
    for (size_t i = 0; i < views.size(); ++i) {
      const twin::Term name = views[i].name;
      const auto has_name = [&](const AttributeView& view) { return view.name == name; };
      const auto place = views.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::any_of(views.begin(), place, has_name)) continue;
      instances.clear();
      std::copy_if(place, views.end(), std::back_inserter(instances), has_name);
      member(names_.quoted(name));
      to_ += ':';
      append_instances(instances, how_, names_, to_, changes_.previous);
    }
  }

  // The entity's own expiresAt is kept as an attribute of its core name; it is a plain member of the answer.
  bool is_expires_at(const AttributeView& view) {
    if (view.value_kind != AttributeView::ValueKind::string || names_.quoted(view.name) != "\"expiresAt\"")
      return false;
    if (how_.sys_attrs) {
      member("\"expiresAt\":");
      append_quoted(view.text, to_);
    }
    return true;
  }

  void geometry() {
    PackedAttributes all(record_.attributes_bytes());
    for (AttributeView view; all.next(view);) {
      if (view.name != how_.geometry_property || view.value_kind != AttributeView::ValueKind::geometry) continue;
      const bool is_chosen = how_.geometry_dataset.empty() ? !view.dataset.exists()
                                                           : names_.terms().text(view.dataset) == how_.geometry_dataset;
      if (is_chosen) return append_packed_geometry(view.text, to_);
    }
    to_ += "null";
  }

  const twin::EntityRecord& record_;
  const Representation& how_;
  const Names& names_;
  std::string& to_;
  ShownChanges changes_;
  bool is_first_ = true;
};

}  // namespace

bool Projection::writes(twin::Term name) const {
  if (pick_given && !contains(pick, name)) return false;
  return omit.empty() || !contains(omit, name);
}

const Projection* Projection::of_link(twin::Term name) const {
  const auto found =
      std::find_if(linked.begin(), linked.end(), [&](const Projection& inner) { return inner.link == name; });
  return found == linked.end() ? nullptr : &*found;
}

unsigned Projection::depth() const {
  unsigned deepest = 0;
  for (const Projection& inner : linked) deepest = std::max(deepest, inner.depth() + 1);
  return deepest;
}

void append_linked_entity(const twin::EntityRecord& record, const Representation& how, const Names& names,
                          std::string& to) {
  EntityWriter(record, how, names, to).json_ld();
}

void append_entity(const twin::EntityRecord& record, const Representation& how, const Names& names, std::string& to) {
  if (how.linked != nullptr) how.linked->begin(record.id());
  EntityWriter(record, how, names, to).json_ld();
}

namespace {

// Calls `append` with each record and how it is written, with commas between.
template <class Append>
void append_both(const std::vector<twin::EntityRecord>& records, const std::vector<LinkedRecord>& beside,
                 const Representation& how, std::string& to, const Append& append) {
  bool is_first = true;
  const auto next = [&](const twin::EntityRecord& record, const Representation& so) {
    if (!is_first) to += ',';
    is_first = false;
    append(record, so);
  };
  for (const twin::EntityRecord& record : records) next(record, how);
  if (beside.empty()) return;
  Representation other = how;
  for (const LinkedRecord& linked : beside) {
    other.projection = linked.projection != nullptr ? *linked.projection : Projection{};
    next(linked.record, other);
  }
}

}  // namespace

void append_entities(const std::vector<twin::EntityRecord>& records, const Representation& how, const Names& names,
                     std::string& to) {
  append_entities(records, {}, how, names, to);
}

void append_entities(const std::vector<twin::EntityRecord>& records, const std::vector<LinkedRecord>& beside,
                     const Representation& how, const Names& names, std::string& to) {
  to += '[';
  append_both(records, beside, how, to, [&](const twin::EntityRecord& record, const Representation& so) {
    append_entity(record, so, names, to);
  });
  to += ']';
}

void append_feature(const twin::EntityRecord& record, const Representation& how, const Names& names, std::string& to) {
  if (how.linked != nullptr) how.linked->begin(record.id());
  EntityWriter(record, how, names, to).feature(true);
}

void append_features(const std::vector<twin::EntityRecord>& records, const Representation& how, const Names& names,
                     std::string& to) {
  append_features(records, {}, how, names, to);
}

void append_features(const std::vector<twin::EntityRecord>& records, const std::vector<LinkedRecord>& beside,
                     const Representation& how, const Names& names, std::string& to) {
  to += "{\"type\":\"FeatureCollection\",\"features\":[";
  append_both(records, beside, how, to, [&](const twin::EntityRecord& record, const Representation& so) {
    if (so.linked != nullptr) so.linked->begin(record.id());
    EntityWriter(record, so, names, to).feature(false);
  });
  to += ']';
  if (!how.context_json.empty()) {
    to += ",\"@context\":";
    to += how.context_json;
  }
  to += '}';
}

void append_changed_entity(const twin::EntityRecord& record, const ShownChanges& changes, bool as_feature,
                           const Representation& how, const Names& names, std::string& to) {
  if (how.linked != nullptr) how.linked->begin(record.id());
  EntityWriter writer(record, how, names, to, changes);
  if (as_feature) {
    writer.feature(false);
  } else {
    writer.json_ld();
  }
}

bool has_any_attribute(const twin::EntityRecord& record, const Representation& how) {
  PackedAttributes all(record.attributes_bytes());
  for (AttributeView view; all.next(view);) {
    if (how.projection.writes(view.name)) return true;
  }
  return false;
}

bool has_any_member(const twin::EntityRecord& record, const Representation& how) {
  const Projection& projection = how.projection;
  if (projection.keeps_id || projection.keeps_type || (projection.keeps_scope && !record.scopes().empty())) return true;
  PackedAttributes all(record.attributes_bytes());
  for (AttributeView view; all.next(view);) {
    if (is_written(view, how)) return true;
  }
  return false;
}

bool append_attribute(const twin::EntityRecord& record, twin::Term name, const Representation& how, const Names& names,
                      std::string& to) {
  std::vector<AttributeView> instances;
  PackedAttributes all(record.attributes_bytes());
  for (AttributeView view; all.next(view);) {
    if (view.name == name && (!how.datasets_given || contains(how.datasets, view.dataset))) instances.push_back(view);
  }
  if (instances.empty()) return false;
  append_instances(instances, how, names, to);
  return true;
}

}  // namespace cityloom::ngsi
