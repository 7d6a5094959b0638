// Resources: what they are, found by id, and all of a kind.
#include "serve/sta/model.hpp"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "ngsi/context.hpp"

namespace cityloom::serve::sta {

using base::Result;
using base::Status;
using twin::AttributeKind;
using twin::AttributeView;
using twin::EntityRecord;
using twin::PackedAttributes;

namespace {

const std::array<KindForm, 8>& forms() {
  static const std::array<KindForm, 8> all = {
      {{"Things",
        {"name", "description", "properties"},
        {{"Locations", Kind::location, true},
         {"HistoricalLocations", Kind::historical_location, true},
         {"Datastreams", Kind::datastream, true}}},
       {"Locations",
        {"name", "description", "encodingType", "location", "properties"},
        {{"Things", Kind::thing, true}, {"HistoricalLocations", Kind::historical_location, true}}},
       {"HistoricalLocations", {"time"}, {{"Thing", Kind::thing, false}, {"Locations", Kind::location, true}}},
       {"Datastreams",
        {"name", "description", "observationType", "unitOfMeasurement", "observedArea", "phenomenonTime", "resultTime",
         "properties"},
        {{"Thing", Kind::thing, false},
         {"Sensor", Kind::sensor, false},
         {"ObservedProperty", Kind::observed_property, false},
         {"Observations", Kind::observation, true}}},
       {"Sensors",
        {"name", "description", "encodingType", "metadata", "properties"},
        {{"Datastreams", Kind::datastream, true}}},
       {"ObservedProperties",
        {"name", "definition", "description", "properties"},
        {{"Datastreams", Kind::datastream, true}}},
       {"Observations",
        {"phenomenonTime", "resultTime", "result", "resultQuality", "validTime", "parameters"},
        {{"Datastream", Kind::datastream, false}, {"FeatureOfInterest", Kind::feature, false}}},
       {"FeaturesOfInterest",
        {"name", "description", "encodingType", "feature", "properties"},
        {{"Observations", Kind::observation, true}}}}};
  return all;
}

bool is_observed(const AttributeView& view) {
  return view.observed_at.exists() && view.kind != AttributeKind::relationship &&
         view.kind != AttributeKind::list_relationship && view.kind != AttributeKind::geo_property;
}

}  // namespace

const KindForm& form_of(Kind kind) {
  return forms()[static_cast<size_t>(kind)];
}

std::optional<Kind> kind_of_set(std::string_view name) {
  for (size_t i = 0; i < forms().size(); ++i) {
    if (forms()[i].set == name) return static_cast<Kind>(i);
  }
  return {};
}

const Navigation* find_navigation(Kind kind, std::string_view name) {
  for (const Navigation& way : form_of(kind).navigations) {
    if (way.name == name) return &way;
  }
  return nullptr;
}

StaTerms StaTerms::make(const std::function<twin::Term(std::string_view)>& of) {
  const auto term = [&](std::string_view name) { return of(ngsi::Context::core()->expand(name)); };
  StaTerms made;
  made.thing_type = term("Thing"), made.location_type = term("Location"), made.sensor_type = term("Sensor");
  made.datastream_type = term("Datastream"), made.property_type = term("ObservedProperty");
  made.feature_type = term("FeatureOfInterest");
  made.name = term("name"), made.description = term("description"), made.properties = term("properties");
  made.encoding_type = term("encodingType"), made.metadata = term("metadata"), made.definition = term("definition");
  made.unit = term("unitOfMeasurement"), made.observation_type = term("observationType");
  made.feature = term("feature"), made.has_location = term("hasLocation"), made.observed_in = term("observedIn");
  made.has_datastream = term("hasDatastream"), made.thing = term("thing"), made.sensor = term("sensor");
  made.observed_property = term("observedProperty"), made.result_time = term("resultTime");
  made.phenomenon_time = term("phenomenonTime"), made.result_quality = term("resultQuality");
  made.valid_time = term("validTime"), made.parameters = term("parameters");
  made.feature_of_interest = term("featureOfInterest"), made.observed_by = term("observedBy");
  return made;
}

Model::Model(const ngsi_ld::Services& services, const Reading& reading, base::Instant now, const ogc::Effort& effort)
    : services_(services),
      reading_(reading),
      tenant_(services.state_of(*reading.thread)),
      now_(now),
      effort_(effort),
      may_expire_(!reading.is_live || tenant_.expiry->may_be_due(now)),
      terms_(StaTerms::make([&](std::string_view iri) { return reading.thread->terms().find(iri); })) {}

bool Model::is_there(const EntityRecord& record) const {
  return ngsi_ld::is_visible(record) && (!may_expire_ || !tenant_.expiry->is_over(record, now_));
}

bool Model::is_helper(const EntityRecord& record) const {
  for (const twin::Term type :
       {terms_.location_type, terms_.sensor_type, terms_.datastream_type, terms_.property_type, terms_.feature_type}) {
    if (record.has_type(type)) return true;
  }
  return false;
}

bool Model::is_thing(const EntityRecord& record) const {
  if (record.has_type(terms_.thing_type)) return true;
  bool is_any = false;
  AttributeView view;
  for (PackedAttributes all(record.attributes_bytes()); !is_any && all.next(view);) {
    is_any = is_observed(view) || (view.name == twin::terms::location && view.observed_at.exists());
  }
  return is_any && !is_helper(record);
}

Result<EntityRecord> Model::entity(std::string_view id) const {
  auto found = reading_.snapshot.find(id);
  return found.ok() && !is_there(*found) ? Result<EntityRecord>(EntityRecord()) : found;
}

Status Model::each_entity(const twin::Query& query, const std::function<bool(const EntityRecord&)>& visit) const {
  return reading_.snapshot.each(
      query, [&](const EntityRecord& record) { return !is_there(record) || visit(record); }, effort_.bounds);
}

Status Model::each_thing(const std::function<bool(const EntityRecord&)>& visit) const {
  return each_entity({}, [&](const EntityRecord& record) { return !is_thing(record) || visit(record); });
}

std::string Model::name_of(twin::Term attribute) const {
  return tenant_.core_names->context().compact(reading_.thread->terms().text(attribute));
}

std::string Model::datastream_id(std::string_view thing_id, twin::Term attribute, twin::Term dataset) const {
  std::string id = std::string(thing_id) + ";" + name_of(attribute);
  if (dataset.exists()) id += ";" + std::string(reading_.thread->terms().text(dataset));
  return id;
}

Node Model::thing_node(const EntityRecord& record) const {
  return {Kind::thing, std::string(record.id()), record, record, {}, {}, nullptr};
}

Node Model::part_node(Kind kind, const EntityRecord& thing, std::string_view ending) const {
  return {kind, std::string(thing.id()) + std::string(ending), {}, thing, {}, {}, nullptr};
}

Node Model::location_node(const EntityRecord& thing, std::shared_ptr<const twin::Attribute> instance) const {
  Node node = part_node(Kind::location, thing, ";location");
  if (instance) {
    const base::Instant at = instance->observed_at.exists() ? instance->observed_at : instance->modified_at;
    node.id += ";" + std::to_string(at.microseconds) + "." + std::to_string(instance->offset.number);
  }
  node.instance = std::move(instance);
  return node;
}

Node Model::property_node(twin::Term attribute) const {
  return {
      Kind::observed_property, std::string(reading_.thread->terms().text(attribute)), {}, {}, attribute, {}, nullptr};
}

Result<std::optional<Node>> Model::find(Kind kind, std::string_view id) const {
  const auto record = entity(id);
  if (!record.ok()) return record.error();
  const auto own_of = [&](twin::Term type) -> std::optional<Node> {
    if (!*record || !record->has_type(type)) return {};
    return Node{kind, std::string(id), *record, {}, {}, {}, nullptr};
  };
  switch (kind) {
    case Kind::thing:
      if (!*record || !is_thing(*record)) return std::optional<Node>();
      return std::optional(thing_node(*record));
    case Kind::datastream:
      return find_datastream(id);
    case Kind::observation:
      return find_observation(id);
    case Kind::historical_location:
      return find_location_of_past(kind, id);
    case Kind::location:
      if (auto found = own_of(terms_.location_type)) return found;
      if (id.ends_with(";location")) return find_part(kind, id, ";location");
      return find_location_of_past(kind, id);
    case Kind::sensor:
      if (auto found = own_of(terms_.sensor_type)) return found;
      return find_part(kind, id, ";sensor");
    case Kind::feature:
      if (auto found = own_of(terms_.feature_type)) return found;
      return find_part(kind, id, ";feature");
    case Kind::observed_property:
      if (auto found = own_of(terms_.property_type)) return found;
      // An attribute that anything has, or had.
      const twin::Term term = reading_.thread->terms().find(id);
      if (term == twin::Term::unknown() || id.find(':') == std::string_view::npos) return std::optional<Node>();
      return std::optional(property_node(term));
  }
  return std::optional<Node>();
}

Result<std::optional<Node>> Model::find_part(Kind kind, std::string_view id, std::string_view ending) const {
  if (!id.ends_with(ending)) return std::optional<Node>();
  const auto thing = entity(id.substr(0, id.size() - ending.size()));
  if (!thing.ok()) return thing.error();
  if (!*thing || !is_thing(*thing)) return std::optional<Node>();
  if (kind == Kind::location && !thing->has_attribute(twin::terms::location)) return std::optional<Node>();
  return std::optional(part_node(kind, *thing, ending));
}

Result<std::optional<Node>> Model::find_datastream(std::string_view id) const {
  for (size_t at = id.find(';'); at != std::string_view::npos; at = id.find(';', at + 1)) {
    const auto thing = entity(id.substr(0, at));
    if (!thing.ok()) return thing.error();
    if (!*thing || !is_thing(*thing)) continue;
    std::string_view rest = id.substr(at + 1);
    const size_t end = rest.find(';');
    const twin::TermTable& table = reading_.thread->terms();
    const twin::Term attribute = table.find(tenant_.core_names->context().expand(rest.substr(0, end)));
    const twin::Term dataset = end == std::string_view::npos ? twin::Term{} : table.find(rest.substr(end + 1));
    std::optional<Node> found;
    const auto status = streams(*thing, [&](const Node& node) {
      if (node.attribute == attribute && node.dataset == dataset && node.id == id) found = node;
      return !found;
    });
    if (!status.ok()) return status.error();
    if (found) return found;
  }
  return std::optional<Node>();
}

Result<std::optional<Node>> Model::find_observation(std::string_view id) const {
  const size_t end = id.rfind(';');
  if (end == std::string_view::npos) return std::optional<Node>();
  ObservationWindow window;
  const char* const last = id.data() + id.size();
  const auto [stop, error] = std::from_chars(id.data() + end + 1, last, window.from.microseconds);
  if (error != std::errc() || stop != last || window.from.microseconds == INT64_MAX) return std::optional<Node>();
  const auto stream = find_datastream(id.substr(0, end));
  if (!stream.ok() || !*stream) return stream;
  window.to = {window.from.microseconds + 1};
  std::optional<Node> found;
  const auto status = observations(**stream, window, [&](const Node& node) {
    if (node.id == id) found = node;
    return !found;
  });
  if (!status.ok()) return status.error();
  return found;
}

Result<std::optional<Node>> Model::find_location_of_past(Kind kind, std::string_view id) const {
  constexpr std::string_view mark = ";location;";
  const size_t at = id.rfind(mark);
  if (at == std::string_view::npos) return std::optional<Node>();
  const auto thing = entity(id.substr(0, at));
  if (!thing.ok()) return thing.error();
  std::optional<Node> found;
  if (!*thing) return found;
  bool goes = true;
  const auto status = past_locations(
      *thing,
      [&](const Node& node) {
        if (node.id == id) found = kind == Kind::location ? location_node(*thing, node.instance) : node;
        return !found;
      },
      goes);
  if (!status.ok()) return status.error();
  return found;
}

Status Model::own(Kind kind, twin::Term type, const Visit& visit, bool& goes_on) const {
  twin::Query query;
  query.types.any_of = {{type}};
  return each_entity(query, [&](const EntityRecord& record) {
    goes_on = visit(Node{kind, std::string(record.id()), record, {}, {}, {}, nullptr});
    return goes_on;
  });
}

Status Model::each_property(const Visit& visit) const {
  absl::flat_hash_set<uint32_t> met;
  bool goes = true;
  Status inner;
  const auto status = each_thing([&](const EntityRecord& thing) {
    inner = streams(
        thing,
        [&](const Node& stream) {
          if (property_of(stream) != reading_.thread->terms().text(stream.attribute)) return true;
          return !met.insert(stream.attribute.number).second || visit(property_node(stream.attribute));
        },
        goes);
    return inner.ok() && goes;
  });
  return inner.ok() ? status : inner;
}

Status Model::each(Kind kind, const Visit& visit) const {
  bool goes = true;
  const std::array<std::pair<Kind, twin::Term>, 4> owned = {{{Kind::location, terms_.location_type},
                                                             {Kind::sensor, terms_.sensor_type},
                                                             {Kind::observed_property, terms_.property_type},
                                                             {Kind::feature, terms_.feature_type}}};
  for (const auto& [own_kind, type] : owned) {
    if (own_kind != kind) continue;
    if (const auto status = own(kind, type, visit, goes); !status.ok() || !goes) return status;
  }
  if (kind == Kind::observed_property) return each_property(visit);
  Status inner;
  const auto status = each_thing([&](const EntityRecord& thing) {
    if (kind == Kind::thing) {
      goes = visit(thing_node(thing));
    } else if (kind == Kind::datastream) {
      inner = streams(thing, visit, goes);
    } else if (kind == Kind::location) {
      // Those that are entities of their own were told before.
      inner = locations(
          thing, [&](const Node& node) { return node.record.exists() || visit(node); }, goes);
    } else if (kind == Kind::historical_location) {
      inner = past_locations(thing, visit, goes);
    } else if (kind == Kind::observation) {
      inner = streams(
          thing,
          [&](const Node& stream) {
            const auto read = observations(stream, {}, [&](const Node& node) { return goes = visit(node); });
            if (!read.ok()) inner = read;
            return read.ok() && goes;
          },
          goes);
    } else if (kind == Kind::sensor) {
      bool has_derived = false;
      inner = streams(thing, [&](const Node& stream) {
        has_derived = sensor_of(stream) == std::string(thing.id()) + ";sensor";
        return !has_derived;
      });
      if (has_derived) goes = visit(part_node(kind, thing, ";sensor"));
    } else if (kind == Kind::feature && thing.has_attribute(twin::terms::location)) {
      goes = visit(part_node(kind, thing, ";feature"));
    }
    return inner.ok() && goes;
  });
  return inner.ok() ? status : inner;
}

}  // namespace cityloom::serve::sta
