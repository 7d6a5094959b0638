#include "ngsi/attribute_writer.hpp"

#include <simdjson.h>

#include <algorithm>

#include "ngsi/body_parts.hpp"
#include "ngsi/kinds.hpp"
#include "ngsi/linked.hpp"
#include "twin/bytes.hpp"

namespace cityloom::ngsi {
namespace {

using twin::AttributeKind;
using ValueKind = twin::AttributeView::ValueKind;

// `{"type":"Property","value":` of each kind, ready to be copied.
constexpr std::array<std::string_view, 8> heads = {
    R"({"type":"Property","value":)",         R"({"type":"Relationship","object":)",
    R"({"type":"GeoProperty","value":)",      R"({"type":"LanguageProperty","languageMap":)",
    R"({"type":"VocabProperty","vocab":)",    R"({"type":"JsonProperty","json":)",
    R"({"type":"ListProperty","valueList":)", R"({"type":"ListRelationship","objectList":)"};
constexpr std::array<std::string_view, 8> concise_heads = {R"({"value":)",       R"({"object":)",    R"({"value":)",
                                                           R"({"languageMap":)", R"({"vocab":)",     R"({"json":)",
                                                           R"({"valueList":)",   R"({"objectList":)"};

// Calls `visit` with each quoted string of a compact JSON array of strings.
template <class Visit>
void each_string(std::string_view json, const Visit& visit) {
  size_t at = 0;
  while ((at = json.find('"', at)) != std::string_view::npos) {
    size_t end = at + 1;
    while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, json.size());
    visit(json.substr(at, end - at));
    at = end;
  }
}

// Whether a bare JSON value could be taken for an attribute, so that the concise form must not leave it bare.
bool could_be_attribute(std::string_view json) {
  if (json.find("\"type\":") != std::string_view::npos) return true;
  return std::any_of(kind_names.begin(), kind_names.end(), [&](const KindNames& names) {
    const size_t at = json.find(names.value);
    return at != std::string_view::npos && at > 0 && json[at - 1] == '"';
  });
}

// A Property that holds what looks like a geometry would be read back as a GeoProperty.
bool needs_type(const twin::AttributeView& view) {
  return view.kind == AttributeKind::property && view.value_kind == ValueKind::json &&
         view.text.find("\"coordinates\":") != std::string_view::npos;
}

// The plain member of a core name, or nothing.
const PlainMember* plain_member_of(std::string_view iri) {
  const auto* found =
      std::find_if(plain_members.begin(), plain_members.end(), [&](const PlainMember& one) { return one.iri == iri; });
  return found == plain_members.end() ? nullptr : found;
}

}  // namespace

std::vector<twin::Term> unpack_terms(std::string_view bytes) {
  std::vector<twin::Term> terms;
  twin::ByteReader reader(bytes);
  while (reader.ok() && !reader.at_end()) terms.push_back({reader.varint32()});
  return terms;
}

void AttributeWriter::ngsi_ld_null(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::language_property:
      to_ += R"({"@none":"urn:ngsi-ld:null"})";
      return;
    case AttributeKind::list_property:
      to_ += R"(["urn:ngsi-ld:null"])";
      return;
    case AttributeKind::list_relationship:
      to_ += how_.format == Format::normalized ? R"([{"object":"urn:ngsi-ld:null"}])" : R"(["urn:ngsi-ld:null"])";
      return;
    default:
      to_ += R"("urn:ngsi-ld:null")";
  }
}

void AttributeWriter::plain_value(const twin::AttributeView& view) {
  switch (view.value_kind) {
    case ValueKind::null:
      ngsi_ld_null(view.kind);
      return;
    case ValueKind::false_:
      to_ += "false";
      return;
    case ValueKind::true_:
      to_ += "true";
      return;
    case ValueKind::integer:
      append_number(view.integer, to_);
      return;
    case ValueKind::number:
      append_number(view.number, to_);
      return;
    case ValueKind::string:
      append_quoted(view.text, to_);
      return;
    case ValueKind::json:
      to_ += view.text;
      return;
    case ValueKind::geometry:
      append_packed_geometry(view.text, to_);
  }
}

void AttributeWriter::vocabulary(const twin::AttributeView& view) {
  if (view.value_kind == ValueKind::string) {
    append_quoted(names_.context().compact(view.text), to_);
    return;
  }
  to_ += '[';
  bool is_first = true;
  each_string(view.text, [&](std::string_view quoted) {
    if (!is_first) to_ += ',';
    is_first = false;
    const std::string_view iri = quoted.substr(1, quoted.size() - 2);
    // An escaped IRI is odd enough to stay as it is.
    if (iri.find('\\') == std::string_view::npos) {
      append_quoted(names_.context().compact(iri), to_);
    } else {
      to_ += quoted;
    }
  });
  to_ += ']';
}

void AttributeWriter::list_of_objects(std::string_view uris_json) {
  to_ += '[';
  bool is_first = true;
  each_string(uris_json, [&](std::string_view quoted) {
    to_ += is_first ? "{\"object\":" : ",{\"object\":";
    is_first = false;
    to_ += quoted;
    to_ += '}';
  });
  to_ += ']';
}

