// Creations of SensorThings, deep ones too, as changes of entities.
#pragma once

#include <simdjson.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/sta/model.hpp"
#include "thread/change.hpp"

namespace cityloom::serve::sta {

inline constexpr size_t planned_changes_max = 50'000;  ///< of one request

/// The resource that a set is created in, by navigation: Things('a')/Datastreams.
struct Within {
  const Node* node = nullptr;
};

/// A datastream that observations go to: there already, or planned.
struct StreamRef {
  std::string id;
  std::string thing_id;
  twin::Term attribute, dataset;
  std::string unit_symbol;
  std::optional<twin::Attribute> latest;
  std::optional<size_t> planned;  ///< the change that states the latest, if this request does
};

/// What was planned: the changes in their order, and the resource that the answer shows.
class Planner {
 public:
  /// `model` reads the state that the changes build on; terms are interned in `terms`.
  Planner(const Model& model, twin::TermTable& terms, base::Instant now);

  /// Plans one resource of a kind. Gives its id; of a historical location how it begins, for its end is the offset.
  /// Errors: invalid, unsupported, conflict, too_large, and those of the model.
  base::Result<std::string> create(Kind kind, simdjson::dom::element body, const Within& within);
  /// Plans an observation of a datastream.
  base::Result<std::string> observe(StreamRef& stream, simdjson::dom::element body, const Within& within);
  /// The datastream of an id. Errors: not_found.
  base::Result<StreamRef> stream_of(std::string_view id);
  /// The properties of a body as attributes, those that a kind has. `whole`: what the kind must have must be there.
  base::Result<std::vector<twin::Attribute>> properties_of(Kind kind, simdjson::dom::element body, bool whole) const;
  /// Sets a Thing's locations: links, and the geometry of the first that has one.
  base::Status locate(thread::Change& thing, const std::vector<std::string>& location_ids);
  /// The Sensor or ObservedProperty that a body links to or holds. Errors: invalid (none).
  base::Result<std::string> linked(Kind kind, simdjson::dom::element body, std::string_view name);

  /// A change that sets attributes of an entity, planned or there.
  thread::Change& change_of(const std::string& entity_id);
  /// An attribute that leads to an entity.
  twin::Attribute relationship(twin::Term name, std::string_view object, twin::Term dataset = {}) const;

  std::vector<thread::Change>& changes() { return changes_; }
  /// What a body says of an observation, as an instance of the datastream's attribute. Errors: invalid.
  base::Result<twin::Attribute> observation(const StreamRef& stream, simdjson::dom::element body) const;
  /// The last observation that was planned.
  const twin::Attribute& observed() const { return observed_; }
  const StaTerms& terms() const { return terms_; }

 private:
  base::Result<std::string> new_id(Kind kind, simdjson::dom::element body) const;
  base::Result<std::string> create_thing(simdjson::dom::element body, const Within& within);
  base::Result<std::string> create_plain(Kind kind, simdjson::dom::element body, const Within& within);
  base::Result<std::string> create_stream(simdjson::dom::element body, const Within& within);
  base::Result<std::string> create_observation(simdjson::dom::element body, const Within& within);
  base::Result<std::string> create_past_location(simdjson::dom::element body, const Within& within);
  base::Status create_streams(simdjson::dom::element body, const Within& within, std::string_view id, Kind of);
  base::Result<std::vector<std::string>> locations_of(simdjson::dom::element body);
  base::Result<twin::Term> attribute_for(std::string_view property_id) const;
  base::Status add_feature(StreamRef& stream, simdjson::dom::element body, const Within& within,
                           twin::Attribute& instance);
  bool is_used(const std::string& thing_id, twin::Term attribute, twin::Term dataset) const;
  base::Result<twin::Term> intern(std::string_view text) const;
  const thread::Change* planned(std::string_view entity_id) const;
  base::Status check_size() const;
  static base::Status check_names(Kind kind, simdjson::dom::element body);

  const Model& model_;
  twin::TermTable& table_;
  base::Instant now_;
  StaTerms terms_;
  std::vector<thread::Change> changes_;
  std::map<std::string, size_t, std::less<>> change_of_entity_;
  std::map<std::string, StreamRef, std::less<>> streams_;  // planned ones
  std::map<Kind, std::string> given_;  // what a nested resource is within: its id stands for a missing link
  twin::Attribute observed_;
};

/// A JSON value as an attribute holds it. Errors: invalid (null).
base::Result<twin::Value> held_value(simdjson::dom::element value, std::string_view where);

}  // namespace cityloom::serve::sta
