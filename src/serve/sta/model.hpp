// The city as SensorThings sees it: entities as Things, their observed attributes as Datastreams, and what was observed
// as Observations. docs/decisions/0231 tells the mapping; nothing is stored twice.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/ngsi/services.hpp"
#include "serve/ogc/bounded_read.hpp"
#include "serve/sta/value.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve::sta {

/// The sets of SensorThings.
enum class Kind : uint8_t {
  thing,
  location,
  historical_location,
  datastream,
  sensor,
  observed_property,
  observation,
  feature
};

/// A way from one kind to another.
struct Navigation {
  std::string_view name;  ///< "Datastreams", "Thing"
  Kind to = Kind::thing;
  bool is_many = false;
};

/// What a kind has: its set's name, its properties in their order, its ways.
struct KindForm {
  std::string_view set;
  std::vector<std::string_view> properties;
  std::vector<Navigation> navigations;
};
const KindForm& form_of(Kind kind);
/// The kind of a set's name.
std::optional<Kind> kind_of_set(std::string_view name);
/// A kind's way of that name, or nullptr.
const Navigation* find_navigation(Kind kind, std::string_view name);

/// One resource. What stands for it: an entity of its own, or a part of a Thing's.
struct Node {
  Kind kind = Kind::thing;
  std::string id;
  twin::EntityRecord record;                        ///< its own entity; empty if it is only a part of a Thing
  twin::EntityRecord thing;                         ///< the entity that it is a part of
  twin::Term attribute, dataset;                    ///< of datastreams and observations
  std::shared_ptr<const twin::Attribute> instance;  ///< of observations and locations of the past
};
/// Hears one resource; false ends the visit.
using Visit = std::function<bool(const Node&)>;

/// Which observations of a datastream are of interest, and in which order.
struct ObservationWindow {
  base::Instant from, to;  ///< from <= phenomenonTime < to; none: open
  bool descending = false;
};

/// The names under which SensorThings' own are kept in one tenant. What nobody wrote is unknown.
struct StaTerms {
  twin::Term thing_type, location_type, sensor_type, datastream_type, property_type, feature_type;
  twin::Term name, description, properties, encoding_type, metadata, definition, unit, observation_type;
  twin::Term feature, has_location, has_datastream, thing, sensor, observed_property, observed_in;
  twin::Term result_time, phenomenon_time, result_quality, valid_time, parameters, feature_of_interest, observed_by;
  /// Looks them up by `of`, which gives the term of an IRI.
  static StaTerms make(const std::function<twin::Term(std::string_view)>& of);
};

/// Reads the city so, as of one snapshot. One worker at a time; not to outlive what it was made of.
class Model {
 public:
  Model(const ngsi_ld::Services& services, const Reading& reading, base::Instant now, const ogc::Effort& effort);

  /// The resource of an id, or nothing.
  base::Result<std::optional<Node>> find(Kind kind, std::string_view id) const;
  /// Every resource of a kind, in order of first creation.
  base::Status each(Kind kind, const Visit& visit) const;
  /// Those that a way leads to.
  base::Status related(const Node& from, const Navigation& way, const Visit& visit) const;
  /// A datastream's observations.
  base::Status observations(const Node& datastream, const ObservationWindow& window, const Visit& visit) const;
  /// How many a datastream has.
  base::Result<uint64_t> count_observations(const Node& datastream) const;

  /// Whether anything was ever observed so, by a datastream that is there no more too.
  base::Result<bool> has_past(std::string_view thing_id, twin::Term attribute, twin::Term dataset) const;

  /// A property's value; nothing if there is none.
  base::Result<Value> property(const Node& node, std::string_view name) const;