void AttributeWriter::value(const twin::AttributeView& view) {
  if (view.value_kind != ValueKind::null) {
    if (view.kind == AttributeKind::vocab_property) return vocabulary(view);
    if (view.kind == AttributeKind::list_relationship && how_.format == Format::normalized &&
        view.value_kind == ValueKind::json) {
      return list_of_objects(view.text);
    }
  }
  plain_value(view);
}

void AttributeWriter::object_types(std::string_view bytes) {
  const std::vector<twin::Term> types = unpack_terms(bytes);
  to_ += ",\"objectType\":";
  if (types.size() == 1) {
    to_ += names_.quoted(types.front());
    return;
  }
  char separator = '[';
  for (const twin::Term type : types) {
    to_ += separator;
    to_ += names_.quoted(type);
    separator = ',';
  }
  to_ += ']';
}

void AttributeWriter::metadata(const twin::AttributeView& view) {
  if (view.unit.exists()) {
    to_ += ",\"unitCode\":";
    to_ += names_.quoted_text(view.unit);
  }
  if (view.observed_at.exists()) {
    to_ += ",\"observedAt\":";
    times_.append(view.observed_at, to_);
  }
  if (view.dataset.exists()) {
    to_ += ",\"datasetId\":";
    to_ += names_.quoted_text(view.dataset);
  }
  if (!view.object_types_bytes.empty()) object_types(view.object_types_bytes);
  if (view.value_kind == ValueKind::null && view.modified_at.exists()) {
    to_ += ",\"deletedAt\":";
    times_.append(view.modified_at, to_);
  }
  if (!how_.sys_attrs) return;
  if (view.expires_at.exists()) {
    to_ += ",\"expiresAt\":";
    times_.append(view.expires_at, to_);
  }
  if (view.created_at.exists()) {
    to_ += ",\"createdAt\":";
    times_.append(view.created_at, to_);
  }
  if (view.modified_at.exists()) {
    to_ += ",\"modifiedAt\":";
    times_.append(view.modified_at, to_);
  }
}

void AttributeWriter::members(std::string_view members_bytes) {
  if (members_bytes.empty()) return;
  if (how_.linked != nullptr) {  // links are those of the entity, not of what is said of its attributes
    Representation plain = how_;
    plain.linked = nullptr;
    return AttributeWriter(plain, names_, to_).members(members_bytes);
  }
  std::vector<twin::AttributeView> views;
  twin::PackedAttributes all(members_bytes);
  views.reserve(all.count());
  for (twin::AttributeView view; all.next(view);) views.push_back(view);
  std::vector<twin::AttributeView> instances;
  for (size_t i = 0; i < views.size(); ++i) {
    const twin::Term name = views[i].name;
    const auto has_name = [&](const twin::AttributeView& view) { return view.name == name; };
    const auto place = views.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(views.begin(), place, has_name)) continue;
    if (const PlainMember* plain = plain_member_of(names_.terms().text(name))) {
      to_ += ",\"";
      to_ += plain->name;
      to_ += "\":";
      value(views[i]);
      continue;
    }
    to_ += ',';
    to_ += names_.quoted(name);
    to_ += ':';
    instances.clear();
    std::copy_if(place, views.end(), std::back_inserter(instances), has_name);
    append_instances(instances, how_, names_, to_);
  }
}

void AttributeWriter::object(const twin::AttributeView& view, bool with_type, const twin::AttributeView* previous,
                             std::string_view extra) {
  to_ += (with_type ? heads : concise_heads)[static_cast<size_t>(view.kind)];
  value(view);
  if (previous != nullptr && previous->kind == view.kind) {
    to_ += ",\"";
    to_ += names_of(view.kind).previous;
    to_ += "\":";
    value(*previous);
  }
  metadata(view);
  to_ += extra;
  members(view.members_bytes);
  if (how_.linked != nullptr) linked(view);
  to_ += '}';
}

// "entity" or "entityList", where there is anything to be in it (clause 4.5.2 and its examples).
void AttributeWriter::linked(const twin::AttributeView& view) {
  const std::vector<std::string> targets = targets_of(view);
  const bool is_list = view.kind == AttributeKind::list_relationship;
  const bool in_array = is_list || targets.size() > 1;
  if (targets.empty()) return;
  const Representation so = how_.linked->representation(how_.projection, view.name);
  bool is_first = true;
  for (const std::string& id : targets) {
    const auto record = how_.linked->enter(id);
    if (!record) continue;
    to_ += !is_first ? "," : is_list ? ",\"entityList\":[" : in_array ? ",\"entity\":[" : ",\"entity\":";
    is_first = false;
    append_linked_entity(*record, so, names_, to_);
    how_.linked->leave();
  }
  if (in_array && !is_first) to_ += ']';
}

