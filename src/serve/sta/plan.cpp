#include "serve/sta/plan.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include "ngsi/context.hpp"
#include "ngsi/query.hpp"
#include "ngsi/syntax.hpp"
#include "serve/json.hpp"
#include "serve/sta/past.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve::sta {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using simdjson::dom::element;
using thread::Change;
using twin::AttributeKind;

namespace {

// A property of a kind as it stands in bodies.
struct Field {
  std::string_view name;
  bool is_needed;
  enum class Form : uint8_t { text, object, geometry, any } form;
};

std::vector<Field> fields_of(Kind kind) {
  using Form = Field::Form;
  const Field name{"name", true, Form::text}, description{"description", true, Form::text};
  const Field properties{"properties", false, Form::object}, encoding{"encodingType", true, Form::text};
  switch (kind) {
    case Kind::thing:
      return {name, description, properties};
    case Kind::location:
      return {name, description, encoding, {"location", true, Form::geometry}, properties};
    case Kind::datastream:
      return {name,
              description,
              {"observationType", true, Form::text},
              {"unitOfMeasurement", true, Form::object},
              properties};
    case Kind::sensor:
      return {name, description, encoding, {"metadata", true, Form::any}, properties};
    case Kind::observed_property:
      return {name, {"definition", true, Form::text}, description, properties};
    case Kind::feature:
      return {name, description, encoding, {"feature", true, Form::geometry}, properties};
    case Kind::historical_location:
    case Kind::observation:
      break;
  }
  return {};
}

std::string_view entity_name(Kind kind) {
  static constexpr std::array<std::string_view, 8> names = {"Thing",       "Location",         "HistoricalLocation",
                                                            "Datastream",  "Sensor",           "ObservedProperty",
                                                            "Observation", "FeatureOfInterest"};
  return names[static_cast<size_t>(kind)];
}

twin::Attribute made(twin::Term name, AttributeKind kind, twin::Value value) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.kind = kind;
  attribute.value = std::move(value);
  return attribute;
}

// The geometry of GeoJSON, of a Feature too.
std::optional<twin::Geometry> geometry_in(element value) {
  element inner;
  if (value["geometry"].get(inner) == simdjson::SUCCESS) value = inner;
  const auto geometry = ngsi::parse_geometry(simdjson::minify(value));
  return geometry.ok() ? std::optional(*geometry) : std::nullopt;
}

// "Air Temperature (2 m)" as an attribute's name: airTemperature2M.
std::string camel_case(std::string_view text) {
  std::string name;
  bool starts_word = false;
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z', is_digit = c >= '0' && c <= '9';
    if (!is_upper && !is_lower && !is_digit && static_cast<unsigned char>(c) < 0x80) {
      starts_word = !name.empty();
      continue;
    }
    if (name.empty() && is_digit) name += "value";
    const bool flips = (starts_word && is_lower) || (name.empty() && is_upper);
    name += flips ? static_cast<char>(c ^ 0x20) : c;
    starts_word = false;
  }
  return name.substr(0, 200);
}

}  // namespace

Result<twin::Value> held_value(element value, std::string_view where) {
  int64_t whole = 0;
  double number = 0;
  bool flag = false;
  std::string_view text;
  if (value.get(flag) == simdjson::SUCCESS) return twin::Value(flag);
  if (value.get(text) == simdjson::SUCCESS) return twin::Value(std::string(text));
  if (value.is_int64() && value.get(whole) == simdjson::SUCCESS) return twin::number_value(static_cast<double>(whole));
  if (value.get(number) == simdjson::SUCCESS) return twin::number_value(number);
  if (value.is_null()) return fail(Code::invalid, "null is no value here", std::string(where), "leave it out");
  return twin::Value(twin::Json{simdjson::minify(value)});
}

Planner::Planner(const Model& model, twin::TermTable& terms, base::Instant now)
    : model_(model), table_(terms), now_(now), terms_(StaTerms::make([&](std::string_view iri) {
        const auto term = terms.intern(iri);
        return term.ok() ? *term : twin::Term::unknown();
      })) {}

Result<twin::Term> Planner::intern(std::string_view text) const {
  return table_.intern(text);
}

