#include "ngsi/values.hpp"

#include "ngsi/body_parts.hpp"
#include "ngsi/json.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Type = simdjson::dom::element_type;
using base::Code;

bool is_null_text(Element value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS && text == ngsi_ld_null;
}

// A null literal is lost in JSON-LD, save in a JSON literal.
bool is_json_literal(simdjson::dom::object object) {
  std::string_view type;
  return object["@type"].get(type) == simdjson::SUCCESS && type == "@json";
}

base::Status check_compound(Element value, NullRule nulls, const JsonPath& at) {
  switch (value.type()) {
    case Type::NULL_VALUE:
      return bad("null is no value", at, "leave the member out, or use \"urn:ngsi-ld:null\" where it may delete");
    case Type::STRING:
      if (nulls != NullRule::anywhere && is_null_text(value)) {
        return bad("\"urn:ngsi-ld:null\" within a value is for merging only", at);
      }
      return {};
    case Type::ARRAY: {
      int64_t index = 0;
      for (const Element item : simdjson::dom::array(value)) {
        if (base::Status status = check_compound(item, nulls, {&at, {}, index++}); !status) return status;
      }
      return {};
    }
    case Type::OBJECT: {
      const simdjson::dom::object object = value;
      if (is_json_literal(object)) return {};
      for (const auto [name, inner] : object) {
        if (name == "@context") return bad("a @context must stand at the top level only", {&at, name});
        if (base::Status status = check_compound(inner, nulls, {&at, name}); !status) return status;
      }
      return {};
    }
    default:
      return {};
  }
}

base::Result<twin::Value> read_plain(Element value, NullRule nulls, const JsonPath& at) {
  switch (value.type()) {
    case Type::BOOL:
      return twin::Value(bool(value));
    case Type::INT64: {
      const int64_t number = value;
      constexpr int64_t exact_max = int64_t{1} << 53;
      if (number >= -exact_max && number <= exact_max) return twin::Value(number);
      return twin::number_value(static_cast<double>(number));
    }
    case Type::UINT64:
      return twin::number_value(static_cast<double>(uint64_t(value)));
    case Type::DOUBLE:
      return twin::number_value(double(value));
    case Type::STRING:
      return twin::Value(std::string(std::string_view(value)));
    case Type::ARRAY:
    case Type::OBJECT:
      if (base::Status status = check_compound(value, nulls, at); !status) return status.error();
      return twin::Value(twin::Json{compact_json(value)});
    case Type::NULL_VALUE:
      break;
  }
  return bad("null is no value", at, "use \"urn:ngsi-ld:null\" where a deletion is meant");
}

// JsonProperty: an object or an array (clause 4.5.24.2), never interpreted.
base::Result<twin::Value> read_json(Element value, const JsonPath& at) {
  if (value.is_object() || value.is_array()) return twin::Value(twin::Json{compact_json(value)});
  return bad("a JsonProperty holds an object or an array", at, "keep other values in a Property");
}

base::Result<twin::Value> read_language_map(Element value, NullRule nulls, const JsonPath& at) {
  simdjson::dom::object tags;
  if (value.get(tags) != simdjson::SUCCESS) return bad("a languageMap is an object of texts by language", at);
  for (const auto [tag, text] : tags) {
    const JsonPath tag_at{&at, tag};
    if (!is_language(tag)) return bad("not a language tag", tag_at, "write it as en, ko-KR or @none");
    if (is_null_text(text) && nulls != NullRule::anywhere) {
      return bad("\"urn:ngsi-ld:null\" within a languageMap is for merging only", tag_at);
    }
    if (text.is_string()) continue;
    simdjson::dom::array texts;
    if (text.get(texts) != simdjson::SUCCESS)
      return bad("a language's text is a string or an array of strings", tag_at);
    for (const Element one : texts) {
      if (!one.is_string()) return bad("a language's text is a string or an array of strings", tag_at);
    }
  }
  return twin::Value(twin::Json{compact_json(value)});
}

// One or several texts, each put through `make` (which may refuse): a string, or Json of several.
template <class Make>
base::Result<twin::Value> read_one_or_list(Element value, const JsonPath& at, const Make& make) {
  const auto texts = read_strings(value, at);
  if (!texts) return texts.error();
  if (texts->size() == 1) {
    auto made = make(texts->front(), at);
    if (!made) return made.error();
    return twin::Value(std::move(*made));
  }
  std::string json = "[";
  for (size_t i = 0; i < texts->size(); ++i) {
    const auto made = make((*texts)[i], JsonPath{&at, {}, static_cast<int64_t>(i)});
    if (!made) return made.error();
    if (i != 0) json += ',';
    append_quoted(*made, json);
  }
  return twin::Value(twin::Json{json + ']'});
}

