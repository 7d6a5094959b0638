// What resources say of themselves.
#include <algorithm>
#include <array>

#include "ngsi/json.hpp"
#include "ngsi/represent.hpp"
#include "ngsi/syntax.hpp"
#include "serve/json.hpp"
#include "serve/sta/model.hpp"

namespace cityloom::serve::sta {

using base::Result;
using twin::AttributeKind;
using twin::AttributeView;
using twin::EntityRecord;
using twin::PackedAttributes;

namespace {

struct Unit {
  std::string_view code, name, symbol, definition;
};
// UN/CEFACT codes of what cities measure, with their definitions in UCUM's terms.
constexpr std::array<Unit, 34> units = {{{"CEL", "degree Celsius", "°C", "Cel"},
                                         {"KEL", "kelvin", "K", "K"},
                                         {"FAH", "degree Fahrenheit", "°F", "[degF]"},
                                         {"P1", "percent", "%", "%"},
                                         {"C62", "one", "", "1"},
                                         {"MTR", "metre", "m", "m"},
                                         {"CMT", "centimetre", "cm", "cm"},
                                         {"MMT", "millimetre", "mm", "mm"},
                                         {"KMT", "kilometre", "km", "km"},
                                         {"MTS", "metre per second", "m/s", "m/s"},
                                         {"KMH", "kilometre per hour", "km/h", "km/h"},
                                         {"SEC", "second", "s", "s"},
                                         {"MIN", "minute", "min", "min"},
                                         {"HUR", "hour", "h", "h"},
                                         {"A97", "hectopascal", "hPa", "hPa"},
                                         {"PAL", "pascal", "Pa", "Pa"},
                                         {"KPA", "kilopascal", "kPa", "kPa"},
                                         {"BAR", "bar", "bar", "bar"},
                                         {"GQ", "microgram per cubic metre", "µg/m³", "ug/m3"},
                                         {"GP", "milligram per cubic metre", "mg/m³", "mg/m3"},
                                         {"59", "part per million", "ppm", "[ppm]"},
                                         {"61", "part per billion", "ppb", "[ppb]"},
                                         {"2N", "decibel", "dB", "dB"},
                                         {"LUX", "lux", "lx", "lx"},
                                         {"DD", "degree", "°", "deg"},
                                         {"WTT", "watt", "W", "W"},
                                         {"KWT", "kilowatt", "kW", "kW"},
                                         {"KWH", "kilowatt hour", "kWh", "kW.h"},
                                         {"VLT", "volt", "V", "V"},
                                         {"AMP", "ampere", "A", "A"},
                                         {"LTR", "litre", "l", "L"},
                                         {"MTQ", "cubic metre", "m³", "m3"},
                                         {"MQH", "cubic metre per hour", "m³/h", "m3/h"},
                                         {"KGM", "kilogram", "kg", "kg"}}};

constexpr std::string_view observation_types = "http://www.opengis.net/def/observationType/OGC-OM/2.0/";

// A text in a language map: what belongs to no language, else Korean, English, or any.
std::string in_some_language(const twin::Json& map) {
  for (const std::string_view tag : {"@none", "ko", "en"}) {
    const Value text = member_of(map, tag);
    if (std::holds_alternative<std::string>(text)) return std::get<std::string>(text);
  }
  return map.text;
}

bool is_observed(const AttributeView& view) {
  return view.observed_at.exists() && view.kind != AttributeKind::relationship &&
         view.kind != AttributeKind::list_relationship && view.kind != AttributeKind::geo_property;
}

}  // namespace

std::optional<twin::Attribute> Model::attribute_of(const EntityRecord& record, twin::Term name,
                                                   twin::Term dataset) const {
  std::optional<twin::Attribute> found;
  if (!record || !name.exists()) return found;
  record.each_attribute(name, [&](const twin::Attribute& attribute) {
    if (attribute.dataset == dataset) found = attribute;
    return !found;
  });
  return found;
}

Value Model::held(const EntityRecord& record, twin::Term name) const {
  const auto found = attribute_of(record, name);
  return found ? value_of(found->value) : Value(Nothing{});
}

std::string Model::text_of(const EntityRecord& record, twin::Term name) const {
  const auto found = attribute_of(record, name);
  if (!found) return {};
  if (const auto* text = std::get_if<std::string>(&found->value)) return *text;
  const auto* json = std::get_if<twin::Json>(&found->value);
  return json != nullptr && found->kind == AttributeKind::language_property ? in_some_language(*json) : std::string();
}

std::string Model::label_of(const EntityRecord& record) const {
  std::string name = text_of(record, terms_.name);
  return name.empty() ? std::string(record.id()) : name;
}

// What SensorThings set as properties; of other entities whatever is not shown elsewhere.
Value Model::other_properties(const EntityRecord& record) const {
  if (const auto set = attribute_of(record, terms_.properties)) return value_of(set->value);
  if (record.has_type(terms_.thing_type) || is_helper(record)) return Nothing{};
  ngsi::Representation how;
  how.format = ngsi::Format::simplified;
  how.projection.omit = {terms_.name, terms_.description, twin::terms::location, terms_.has_location,
                         terms_.has_datastream};
  how.now = now_;
  how.projection.keeps_id = false;
  how.projection.keeps_scope = false;
  AttributeView view;
  for (PackedAttributes all(record.attributes_bytes()); all.next(view);) {
    if (is_observed(view)) how.projection.omit.push_back(view.name);
  }
  std::string text;
  ngsi::append_entity(record, how, *tenant_.core_names, text);
  return twin::Json{std::move(text)};
}

std::string Model::sensor_of(const Node& stream) const {
  if (stream.record) {
    if (std::string id = text_of(stream.record, terms_.sensor); !id.empty()) return id;
  }
  if (const auto now = attribute_of(stream.thing, stream.attribute, stream.dataset)) {
    for (const twin::Attribute& member : now->members) {
      const auto* id = std::get_if<std::string>(&member.value);
      if (member.name == terms_.observed_by && id != nullptr) {
        const auto sensor = entity(*id);
        if (sensor.ok() && *sensor && sensor->has_type(terms_.sensor_type)) return *id;
      }
    }
  }
  return std::string(stream.thing.id()) + ";sensor";
}

std::string Model::property_of(const Node& stream) const {
  if (stream.record) {
    if (std::string id = text_of(stream.record, terms_.observed_property); !id.empty()) return id;
  }
  return std::string(reading_.thread->terms().text(stream.attribute));
}

Value Model::unit_of(const Node& node) const {
  if (const Value set = held(node.record, terms_.unit); !is_nothing(set)) return set;
  const auto now = attribute_of(node.thing, node.attribute, node.dataset);
  const std::string_view code = now ? reading_.thread->terms().text(now->unit) : std::string_view();
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& one) { return one.code == code; });
  JsonText json;
  json.open_object();
  if (unit != units.end()) {
    json.member("name", unit->name).member("symbol", unit->symbol);
    json.member("definition", "ucum:" + std::string(unit->definition));
  } else if (!code.empty()) {
    json.member("name", code).member("symbol", code).member("definition", code);
  } else {
    json.key("name").null().key("symbol").null().key("definition").null();
  }
  return twin::Json{json.close_object().take()};
}