Status Planner::check_size() const {
  if (changes_.size() <= planned_changes_max) return {};
  return fail(Code::too_large, "one request makes more than 50,000 changes", {}, "send it in parts");
}

const Change* Planner::planned(std::string_view entity_id) const {
  const auto found = change_of_entity_.find(entity_id);
  return found == change_of_entity_.end() ? nullptr : &changes_[found->second];
}

Change& Planner::change_of(const std::string& entity_id) {
  const auto [found, is_new] = change_of_entity_.emplace(entity_id, changes_.size());
  if (is_new) {
    Change change;
    change.kind = Change::Kind::append;
    change.entity_id = entity_id;
    changes_.push_back(std::move(change));
  }
  return changes_[found->second];
}

twin::Attribute Planner::relationship(twin::Term name, std::string_view object, twin::Term dataset) const {
  twin::Attribute attribute = made(name, AttributeKind::relationship, std::string(object));
  attribute.dataset = dataset;
  return attribute;
}

Result<std::string> Planner::new_id(Kind kind, element body) const {
  std::string_view id;
  if (body["@iot.id"].get(id) == simdjson::SUCCESS) {
    if (ngsi::is_uri(id) && id.size() <= 1'000 && !ngsi_ld::is_internal_id(id)) return std::string(id);
    return fail(Code::invalid, "an id must be a URI", "@iot.id", "leave it out: the server gives one");
  }
  static std::atomic<uint64_t> count{0};
  return "urn:ngsi-ld:" + std::string(entity_name(kind)) + ":" + std::to_string(now_.microseconds) + "-" +
         std::to_string(++count);
}

// A name that is not known is a slip that would be lost.
Status Planner::check_names(Kind kind, element body) {
  simdjson::dom::object members;
  if (body.get(members) != simdjson::SUCCESS) return fail(Code::invalid, "the body must be an object");
  const auto& properties = form_of(kind).properties;
  for (const auto& [name, value] : members) {
    if (name.find("@iot.") != std::string_view::npos || find_navigation(kind, name) != nullptr) continue;
    if (std::find(properties.begin(), properties.end(), name) != properties.end()) continue;
    return fail(Code::invalid, "there is no property of this name in " + std::string(form_of(kind).set),
                std::string(name.substr(0, 100)), "check its spelling");
  }
  return {};
}

Result<std::vector<twin::Attribute>> Planner::properties_of(Kind kind, element body, bool whole) const {
  std::vector<twin::Attribute> attributes;
  if (const auto status = check_names(kind, body); !status.ok()) return status.error();
  for (const Field& field : fields_of(kind)) {
    element value;
    const std::string name(field.name);
    if (body[field.name].get(value) != simdjson::SUCCESS || value.is_null()) {
      if (!field.is_needed || !whole) continue;
      return fail(Code::invalid, "this has to be there", name);
    }
    const auto term = intern(ngsi::Context::core()->expand(field.name));
    if (!term.ok()) return term.error();
    const bool fits = field.form == Field::Form::text     ? value.is_string()
                      : field.form == Field::Form::object ? value.is_object()
                                                          : true;
    if (!fits)
      return fail(Code::invalid, field.form == Field::Form::text ? "must be a text" : "must be an object", name);
    if (field.form == Field::Form::geometry) {
      if (const auto geometry = geometry_in(value)) {
        attributes.push_back(made(twin::terms::location, AttributeKind::geo_property, *geometry));
        // A Feature is kept as it was said, beside its place.
        if (kind == Kind::location || value["geometry"].error() != simdjson::SUCCESS) continue;
      } else if (kind == Kind::location) {
        return fail(Code::invalid, "not a GeoJSON geometry", name, "use encodingType application/geo+json");
      }
    }
    auto held = held_value(value, name);
    if (!held.ok()) return held.error();
    const bool is_json = std::holds_alternative<twin::Json>(*held);
    attributes.push_back(
        made(*term, is_json ? AttributeKind::json_property : AttributeKind::property, std::move(*held)));
  }
  return attributes;
}

Result<std::string> Planner::linked(Kind kind, element body, std::string_view name) {
  element value;
  if (body[name].get(value) != simdjson::SUCCESS) {
    if (const auto given = given_.find(kind); given != given_.end()) return given->second;
    return fail(Code::invalid, "a link to it or its content has to be there", std::string(name));
  }
  std::string_view id;
  simdjson::dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return fail(Code::invalid, "must be an object", std::string(name));
  if (members.size() != 1 || value["@iot.id"].get(id) != simdjson::SUCCESS) return create(kind, value, {});
  const auto found = model_.find(kind, id);
  if (!found.ok()) return found.error();
  if (!*found && planned(id) == nullptr) {
    return fail(Code::invalid, "there is none with this id", std::string(name) + "/" + std::string(id.substr(0, 200)));
  }
  return std::string(id);
}

Result<std::vector<std::string>> Planner::locations_of(element body) {
  std::vector<std::string> ids;
  element value;
  if (body["Locations"].get(value) != simdjson::SUCCESS) return ids;
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return fail(Code::invalid, "must be an array", "Locations");
  for (element item : items) {
    std::string_view id;
    simdjson::dom::object members;
    if (item.get(members) != simdjson::SUCCESS) return fail(Code::invalid, "must be objects", "Locations");
    if (members.size() == 1 && item["@iot.id"].get(id) == simdjson::SUCCESS) {
      const auto found = model_.find(Kind::location, id);
      if (!found.ok()) return found.error();
      if (!*found || !(*found)->record)
        return fail(Code::invalid, "there is no location with this id", std::string(id));
      ids.emplace_back(id);
      continue;
    }
    const auto created = create(Kind::location, item, {});
    if (!created.ok()) return created.error();
    ids.push_back(*created);
  }
  return ids;
}

Status Planner::locate(Change& thing, const std::vector<std::string>& location_ids) {
  if (location_ids.empty()) return {};
  JsonText list;
  list.open_array();
  std::optional<twin::Attribute> place;
  for (const std::string& id : location_ids) {
    list.value(id);
    if (place) continue;
    if (const Change* change = planned(id)) {
      for (const twin::Attribute& attribute : change->attributes) {
        if (attribute.name == twin::terms::location) place = attribute;
      }
    } else if (const auto found = model_.find(Kind::location, id); found.ok() && *found) {
      const auto geometry = model_.property(**found, "location");
      if (geometry.ok() && std::holds_alternative<twin::Geometry>(*geometry)) {
        place = made(twin::terms::location, AttributeKind::geo_property, std::get<twin::Geometry>(*geometry));
      }
    }
  }
  list.close_array();
  std::erase_if(thing.attributes, [&](const twin::Attribute& attribute) {
    return attribute.name == terms_.has_location || attribute.name == twin::terms::location;
  });
  thing.attributes.push_back(location_ids.size() == 1
                                 ? relationship(terms_.has_location, location_ids[0])
                                 : made(terms_.has_location, AttributeKind::relationship, twin::Json{list.take()}));
  if (place) thing.attributes.push_back(std::move(*place));
  return {};
}

Result<std::string> Planner::create(Kind kind, element body, const Within& within) {
  if (const auto status = check_size(); !status.ok()) return status.error();
  if (!body.is_object()) return fail(Code::invalid, "the body must be an object", std::string(form_of(kind).set));
  switch (kind) {
    case Kind::thing:
      return create_thing(body, within);
    case Kind::datastream:
      return create_stream(body, within);
    case Kind::observation:
      return create_observation(body, within);
    case Kind::historical_location:
      return create_past_location(body, within);
    default:
      return create_plain(kind, body, within);
  }
}

Result<std::string> Planner::create_thing(element body, const Within& within) {
  auto attributes = properties_of(Kind::thing, body, true);
  if (!attributes.ok()) return attributes.error();
  const auto id = new_id(Kind::thing, body);
  if (!id.ok()) return id;
  auto locations = locations_of(body);
  if (!locations.ok()) return locations.error();
  if (within.node != nullptr && within.node->kind == Kind::location) locations->push_back(within.node->id);
  Change& thing = change_of(*id);
  thing.kind = Change::Kind::create;
  thing.types = {terms_.thing_type};
  thing.attributes = std::move(*attributes);
  if (const auto status = locate(thing, *locations); !status.ok()) return status.error();
  if (const auto status = create_streams(body, {}, *id, Kind::thing); !status.ok()) return status.error();
  return id;
}

Status Planner::create_streams(element body, const Within& within, std::string_view id, Kind of) {
  element value;
  simdjson::dom::array items;
  if (body["Datastreams"].get(value) != simdjson::SUCCESS) return {};
  if (value.get(items) != simdjson::SUCCESS) return fail(Code::invalid, "must be an array", "Datastreams");
  given_[of] = std::string(id);
  for (element item : items) {
    if (const auto made = create(Kind::datastream, item, within); !made.ok()) return made.error();
  }
  given_.erase(of);
  return {};
}

Result<std::string> Planner::create_plain(Kind kind, element body, const Within& within) {
  auto attributes = properties_of(kind, body, true);
  if (!attributes.ok()) return attributes.error();
  const auto id = new_id(kind, body);
  if (!id.ok()) return id;
  Change& change = change_of(*id);
  change.kind = Change::Kind::create;
  change.types = {kind == Kind::location  ? terms_.location_type
                  : kind == Kind::sensor  ? terms_.sensor_type
                  : kind == Kind::feature ? terms_.feature_type
                                          : terms_.property_type};
  change.attributes = std::move(*attributes);
  if (kind == Kind::location && within.node != nullptr && within.node->kind == Kind::thing) {
    if (const auto status = locate(change_of(within.node->id), {*id}); !status.ok()) return status.error();
  }
  if (const auto status = create_streams(body, {}, *id, kind); !status.ok()) return status.error();
  return id;
}

// Where a Thing was at a time. Said of a time after all that is known it is where the Thing is now.
Result<std::string> Planner::create_past_location(element body, const Within& within) {
  if (const auto status = check_names(Kind::historical_location, body); !status.ok()) return status.error();
  std::string_view text;
  if (body["time"].get(text) != simdjson::SUCCESS) return fail(Code::invalid, "a time has to be there", "time");
  const auto time = read_time(text, "time");
  if (!time.ok()) return time.error();
  const auto* at = std::get_if<base::Instant>(&*time);
  if (at == nullptr) return fail(Code::invalid, "must be one time, not an interval", "time");
  const Node* const node = within.node;
  const bool is_in_thing = node != nullptr && node->kind == Kind::thing;
  const auto thing_id = is_in_thing ? Result<std::string>(node->id) : linked(Kind::thing, body, "Thing");
  if (!thing_id.ok()) return thing_id;
  auto locations = locations_of(body);
  if (!locations.ok()) return locations.error();
  if (node != nullptr && node->kind == Kind::location) locations->push_back(node->id);
  Change placed;
  if (const auto status = locate(placed, *locations); !status.ok()) return status.error();
  const auto place = std::ranges::find(placed.attributes, twin::terms::location, &twin::Attribute::name);
  if (place == placed.attributes.end()) {
    return fail(Code::invalid, "a location with a place has to be there", "Locations");
  }
  place->observed_at = *at;
  const auto thing = model_.find(Kind::thing, *thing_id);
  if (!thing.ok()) return thing.error();
  base::Instant latest;
  if (*thing) {
    (*thing)->thing.each_attribute(twin::terms::location, [&](const twin::Attribute& known) {
      latest = known.observed_at.exists() ? known.observed_at : known.modified_at;
      return known.dataset.exists();
    });
  }
  std::string id = *thing_id + ";location;" + std::to_string(at->microseconds) + ".";
  if (!latest.exists() || *at >= latest) {
    Change& change = change_of(*thing_id);
    std::ranges::move(placed.attributes, std::back_inserter(change.attributes));
    return id;
  }
  auto past = changes_of_past({PastWrite::Kind::add, *thing_id, *place}, model_.reading().snapshot);
  if (!past.ok()) return past.error();
  std::ranges::move(*past, std::back_inserter(changes_));
  return id;
}

Result<twin::Term> Planner::attribute_for(std::string_view property_id) const {
  std::string name;
  if (const Change* change = planned(property_id)) {
    for (const twin::Attribute& attribute : change->attributes) {
      const auto* text = std::get_if<std::string>(&attribute.value);
      if (attribute.name == terms_.name && text != nullptr) name = camel_case(*text);
    }
  } else {
    const auto found = model_.find(Kind::observed_property, property_id);
    if (!found.ok()) return found.error();
    if (*found && !(*found)->record) return (*found)->attribute;
    if (*found) {
      const auto text = model_.property(**found, "name");
      if (text.ok() && std::holds_alternative<std::string>(*text)) name = camel_case(std::get<std::string>(*text));
    }
  }
  static constexpr std::string_view taken[] = {"name",     "description", "properties",
                                               "location", "hasLocation", "hasDatastream"};
  if (name.empty()) name = "observed";
  const bool is_taken = std::find(std::begin(taken), std::end(taken), name) != std::end(taken);
  if (is_taken || ngsi::is_reserved_name(name) || !ngsi::is_name(name)) name = "observed" + name;
  if (!ngsi::is_name(name)) name = "observed";
  return intern(ngsi::Context::core()->expand(name));
}

bool Planner::is_used(const std::string& thing_id, twin::Term attribute, twin::Term dataset) const {
  const std::string id = model_.datastream_id(thing_id, attribute, dataset);
  if (streams_.contains(id)) return true;
  const auto found = model_.find(Kind::datastream, id);
  if (!found.ok() || *found) return true;
  const auto past = model_.has_past(thing_id, attribute, dataset);
  return !past.ok() || *past;
}

Result<std::string> Planner::create_stream(element body, const Within& within) {
  auto attributes = properties_of(Kind::datastream, body, true);
  if (!attributes.ok()) return attributes.error();
  const std::optional<std::pair<Kind, std::string>> here =
      within.node != nullptr ? std::optional(std::pair(within.node->kind, within.node->id)) : std::nullopt;
  if (here) given_[here->first] = here->second;
  const auto thing = linked(Kind::thing, body, "Thing");
  if (!thing.ok()) return thing;
  const auto sensor = linked(Kind::sensor, body, "Sensor");
  if (!sensor.ok()) return sensor;
  const auto property = linked(Kind::observed_property, body, "ObservedProperty");
  if (!property.ok()) return property;
  if (here) given_.erase(here->first);
  const auto attribute = attribute_for(*property);
  if (!attribute.ok()) return attribute.error();
  twin::Term dataset;
  for (int i = 2; is_used(*thing, *attribute, dataset); ++i) {
    const auto next = intern("urn:ngsi-ld:Dataset:" + std::to_string(i));
    if (!next.ok()) return next.error();
    dataset = *next;
  }
  StreamRef stream{model_.datastream_id(*thing, *attribute, dataset), *thing, *attribute, dataset, {}, {}, {}};
  std::string_view symbol;
  if (body["unitOfMeasurement"]["symbol"].get(symbol) == simdjson::SUCCESS) stream.unit_symbol = symbol;
  if (!ngsi::is_uri(stream.id) || stream.id.size() > twin::entity_id_bytes_max) {
    return fail(Code::too_large, "the ids of the Thing and its attribute make an id that is too long", *thing);
  }
  const auto link = intern(stream.id);
  if (!link.ok()) return link.error();
  change_of(*thing).attributes.push_back(relationship(terms_.has_datastream, stream.id, *link));
  Change& change = change_of(stream.id);
  change.kind = Change::Kind::create;
  change.types = {terms_.datastream_type};
  change.attributes = std::move(*attributes);
  change.attributes.push_back(relationship(terms_.thing, *thing));
  change.attributes.push_back(relationship(terms_.sensor, *sensor));
  change.attributes.push_back(relationship(terms_.observed_property, *property));
  StreamRef& kept = streams_[stream.id] = stream;
  element value;
  simdjson::dom::array observations;
  if (body["Observations"].get(value) != simdjson::SUCCESS) return stream.id;
  if (value.get(observations) != simdjson::SUCCESS) return fail(Code::invalid, "must be an array", "Observations");
  for (element item : observations) {
    if (const auto made = observe(kept, item, {}); !made.ok()) return made;
  }
  return stream.id;
}

}  // namespace cityloom::serve::sta