base::Result<std::string> check_uri(std::string_view text, const JsonPath& at) {
  if (text == ngsi_ld_null) return bad("\"urn:ngsi-ld:null\" is not allowed here", at);
  if (!is_uri(text)) return bad("not a URI: " + std::string(text.substr(0, 100)), at, "an object is named by its URI");
  return std::string(text);
}

base::Result<twin::Value> read_object_list(Element value, const JsonPath& at) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return bad("an objectList is an array of URIs", at);
  std::string json = "[";
  int64_t index = 0;
  for (Element item : items) {
    const JsonPath item_at{&at, {}, index};
    Element inner;
    if (item.is_object() && item["object"].get(inner) == simdjson::SUCCESS) item = inner;
    const auto text = read_string(item, item_at);
    if (!text) return text.error();
    const auto uri = check_uri(*text, item_at);
    if (!uri) return uri.error();
    if (index++ != 0) json += ',';
    append_quoted(*uri, json);
  }
  return twin::Value(twin::Json{json + ']'});
}

}  // namespace

std::string JsonPath::text() const {
  std::string text = up == nullptr ? std::string() : up->text();
  if (index >= 0) return text + '[' + std::to_string(index) + ']';
  if (!text.empty() && !name.empty()) text += '.';
  return text += name.substr(0, 200);
}

base::Error bad(std::string what, const JsonPath& at, std::string remedy) {
  return base::fail(Code::invalid, std::move(what), at.text(), std::move(remedy));
}

bool is_ngsi_ld_null(twin::AttributeKind kind, Element value) {
  if (is_null_text(value)) return true;
  if (kind == twin::AttributeKind::language_property) {
    Element text;
    simdjson::dom::object tags;
    return value.get(tags) == simdjson::SUCCESS && tags.size() == 1 && tags["@none"].get(text) == simdjson::SUCCESS &&
           is_null_text(text);
  }
  if (kind != twin::AttributeKind::list_property && kind != twin::AttributeKind::list_relationship) return false;
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS || items.size() != 1) return false;
  Element item = items.at(0);
  Element inner;
  if (item.is_object() && item["object"].get(inner) == simdjson::SUCCESS) item = inner;
  return is_null_text(item);
}

base::Result<std::string_view> read_string(Element value, const JsonPath& at) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return bad("must be a string", at);
  return text;
}

base::Result<base::Instant> read_time(Element value, const JsonPath& at) {
  const auto text = read_string(value, at);
  if (!text) return text.error();
  const auto time = parse_time(*text);
  if (!time) return bad("not a DateTime: " + std::string(text->substr(0, 40)), at, time.error().remedy);
  return time;
}

base::Result<std::vector<std::string_view>> read_strings(Element value, const JsonPath& at) {
  std::vector<std::string_view> texts;
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) {
    const auto text = read_string(value, at);
    if (!text) return bad("must be a string or an array of strings", at);
    texts.push_back(*text);
    return texts;
  }
  int64_t index = 0;
  for (const Element item : items) {
    const auto text = read_string(item, {&at, {}, index++});
    if (!text) return text.error();
    texts.push_back(*text);
  }
  if (texts.empty()) return bad("an empty array is not allowed", at);
  return texts;
}

base::Result<twin::Value> read_value(twin::AttributeKind kind, Element value, NullRule nulls, const Context& context,
                                     const JsonPath& at) {
  if (is_ngsi_ld_null(kind, value)) {
    if (nulls != NullRule::never) return twin::Value(twin::Null{});
    return bad("\"urn:ngsi-ld:null\" deletes, and there is nothing to delete here", at);
  }
  switch (kind) {
    case twin::AttributeKind::property:
      return read_plain(value, nulls, at);
    case twin::AttributeKind::relationship:
      return read_one_or_list(value, at, check_uri);
    case twin::AttributeKind::geo_property: {
      auto geometry = read_geometry(value, at);
      if (!geometry) return geometry.error();
      return twin::Value(std::move(*geometry));
    }
    case twin::AttributeKind::language_property:
      return read_language_map(value, nulls, at);
    case twin::AttributeKind::vocab_property:
      return read_one_or_list(value, at,
                              [&](std::string_view text, const JsonPath& place) -> base::Result<std::string> {
                                std::string iri = context.expand(text);
                                if (iri.empty()) return bad("means nothing in this @context", place);
                                return iri;
                              });
    case twin::AttributeKind::json_property:
      return read_json(value, at);
    case twin::AttributeKind::list_property:
      if (!value.is_array()) return bad("a valueList is an array", at);
      return read_plain(value, nulls, at);
    case twin::AttributeKind::list_relationship:
      return read_object_list(value, at);
  }
  return base::fail(Code::internal, "a kind of attribute without values");
}

}  // namespace cityloom::ngsi