Result<Value> Model::observed_span(const Node& node) const {
  base::Instant first, last;
  for (const bool descending : {false, true}) {
    const auto status = observations(node, {{}, {}, descending}, [&](const Node& one) {
      (descending ? last : first) = one.instance->observed_at;
      return false;
    });
    if (!status.ok()) return status.error();
  }
  if (!first.exists()) return Value(Nothing{});
  return Value(Interval{first, last});
}

Result<Value> Model::datastream_property(const Node& node, std::string_view name) const {
  const std::string attribute = name_of(node.attribute);
  if (name == "name") {
    std::string set = text_of(node.record, terms_.name);
    return Value(set.empty() ? std::string(short_name(attribute)) : set);
  }
  if (name == "description") {
    if (node.record && node.record.has_attribute(terms_.description)) return held(node.record, terms_.description);
    return Value(std::string(short_name(attribute)) + " of " + label_of(node.thing));
  }
  if (name == "unitOfMeasurement") return unit_of(node);
  if (name == "phenomenonTime") return observed_span(node);
  if (name == "properties") return held(node.record, terms_.properties);
  if (name == "observedArea") {
    return node.thing.has_attribute(twin::terms::location) ? held(node.thing, twin::terms::location) : Value(Nothing{});
  }
  if (name != "observationType") return Value(Nothing{});
  if (const Value set = held(node.record, terms_.observation_type); !is_nothing(set)) return set;
  const Value now = [&] {
    const auto found = attribute_of(node.thing, node.attribute, node.dataset);
    return found ? value_of(found->value) : Value(Nothing{});
  }();
  const char* const type = std::holds_alternative<double>(now)        ? "OM_Measurement"
                           : std::holds_alternative<bool>(now)        ? "OM_TruthObservation"
                           : std::holds_alternative<std::string>(now) ? "OM_CategoryObservation"
                                                                      : "OM_Observation";
  return Value(std::string(observation_types) + type);
}

