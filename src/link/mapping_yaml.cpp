#include "link/mapping_yaml.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "base/units.hpp"
#include "link/text.hpp"
#include "ngsi/context.hpp"

namespace cityloom::link {
namespace {

using twin::AttributeKind;

constexpr auto kinds = std::to_array<std::pair<std::string_view, AttributeKind>>({
    {"Property", AttributeKind::property},
    {"Relationship", AttributeKind::relationship},
    {"GeoProperty", AttributeKind::geo_property},
    {"LanguageProperty", AttributeKind::language_property},
    {"VocabProperty", AttributeKind::vocab_property},
    {"JsonProperty", AttributeKind::json_property},
    {"ListProperty", AttributeKind::list_property},
    {"ListRelationship", AttributeKind::list_relationship},
});
constexpr size_t rule_levels_max = 3;  // sub-attributes of sub-attributes

FieldPath read_path(base::YamlFile& file, const YAML::Node& node, bool columns) {
  const auto text = base::scalar_text(node);
  if (!text || text->empty()) {
    file.mistake(node, columns ? "a field is the name of a column" : "a field is a path such as a.b[0].c");
    return {};
  }
  if (columns) return FieldPath::column(*text);
  auto path = FieldPath::parse(*text);
  if (path.ok()) return std::move(*path);
  file.mistake(node, path.error());
  return {};
}

std::optional<FieldPath> take_path(base::YamlMap& map, const std::string& key, bool columns) {
  const auto node = map.take(key);
  if (!node) return std::nullopt;
  return read_path(map.file(), *node, columns);
}

std::optional<Template> take_template(base::YamlMap& map, const std::string& key, bool columns) {
  const auto node = map.take(key);
  if (!node) return std::nullopt;
  auto made = Template::parse(base::scalar_text(*node).value_or(""), columns);
  if (made.ok()) return std::move(*made);
  map.file().mistake(*node, made.error());
  return std::nullopt;
}

/// JSON of a YAML node: plain scalars as YAML understands them, quoted ones as text.
void append_json(const YAML::Node& node, std::string& to) {
  if (node.IsSequence() || node.IsMap()) {
    to += node.IsMap() ? '{' : '[';
    bool is_first = true;
    for (const auto& item : node) {
      if (!std::exchange(is_first, false)) to += ',';
      if (node.IsMap()) {
        append_quoted(base::scalar_text(item.first).value_or(""), to);
        to += ':';
        append_json(item.second, to);
      } else {
        append_json(item, to);
      }
    }
    to += node.IsMap() ? '}' : ']';
    return;
  }
  double number = 0;
  bool flag = false;
  const bool is_plain = node.IsScalar() && node.Tag() != "!";
  if (node.IsNull()) {
    to += "null";
  } else if (is_plain && YAML::convert<double>::decode(node, number) && std::isfinite(number)) {
    to += fmt::format("{}", number);
  } else if (is_plain && YAML::convert<bool>::decode(node, flag)) {
    to += flag ? "true" : "false";
  } else {
    append_quoted(node.Scalar(), to);
  }
}

twin::Value read_constant(base::YamlFile& file, const YAML::Node& node, AttributeKind kind) {
  if (kind == AttributeKind::geo_property) {
    const auto position = read_position(file, node);
    return twin::Geometry::point(position.value_or(twin::Position{}));
  }
  if (!node.IsScalar()) {
    twin::Json json;
    append_json(node, json.text);
    return json;
  }
  if (kind == AttributeKind::vocab_property) return expand_name(node.Scalar());
  if (kind == AttributeKind::language_property) {
    twin::Json json{"{\"@none\":"};
    append_quoted(node.Scalar(), json.text);
    json.text += '}';
    return json;
  }
  double number = 0;
  bool flag = false;
  const bool is_plain = node.Tag() != "!" && kind != AttributeKind::relationship;
  if (is_plain && YAML::convert<double>::decode(node, number) && std::isfinite(number)) {
    return twin::number_value(number);
  }
  if (is_plain && YAML::convert<bool>::decode(node, flag)) return flag;
  return node.Scalar();
}

/// `observed_at: received`, `observed_at: none`, `observed_at: FIELD`, or a map of from, format and zone.
TimeRule read_time(base::YamlFile& file, const YAML::Node& node, bool columns) {
  TimeRule rule;
  const auto text = base::scalar_text(node);
  if (text && (*text == "received" || *text == "none")) {
    rule.source = *text == "none" ? TimeRule::Source::absent : TimeRule::Source::received;
    return rule;
  }
  rule.source = TimeRule::Source::field;
  if (text) {
    rule.field = read_path(file, node, columns);
    return rule;
  }
  base::YamlMap map(file, node, "observed_at");
  if (const auto from = map.take("from")) {
    rule.field = read_path(file, *from, columns);
  } else {
    file.mistake(node, "observed_at needs the key 'from'", "name the field that holds the time");
  }
  auto format = TimeFormat::make(map.text("format", "rfc3339"), map.text("zone"));
  if (format.ok()) {
    rule.format = *format;
  } else {
    file.mistake(node, format.error());
  }
  map.finish();
  return rule;
}

AttributeKind read_kind(base::YamlMap& map, AttributeKind otherwise) {
  const std::string text = map.text("kind");
  if (text.empty()) return otherwise;
  for (const auto& [name, kind] : kinds) {
    if (name == text) return kind;
  }
  map.file().mistake(map.node(), fmt::format("'{}' is no kind of attribute", text),
                     "use Property, Relationship, GeoProperty, LanguageProperty, VocabProperty, JsonProperty, "
                     "ListProperty or ListRelationship");
  return otherwise;
}

/// What makes a number of the field: as, scale, offset, unit, given_in, minimum, maximum.
void read_number_rule(base::YamlMap& map, AttributeRule& rule) {
  using As = AttributeRule::ReadAs;
  const std::string as = map.text("as");
  const auto given = std::to_array<std::pair<std::string_view, As>>(
      {{"number", As::number}, {"text", As::text}, {"boolean", As::boolean}, {"as_sent", As::as_sent}});
  bool is_known = as.empty();
  for (const auto& [name, value] : given) {
    if (name == as) {
      rule.as = value;
      is_known = true;
    }
  }
  if (!is_known)
    map.file().mistake(map.node(), fmt::format("a field is not read as '{}'", as), "use number, text or boolean");
  rule.scale = map.number("scale", 1);
  rule.offset = map.number("offset", 0);
  rule.minimum = map.number("minimum");
  rule.maximum = map.number("maximum");
  rule.unit = map.text("unit");
  const std::string given_in = map.text("given_in");
  if (!given_in.empty()) {
    const auto found = base::conversion(given_in, rule.unit);
    if (found.ok()) {
      rule.offset = rule.offset * found->scale + found->offset;
      rule.scale *= found->scale;
    } else {
      map.file().mistake(map.node(), found.error());
    }
  }
  const bool is_number = rule.scale != 1 || rule.offset != 0 || rule.minimum || rule.maximum || !given_in.empty();
  if (as.empty() && is_number) rule.as = As::number;
}

AttributeRule read_attribute(base::YamlFile& file, const std::string& name, const YAML::Node& node, bool columns,
                             size_t level);

void read_sources(base::YamlMap& map, AttributeRule& rule, bool columns) {
  rule.from = take_path(map, "from", columns);
  rule.longitude = take_path(map, "longitude", columns);
  rule.latitude = take_path(map, "latitude", columns);
  rule.height = take_path(map, "height", columns);
  rule.text = take_template(map, "text", columns);
  rule.kind = read_kind(map, rule.longitude ? AttributeKind::geo_property : AttributeKind::property);
  if (const auto value = map.take("value")) rule.constant = read_constant(map.file(), *value, rule.kind);
  if (rule.longitude.has_value() != rule.latitude.has_value()) {
    map.file().mistake(map.node(), "'longitude' and 'latitude' go together", "name both fields");
  }
  const int sources = int{rule.from.has_value()} + int{rule.longitude.has_value()} + int{rule.text.has_value()} +
                      int{rule.constant.has_value()};
  if (sources != 1) {
    map.file().mistake(
        map.node(), "an attribute has exactly one source",
        "use one of: from (a field), longitude and latitude (fields), text (a template), value (a constant)");
  }
}

void read_members(base::YamlMap& map, AttributeRule& rule, bool columns, size_t level) {
  const auto members = map.take("members");
  if (!members) return;
  if (!members->IsMap() || level >= rule_levels_max) {
    map.file().mistake(*members, "'members' is a map of sub-attributes, at most three levels deep");
    return;
  }
  for (const auto& pair : *members) {
    rule.members.push_back(
        read_attribute(map.file(), base::scalar_text(pair.first).value_or(""), pair.second, columns, level + 1));
  }
}

AttributeRule read_attribute(base::YamlFile& file, const std::string& name, const YAML::Node& node, bool columns,
                             size_t level) {
  AttributeRule rule;
  if (name.empty()) file.mistake(node, "an attribute has a name");
  if (ngsi::is_reserved_name(name)) {
    file.mistake(node, fmt::format("'{}' is a word of NGSI-LD itself and names no attribute", name),
                 "take another name");
  }
  rule.name = expand_name(name);
  rule.as = columns ? AttributeRule::ReadAs::automatic : AttributeRule::ReadAs::as_sent;
  rule.none = {"", "-", "NaN", "nan", "null"};
  if (node.IsScalar()) {
    rule.from = read_path(file, node, columns);
    return rule;
  }
  base::YamlMap map(file, node, fmt::format("the attribute '{}'", name));
  read_sources(map, rule, columns);
  read_number_rule(map, rule);
  for (std::string& text : map.texts("none")) rule.none.push_back(std::move(text));
  const std::string missing = map.text("missing", "skip");
  rule.required = missing == "refuse";
  if (missing != "skip" && missing != "refuse") {
    file.mistake(node, fmt::format("'missing' is skip or refuse, not '{}'", missing));
  }
  if (const auto time = map.take("observed_at")) rule.observed_at = read_time(file, *time, columns);
  // What a second table says of a sensor was not observed with this reading.
  const FieldPath* field = rule.from ? &*rule.from : rule.longitude ? &*rule.longitude : nullptr;
  if (columns && field != nullptr && field->text.rfind("join.", 0) == 0 &&
      rule.observed_at.source == TimeRule::Source::inherit) {
    rule.observed_at.source = TimeRule::Source::absent;
  }
  rule.dataset = take_template(map, "dataset", columns);
  read_members(map, rule, columns, level);
  map.finish();
  return rule;
}

void read_entity(base::YamlMap& map, Mapping& mapping, bool columns) {
  const auto node = map.take("entity");
  if (!node) {
    map.file().mistake(map.node(), "a mapping needs the key 'entity'",
                       "write entity: {id: \"urn:ngsi-ld:TYPE:{field}\", type: TYPE}");
    return;
  }
  base::YamlMap entity(map.file(), *node, "entity");
  if (auto id = take_template(entity, "id", columns)) mapping.entity_id = std::move(*id);
  if (mapping.entity_id.head().find(':') == std::string_view::npos) {
    map.file().mistake(*node, "an entity id is a URI", "start it with urn:ngsi-ld:TYPE: and go on with {field}");
  }
  for (const std::string& type : entity.texts("type")) mapping.types.push_back(expand_name(type));
  if (mapping.types.empty()) map.file().mistake(*node, "an entity needs a type", "write type: AirQualityObserved");
  for (const std::string& scope : entity.texts("scope")) {
    auto made = Template::parse(scope, columns);
    if (!made.ok()) {
      map.file().mistake(*node, made.error());
    } else if (scope.front() != '/') {
      map.file().mistake(*node, "a scope starts with '/'");
    } else {
      mapping.scopes.push_back(std::move(*made));
    }
  }
  entity.finish();
}

void read_attributes(base::YamlMap& map, Mapping& mapping, bool columns) {
  const auto node = map.take("attributes");
  if (!node || !node->IsMap() || node->size() == 0) {
    map.file().mistake(node.value_or(map.node()), "a mapping needs 'attributes', a map of names to fields",
                       "write attributes: {temperature: FIELD}");
    return;
  }
  for (const auto& pair : *node) {
    const std::string name = base::scalar_text(pair.first).value_or("");
    if (pair.second.IsSequence()) {  // one name, several data sets
      for (const YAML::Node& item : pair.second) {
        mapping.attributes.push_back(read_attribute(map.file(), name, item, columns, 1));
      }
    } else {
      mapping.attributes.push_back(read_attribute(map.file(), name, pair.second, columns, 1));
    }
  }
  for (const AttributeRule& left : mapping.attributes) {
    for (const AttributeRule& right : mapping.attributes) {
      const std::string left_set = left.dataset ? left.dataset->text() : "";
      if (&left != &right && left.name == right.name && left_set == (right.dataset ? right.dataset->text() : "")) {
        map.file().mistake(*node, fmt::format("the attribute {} stands here twice", left.name),
                           "give one of them another 'dataset'");
      }
    }
  }
}

}  // namespace

std::optional<twin::Position> read_position(base::YamlFile& file, const YAML::Node& node) {
  double numbers[3] = {0, 0, std::numeric_limits<double>::quiet_NaN()};
  bool is_good = node.IsSequence() && (node.size() == 2 || node.size() == 3);
  for (size_t at = 0; is_good && at < node.size(); ++at) {
    is_good = node[at].IsScalar() && YAML::convert<double>::decode(node[at], numbers[at]);
  }
  if (is_good) {
    auto position = twin::Position::make(numbers[0], numbers[1], numbers[2]);
    if (position.ok()) return *position;
    file.mistake(node, position.error());
    return std::nullopt;
  }
  file.mistake(node, "a position is [longitude, latitude] in degrees");
  return std::nullopt;
}

Mapping read_mapping(base::YamlMap& map, bool columns) {
  Mapping mapping;
  mapping.where = map.file().where(map.node());
  for (const std::string& topic : map.texts("topic")) {
    auto pattern = TopicPattern::parse(topic);
    if (pattern.ok()) {
      mapping.topics.push_back(std::move(*pattern));
    } else {
      map.file().mistake(map.node(), pattern.error());
    }
  }
  const std::string payload = map.text("payload", "json");
  mapping.is_text = payload == "text";
  if (payload != "json" && payload != "text") map.file().mistake(map.node(), "a payload is json or text");
  mapping.each = take_path(map, "each", columns);
  read_entity(map, mapping, columns);
  if (const auto time = map.take("observed_at")) {
    mapping.observed_at = read_time(map.file(), *time, columns);
  } else {
    mapping.observed_at.source = TimeRule::Source::received;
  }
  read_attributes(map, mapping, columns);
  if (mapping.is_text) {
    for (AttributeRule& rule : mapping.attributes) {
      if (rule.as == AttributeRule::ReadAs::as_sent) rule.as = AttributeRule::ReadAs::automatic;
    }
  }
  map.finish();
  return mapping;
}

}  // namespace cityloom::link