// In simplified form linked entities stand for their ids; what cannot be retrieved stays an id.
void AttributeWriter::simplified_links(const twin::AttributeView& view) {
  const bool in_array = view.value_kind == ValueKind::json;
  const Representation so = how_.linked->representation(how_.projection, view.name);
  if (in_array) to_ += '[';
  bool is_first = true;
  for (const std::string& id : targets_of(view)) {
    if (!is_first) to_ += ',';
    is_first = false;
    if (const auto record = how_.linked->enter(id)) {
      append_linked_entity(*record, so, names_, to_);
      how_.linked->leave();
    } else {
      append_quoted(id, to_);
    }
  }
  if (in_array) to_ += ']';
}

bool AttributeWriter::is_concise_bare(const twin::AttributeView& view) const {
  if (view.kind != AttributeKind::property && view.kind != AttributeKind::geo_property) return false;
  if (view.unit.exists() || view.observed_at.exists() || view.dataset.exists() || !view.members_bytes.empty())
    return false;
  if (how_.sys_attrs && (view.created_at.exists() || view.modified_at.exists() || view.expires_at.exists()))
    return false;
  if (view.kind == AttributeKind::property && view.value_kind == ValueKind::json) return !could_be_attribute(view.text);
  return true;
}

void AttributeWriter::in_language(const twin::AttributeView& view) {
  const LanguageChoice choice = choose_language(view.text, how_.language);
  if (how_.format == Format::simplified) {
    to_ += choice.text_json;
    return;
  }
  to_ += (how_.format == Format::normalized ? heads : concise_heads)[static_cast<size_t>(AttributeKind::property)];
  to_ += choice.text_json;
  to_ += ",\"lang\":";
  append_quoted(choice.tag, to_);
  metadata(view);
  members(view.members_bytes);
  to_ += '}';
}

void AttributeWriter::simplified(const twin::AttributeView& view) {
  const bool is_wrapped = view.kind == AttributeKind::language_property || view.kind == AttributeKind::vocab_property ||
                          view.kind == AttributeKind::json_property;
  const bool is_link = view.kind == AttributeKind::relationship || view.kind == AttributeKind::list_relationship;
  if (how_.linked != nullptr && is_link && view.value_kind != ValueKind::null) return simplified_links(view);
  if (is_wrapped) to_ += concise_heads[static_cast<size_t>(view.kind)];
  value(view);
  if (is_wrapped) to_ += '}';
}

void AttributeWriter::instance(const twin::AttributeView& view, const twin::AttributeView* previous) {
  const bool is_language = view.kind == AttributeKind::language_property && view.value_kind == ValueKind::json;
  if (is_language && !how_.language.empty()) return in_language(view);
  if (view.value_kind == ValueKind::null && previous == nullptr && is_bare_end(view)) {
    to_ += R"("urn:ngsi-ld:null")";
    return;
  }
  switch (how_.format) {
    case Format::normalized:
      return object(view, true, previous, {});
    case Format::concise:
      if (previous == nullptr && is_concise_bare(view)) return value(view);
      return object(view, needs_type(view), previous, {});
    case Format::simplified:
      return simplified(view);
  }
}

// Clause 5.8.6: of what ended only NGSI-LD Null, unless more is to be said.
bool AttributeWriter::is_bare_end(const twin::AttributeView& view) const {
  if (how_.format == Format::simplified) return true;
  return how_.format == Format::concise && !view.dataset.exists() && !view.modified_at.exists();
}

bool find_view(const twin::EntityRecord& record, twin::Term name, twin::Term dataset, twin::AttributeView& view) {
  twin::PackedAttributes all(record.attributes_bytes());
  while (all.next(view)) {
    if (view.name == name && view.dataset == dataset) return true;
  }
  return false;
}

bool same_value(const twin::AttributeView& left, const twin::AttributeView& right) {
  return left.kind == right.kind && left.value_kind == right.value_kind && left.integer == right.integer &&
         left.number == right.number && left.text == right.text;
}

void append_instances(const std::vector<twin::AttributeView>& instances, const Representation& how, const Names& names,
                      std::string& to, const twin::EntityRecord* previous) {
  AttributeWriter writer(how, names, to);
  const auto write = [&](const twin::AttributeView& view) {
    twin::AttributeView before;
    const bool is_changed =
        previous != nullptr && find_view(*previous, view.name, view.dataset, before) && !same_value(view, before);
    writer.instance(view, is_changed ? &before : nullptr);
  };
  if (instances.size() == 1 && (how.format != Format::simplified || !instances.front().dataset.exists())) {
    return write(instances.front());
  }
  const bool by_dataset = how.format == Format::simplified;
  to += by_dataset ? "{\"dataset\":{" : "[";
  bool is_first = true;
  for (const twin::AttributeView& instance : instances) {
    if (!is_first) to += ',';
    is_first = false;
    if (by_dataset) {
      to += instance.dataset.exists() ? names.quoted_text(instance.dataset) : std::string_view("\"@none\"");
      to += ':';
    }
    write(instance);
  }
  to += by_dataset ? "}}" : "]";
}

}  // namespace cityloom::ngsi