Value Model::observation_property(const Node& node, std::string_view name) const {
  const twin::Attribute& instance = *node.instance;
  const auto member = [&](twin::Term term) -> Value {
    for (const twin::Attribute& each : instance.members) {
      if (each.name == term) return value_of(each.value);
    }
    return Nothing{};
  };
  const auto time = [&](twin::Term term) -> Value {
    const Value text = member(term);
    if (!std::holds_alternative<std::string>(text)) return Nothing{};
    const auto read = read_time(std::get<std::string>(text), {});
    return read.ok() ? *read : text;
  };
  if (name == "result") return value_of(instance.value);
  if (name == "resultTime") return time(terms_.result_time);
  if (name == "validTime") return time(terms_.valid_time);
  if (name == "resultQuality") return member(terms_.result_quality);
  if (name == "parameters") return member(terms_.parameters);
  const Value interval = time(terms_.phenomenon_time);
  return is_nothing(interval) ? Value(instance.observed_at) : interval;
}

// Of what is only a part of a Thing.
Value Model::derived_property(const Node& node, std::string_view name) const {
  if (node.kind == Kind::observed_property) {
    if (name == "name") return std::string(short_name(node.id));
    if (name == "definition") return node.id;
    return name == "description" ? Value(std::string(short_name(node.id))) : Value(Nothing{});
  }
  const std::string thing = label_of(node.thing);
  if (name == "name") return node.kind == Kind::sensor ? "Sensor of " + thing : thing;
  if (name == "encodingType") {
    return std::string(node.kind == Kind::sensor ? "application/json" : "application/geo+json");
  }
  if (name == "metadata") return "/ngsi-ld/v1/entities/" + percent_encoded(node.thing.id());
  if (name == "description") {
    return std::string(node.kind == Kind::sensor     ? "What observes "
                       : node.kind == Kind::location ? "Where it is: "
                                                     : "What is observed: ") +
           thing;
  }
  if (name == "location" || name == "feature") {
    return node.instance ? value_of(node.instance->value) : held(node.thing, twin::terms::location);
  }
  return Nothing{};
}

Result<Value> Model::property(const Node& node, std::string_view name) const {
  if (name == "@iot.id" || name == "id") return Value(node.id);
  if (node.kind == Kind::datastream) return datastream_property(node, name);
  if (node.kind == Kind::observation) return observation_property(node, name);
  if (node.kind == Kind::historical_location) {
    if (name != "time") return Value(Nothing{});
    const twin::Attribute& instance = *node.instance;
    return Value(instance.observed_at.exists() ? instance.observed_at : instance.modified_at);
  }
  if (!node.record) return derived_property(node, name);
  if (name == "name") return Value(label_of(node.record));
  if (name == "properties") return other_properties(node.record);
  if (name == "description") {
    std::string text = text_of(node.record, terms_.description);
    if (!text.empty() || node.record.has_attribute(terms_.description) || node.kind != Kind::thing) return Value(text);
    const auto types = node.record.types();
    return Value(types.empty() ? text : std::string(short_name(reading_.thread->terms().text(types.front()))));
  }
  if (name == "encodingType") {
    const Value set = held(node.record, terms_.encoding_type);
    return is_nothing(set) ? Value(std::string("application/geo+json")) : set;
  }
  if (name == "metadata") return held(node.record, terms_.metadata);
  if (name == "definition") {
    const Value set = held(node.record, terms_.definition);
    return is_nothing(set) ? Value(node.id) : set;
  }
  if (name == "feature" && node.record.has_attribute(terms_.feature)) return held(node.record, terms_.feature);
  if (name == "location" || name == "feature") return held(node.record, twin::terms::location);
  return Value(Nothing{});
}

}  // namespace cityloom::serve::sta
