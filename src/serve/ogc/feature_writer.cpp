#include "serve/ogc/feature_writer.hpp"

#include <absl/container/flat_hash_set.h>
#include <simdjson.h>

#include "ngsi/json.hpp"
#include "serve/json.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve::ogc {
namespace {

using simdjson::dom::element;
using twin::AttributeKind;
using twin::AttributeView;

constexpr unsigned levels_max = 8;

// One feature's properties on their way.
class Columns {
 public:
  Columns(const ngsi::Names& names, std::string& to) : names_(names), to_(to) {}

  void add(const AttributeView& view) {
    std::string name = column_of(view.name, names_);
    if (view.dataset.exists()) name += "@" + std::string(short_name(names_.terms().text(view.dataset)));
    // Two names of one short name: the second stands as it is.
    if (!written_.insert(name).second) name = std::string(names_.terms().text(view.name));
    value(name, view);
  }

  void time(std::string_view name, base::Instant at) {
    key(name);
    ngsi::append_instant(at, to_);
  }

 private:
  void key(std::string_view name) {
    if (!is_first_) to_ += ',';
    is_first_ = false;
    ngsi::append_quoted(name, to_);
    to_ += ':';
  }

  void value(const std::string& name, const AttributeView& view) {
    using Kind = AttributeView::ValueKind;
    switch (view.value_kind) {
      case Kind::json:
        return json(name, view.text);
      case Kind::string:
        key(name);
        if (view.kind == AttributeKind::vocab_property) {
          ngsi::append_quoted(names_.context().compact(view.text), to_);
        } else {
          ngsi::append_quoted(view.text, to_);
        }
        return;
      case Kind::null:
        key(name);
        to_ += "null";
        return;
      case Kind::false_:
      case Kind::true_:
        key(name);
        to_ += view.value_kind == Kind::true_ ? "true" : "false";
        return;
      case Kind::integer:
        key(name);
        return ngsi::append_number(view.integer, to_);
      case Kind::number:
        key(name);
        return ngsi::append_number(view.number, to_);
      case Kind::geometry:
        key(name);
        return ngsi::append_packed_geometry(view.text, to_);
    }
  }

  void json(const std::string& name, std::string_view text) {
    thread_local simdjson::dom::parser parser;
    element root;
    if (!text.starts_with('{') || parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
      key(name);
      to_ += text;
      return;
    }
    object(name, root, 0);
  }

  void object(const std::string& name, element value, unsigned level) {
    simdjson::dom::object members;
    if (value.get(members) != simdjson::SUCCESS || level == levels_max) {
      key(name);
      to_ += simdjson::minify(value);
      return;
    }
    // A typed value, such as a date-time: what it is worth alone.
    element typed;
    if (members["@value"].get(typed) == simdjson::SUCCESS) {
      key(name);
      to_ += simdjson::minify(typed);
      return;
    }
    for (const auto& [member, inner] : members) {
      // What a language map says in no language in particular is the attribute's own column.
      const std::string inner_name = member == "@none" ? name : name + "." + std::string(member);
      if (inner.is_object()) {
        object(inner_name, inner, level + 1);
        continue;
      }
      key(inner_name);
      to_ += simdjson::minify(inner);
    }
  }

  const ngsi::Names& names_;
  std::string& to_;
  absl::flat_hash_set<std::string> written_;
  bool is_first_ = true;
};

bool append_place(const AttributeView& view, const Crs& crs, std::string& to) {
  if (crs.is_native()) {
    ngsi::append_packed_geometry(view.text, to);
    return true;
  }
  auto geometry = twin::unpack_geometry(view.text);
  if (!geometry.ok() || !crs.transform(*geometry)) {
    to += "null";
    return false;
  }
  ngsi::append_geometry(*geometry, to);
  return true;
}

bool is_over(const AttributeView& view, base::Instant now) {
  return view.expires_at.exists() && view.expires_at <= now;
}

}  // namespace

std::string column_of(twin::Term name, const ngsi::Names& names) {
  std::string compact = names.context().compact(names.terms().text(name));
  return compact.find('/') == std::string::npos ? compact : std::string(short_name(compact));
}

bool append_feature(const twin::EntityRecord& record, const Crs& crs, base::Instant now, const ngsi::Names& names,
                    std::string& to) {
  to += R"("type":"Feature","id":)";
  ngsi::append_quoted(record.id(), to);
  to += R"(,"geometry":)";
  bool is_placed = false;
  bool is_inside = true;
  AttributeView view;
  for (twin::PackedAttributes all(record.attributes_bytes()); !is_placed && all.next(view);) {
    is_placed = view.name == twin::terms::location && view.value_kind == AttributeView::ValueKind::geometry &&
                !is_over(view, now);
    if (is_placed) is_inside = append_place(view, crs, to);
  }
  if (!is_placed) to += "null";
  to += R"(,"properties":{)";
  Columns columns(names, to);
  base::Instant observed;
  for (twin::PackedAttributes all(record.attributes_bytes()); all.next(view);) {
    const bool is_place = view.name == twin::terms::location && view.value_kind == AttributeView::ValueKind::geometry;
    if (is_place || is_over(view, now)) continue;
    columns.add(view);
    observed = std::max(observed, view.observed_at);
  }
  if (observed.exists()) columns.time("observedAt", observed);
  to += '}';
  return is_inside;
}

}  // namespace cityloom::serve::ogc
