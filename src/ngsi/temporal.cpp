// The past of entities written as NGSI-LD JSON (clauses 4.5.6 - 4.5.9).
#include <algorithm>
#include <charconv>

#include "ngsi/aggregation.hpp"
#include "ngsi/attribute_writer.hpp"
#include "ngsi/kinds.hpp"
#include "ngsi/past_scope.hpp"
#include "ngsi/represent.hpp"
#include "ngsi/source_past.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using twin::AttributeView;

base::Instant time_of(const AttributeView& view, thread::TimeProperty property) {
  base::Instant time = view.observed_at;
  if (property == thread::TimeProperty::created_at) time = view.created_at;
  if (property == thread::TimeProperty::modified_at || property == thread::TimeProperty::deleted_at)
    time = view.modified_at;
  return time.exists() ? time : view.modified_at;
}

class TemporalWriter {
 public:
  TemporalWriter(const TemporalEntity& entity, TemporalFormat format, const Representation& how,
                 thread::TimeProperty time_property, const Names& names, const ForeignInstances* foreign,
                 std::string& to)
      : entity_(entity),
        format_(format),
        time_property_(time_property),
        names_(names),
        foreign_(foreign),
        to_(to),
        how_(how) {
    how_.format = format == TemporalFormat::normalized ? Format::normalized
                  : format == TemporalFormat::concise  ? Format::concise
                                                       : Format::simplified;
  }

  // Whether id, type, scope or an attribute was written.
  bool write() {
    to_ += '{';
    begin_ = to_.size();
    if (how_.projection.keeps_id) {
      member("\"id\":");
      append_quoted(entity_.id, to_);
    }
    if (how_.projection.keeps_type) {
      member("\"type\":");
      list(entity_.types, [&](twin::Term type) { to_ += names_.quoted(type); });
    }
    scopes();
    const bool has_head = to_.size() != begin_;
    if (how_.sys_attrs && entity_.created_at.exists()) {
      member("\"createdAt\":");
      append_instant(entity_.created_at, to_);
    }
    if (how_.sys_attrs && entity_.modified_at.exists()) {
      member("\"modifiedAt\":");
      append_instant(entity_.modified_at, to_);
    }
    const size_t before_attributes = to_.size();
    if (entity_.aggregates != nullptr) {
      entity_.aggregates->append(how_, names_, to_);
    } else {
      for (size_t i = 0; i < entity_.attributes.size(); ++i) attribute(i);
    }
    const bool has_attributes = to_.size() != before_attributes;
    if (!how_.context_json.empty()) {
      member("\"@context\":");
      to_ += how_.context_json;
    }
    to_ += '}';
    return has_head || has_attributes;
  }

 private:
  void member(std::string_view name) {
    if (to_.size() != begin_) to_ += ',';
    to_ += name;
  }