  const StaTerms& terms() const { return terms_; }
  const Reading& reading() const { return reading_; }
  /// The name of an attribute in an id.
  std::string name_of(twin::Term attribute) const;
  /// The id of a datastream.
  std::string datastream_id(std::string_view thing_id, twin::Term attribute, twin::Term dataset) const;
  /// Whether the time for this is over or nobody waits any more.
  bool goes_on() const { return !effort_.bounds.goes_on || effort_.bounds.goes_on(); }

 private:
  bool is_there(const twin::EntityRecord& record) const;
  bool is_helper(const twin::EntityRecord& record) const;
  bool is_thing(const twin::EntityRecord& record) const;
  base::Result<twin::EntityRecord> entity(std::string_view id) const;
  base::Status each_entity(const twin::Query& query, const std::function<bool(const twin::EntityRecord&)>& visit) const;
  base::Status each_thing(const std::function<bool(const twin::EntityRecord&)>& visit) const;
  base::Status own(Kind kind, twin::Term type, const Visit& visit, bool& goes_on) const;
  base::Status each_property(const Visit& visit) const;

  Node thing_node(const twin::EntityRecord& record) const;
  Node location_node(const twin::EntityRecord& thing, std::shared_ptr<const twin::Attribute> instance) const;
  Node part_node(Kind kind, const twin::EntityRecord& thing, std::string_view ending) const;
  Node property_node(twin::Term attribute) const;
  Node observation_node(const Node& stream, const twin::Attribute& instance) const;
  base::Result<std::optional<Node>> find_part(Kind kind, std::string_view id, std::string_view ending) const;
  base::Result<std::optional<Node>> find_datastream(std::string_view id) const;
  base::Result<std::optional<Node>> find_observation(std::string_view id) const;
  base::Result<std::optional<Node>> find_location_of_past(Kind kind, std::string_view id) const;

  base::Status streams(const twin::EntityRecord& thing, const Visit& visit, bool& goes_on) const;
  base::Status streams(const twin::EntityRecord& thing, const Visit& visit) const;
  base::Status locations(const twin::EntityRecord& thing, const Visit& visit, bool& goes_on) const;
  base::Status past_locations(const twin::EntityRecord& thing, const Visit& visit, bool& goes_on) const;
  base::Status streams_by(twin::Term relation, std::string_view id, const Visit& visit) const;
  base::Status streams_of_property(const Node& property, const Visit& visit) const;
  base::Status things_of(const Node& location, const Visit& visit) const;
  base::Status observations_of(const Node& feature, const Visit& visit) const;
  base::Status from_thing(const Node& node, const Navigation& way, const Visit& visit) const;
  base::Status from_location(const Node& node, const Navigation& way, const Visit& visit) const;
  base::Status from_datastream(const Node& node, const Navigation& way, const Visit& visit) const;
  base::Status from_observation(const Node& node, const Navigation& way, const Visit& visit) const;
  base::Status one(Kind kind, std::string_view id, const Visit& visit) const;

  std::optional<twin::Attribute> attribute_of(const twin::EntityRecord& record, twin::Term name,
                                              twin::Term dataset = {}) const;
  std::string text_of(const twin::EntityRecord& record, twin::Term name) const;
  Value held(const twin::EntityRecord& record, twin::Term name) const;
  std::string label_of(const twin::EntityRecord& record) const;
  Value other_properties(const twin::EntityRecord& record) const;
  base::Result<Value> datastream_property(const Node& node, std::string_view name) const;
  Value derived_property(const Node& node, std::string_view name) const;
  Value observation_property(const Node& node, std::string_view name) const;
  Value unit_of(const Node& node) const;
  base::Result<Value> observed_span(const Node& node) const;
  std::string sensor_of(const Node& datastream) const;
  std::string property_of(const Node& datastream) const;

  const ngsi_ld::Services& services_;
  const Reading& reading_;
  const ngsi_ld::TenantState& tenant_;
  base::Instant now_;
  const ogc::Effort& effort_;
  bool may_expire_;  // only the main branch as of now is swept
  StaTerms terms_;
};

}  // namespace cityloom::serve::sta