  template <class List, class Append>
  void list(const List& items, const Append& append) {
    if (items.size() == 1) return append(items.front());
    to_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i != 0) to_ += ',';
      append(items[i]);
    }
    to_ += ']';
  }

  // A scope is a plain member of an entity, but a Property of its evolution. Where it is known from when it was one,
  // its instances are given.
  void scopes() {
    if (!how_.projection.keeps_scope) return;
    const auto past = std::find_if(entity_.attributes.begin(), entity_.attributes.end(),
                                   [](const auto& history) { return history.name == twin::terms::scope; });
    if (past != entity_.attributes.end()) {
      member("\"scope\":");
      if (format_ == TemporalFormat::simplified) return simplified({&*past});
      to_ += '[';
      bool is_first = true;
      instances(*past, is_first);
      to_ += ']';
      return;
    }
    if (entity_.scopes.empty() || time_property_ == thread::TimeProperty::deleted_at) return;
    member("\"scope\":{\"type\":\"Property\",\"value\":");
    list(entity_.scopes, [&](const std::string& scope) { append_quoted(scope, to_); });
    to_ += '}';
  }

  // The datasets of one name stand together, where the first of them is.
  void attribute(size_t index) {
    const twin::Term name = entity_.attributes[index].name;
    if (name.number <= twin::terms::scope.number || !how_.projection.writes(name)) return;
    if (names_.terms().text(name) == expires_at_iri || names_.terms().text(name) == scope_iri) return;
    std::vector<const thread::AttributeHistory*> datasets;
    for (size_t i = 0; i < entity_.attributes.size(); ++i) {
      if (entity_.attributes[i].name != name) continue;
      if (i < index) return;
      if (is_chosen(entity_.attributes[i].dataset)) datasets.push_back(&entity_.attributes[i]);
    }
    if (datasets.empty()) return;
    member(names_.quoted(name));
    to_ += ':';
    if (format_ == TemporalFormat::simplified) {
      simplified(datasets);
    } else {
      to_ += '[';
      bool is_first = true;
      for (const auto* history : datasets) instances(*history, is_first);
      to_ += ']';
    }
  }

  bool is_chosen(twin::Term dataset) const {
    return !how_.datasets_given ||
           std::find(how_.datasets.begin(), how_.datasets.end(), dataset) != how_.datasets.end();
  }

  template <class Visit>
  static void each_view(const thread::AttributeHistory& history, const Visit& visit) {
    std::string bytes;
    for (const thread::PastAttribute& attribute : history.instances) {
      bytes.clear();
      twin::pack_attribute(attribute, bytes);
      AttributeView view;
      if (twin::read_attribute(bytes, view)) visit(attribute, view);
    }
  }

  void instances(const thread::AttributeHistory& history, bool& is_first) {
    AttributeWriter writer(how_, names_, to_);
    each_view(history, [&](const thread::PastAttribute& attribute, const AttributeView& view) {
      if (!is_first) to_ += ',';
      is_first = false;
      extra_ = ",\"instanceId\":";
      append_quoted(foreign_ == nullptr ? instance_id(attribute) : foreign_->id_of(attribute), extra_);
      writer.object(view, format_ == TemporalFormat::normalized, nullptr, extra_);
    });
  }

  // One object a dataset; several where its kind changed in between, since each says what its values are.
  void simplified(const std::vector<const thread::AttributeHistory*>& datasets) {
    std::vector<std::pair<const thread::AttributeHistory*, twin::AttributeKind>> parts;
    for (const auto* history : datasets) {
      const size_t first = parts.size();
      for (const twin::Attribute& attribute : history->instances) {
        const bool is_known = std::any_of(parts.begin() + static_cast<std::ptrdiff_t>(first), parts.end(),
                                          [&](const auto& part) { return part.second == attribute.kind; });
        if (!is_known) parts.emplace_back(history, attribute.kind);
      }
    }
    if (parts.size() > 1) to_ += '[';
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i != 0) to_ += ',';
      values(*parts[i].first, parts[i].second);
    }
    if (parts.size() > 1) to_ += ']';
  }

  void values(const thread::AttributeHistory& history, twin::AttributeKind kind) {
    AttributeWriter writer(how_, names_, to_);
    to_ += "{\"type\":\"";
    to_ += names_of(kind).type;
    to_ += "\",\"";
    to_ += names_of(kind).values;
    to_ += "\":[";
    bool is_first = true;
    each_view(history, [&](const twin::Attribute& attribute, const AttributeView& view) {
      if (attribute.kind != kind) return;
      to_ += is_first ? "[" : ",[";
      is_first = false;
      writer.simplified(view);
      to_ += ',';
      append_instant(time_of(view, time_property_), to_);
      to_ += ']';
    });
    to_ += ']';
    if (history.dataset.exists()) {
      to_ += ",\"datasetId\":";
      to_ += names_.quoted_text(history.dataset);
    }
    to_ += '}';
  }

  const TemporalEntity& entity_;
  TemporalFormat format_;
  thread::TimeProperty time_property_;
  const Names& names_;
  const ForeignInstances* foreign_;  // nullptr: all instances are of the own record
  std::string& to_;
  Representation how_;
  std::string extra_;
  size_t begin_ = 0;  // where the members of the entity begin
};

}  // namespace

bool append_temporal_entity(const TemporalEntity& entity, TemporalFormat format, const Representation& how,
                            thread::TimeProperty time_property, const Names& names, std::string& to) {
  return TemporalWriter(entity, format, how, time_property, names, nullptr, to).write();
}

bool append_temporal_entity(const TemporalEntity& entity, TemporalFormat format, const Representation& how,
                            thread::TimeProperty time_property, const Names& names, const ForeignInstances& foreign,
                            std::string& to) {
  return TemporalWriter(entity, format, how, time_property, names, &foreign, to).write();
}

namespace {

constexpr std::string_view instance_prefix = "urn:ngsi-ld:instance:";

template <class Number>
bool read_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool take_dash(std::string_view& text) {
  if (!text.starts_with('-')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string instance_id(const thread::PastAttribute& attribute) {
  const thread::PastKey& key = attribute.key;
  std::string id(instance_prefix);
  id += std::to_string(key.offset.number) + '-' + std::to_string(attribute.name.number) + '-' +
        std::to_string(attribute.dataset.number);
  if (key.is_told) id += '-' + std::to_string(key.observed_at.microseconds);
  return id;
}

std::optional<PastInstanceName> parse_instance_id(std::string_view id) {
  if (!id.starts_with(instance_prefix)) return {};
  id.remove_prefix(instance_prefix.size());
  PastInstanceName name;
  const bool is_named = read_number(id, name.key.offset.number) && take_dash(id) && read_number(id, name.name.number) &&
                        take_dash(id) && read_number(id, name.dataset.number);
  if (!is_named) return {};
  name.key.is_told = take_dash(id);
  if (name.key.is_told && !read_number(id, name.key.observed_at.microseconds)) return {};
  return id.empty() ? std::optional(name) : std::nullopt;
}

}  // namespace cityloom::ngsi
