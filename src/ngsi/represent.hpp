// Entities and their history written as NGSI-LD JSON. ETSI GS CIM 009 clauses 4.5, 4.21.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ngsi/json.hpp"
#include "ngsi/names.hpp"
#include "thread/snapshot.hpp"
#include "twin/entity.hpp"

namespace cityloom::ngsi {

/// The three forms of an entity (clauses 4.5.2 - 4.5.4).
enum class Format : uint8_t { normalized, concise, simplified };

/// Which members of an entity are written. Nothing set: all.
struct Projection {
  std::vector<twin::Term> pick;  ///< attributes to write; empty and !pick_given: all
  std::vector<twin::Term> omit;  ///< attributes not to write
  bool pick_given = false;       ///< with `pick` (or attrs) only what it names is written
  bool keeps_id = true, keeps_type = true, keeps_scope = true;
  twin::Term link;                 ///< of a projection within another: the relationship that leads to what it is of
  std::vector<Projection> linked;  ///< of linked entities, each by its link (clause 4.21: "inCity{name}")

  /// Whether an attribute of this name is written.
  bool writes(twin::Term name) const;
  /// That of the entities that a relationship leads to; nullptr: all of them.
  const Projection* of_link(twin::Term name) const;
  /// How many links deep it goes; 0: it is of the entity alone.
  unsigned depth() const;
  bool operator==(const Projection&) const = default;
};

class LinkedEntities;

/// How entities are written.
struct Representation {
  Format format = Format::normalized;
  bool sys_attrs = false;  ///< createdAt, modifiedAt
  base::Instant now;       ///< attributes whose expiresAt has come by then are left out; none: no matter
  Projection projection;
  std::string language;  ///< of the parameter lang: LanguageProperty becomes a Property in that language
  std::vector<twin::Term>
      datasets;  ///< of the parameter datasetId: only these instances; Term{} is the default ("@none")
  bool datasets_given = false;
  twin::Term geometry_property = twin::terms::location;  ///< of GeoJSON
  std::string geometry_dataset;                          ///< of GeoJSON, with several instances
  std::string_view context_json;                         ///< not empty: written as member "@context" of each entity
  LinkedEntities* linked = nullptr;                      ///< written inline, with the relationships that lead to them
};

/// Appends one entity as JSON-LD. Cost: about a microsecond a kilobyte; no allocation but growth of `to`.
void append_entity(const twin::EntityRecord& record, const Representation& how, const Names& names, std::string& to);

/// Appends a JSON array of entities.
void append_entities(const std::vector<twin::EntityRecord>& records, const Representation& how, const Names& names,
                     std::string& to);

/// A linked entity that is written beside what links to it. The projection must live on; nullptr: all of it.
struct LinkedRecord {
  twin::EntityRecord record;
  const Projection* projection = nullptr;
};
/// Appends a JSON array of both.
void append_entities(const std::vector<twin::EntityRecord>& records, const std::vector<LinkedRecord>& beside,
                     const Representation& how, const Names& names, std::string& to);

/// Appends a GeoJSON Feature (clause 4.5.16), in normalized, concise or simplified form of its properties.
/// `context_json` stands at the top level.
void append_feature(const twin::EntityRecord& record, const Representation& how, const Names& names, std::string& to);

/// Appends a GeoJSON FeatureCollection.
void append_features(const std::vector<twin::EntityRecord>& records, const Representation& how, const Names& names,
                     std::string& to);
/// The same of both.
void append_features(const std::vector<twin::EntityRecord>& records, const std::vector<LinkedRecord>& beside,
                     const Representation& how, const Names& names, std::string& to);

/// Whether the projection leaves any attribute of a record: a retrieval with attrs of which none is there is "not
/// found".
bool has_any_attribute(const twin::EntityRecord& record, const Representation& how);
/// Whether id, type, scope or an attribute of a record is written: a retrieval of which pick and omit leave none is
/// "not found", as one with attrs is.
bool has_any_member(const twin::EntityRecord& record, const Representation& how);

/// One attribute, all its instances (object or array), as it stands in an entity; false if there is none.
bool append_attribute(const twin::EntityRecord& record, twin::Term name, const Representation& how, const Names& names,
                      std::string& to);

class PastAggregates;

/// An entity and its past: what a temporal answer is made of.
struct TemporalEntity {
  std::string_view id;
  std::vector<twin::Term> types;
  std::vector<std::string> scopes;
  std::vector<thread::AttributeHistory> attributes;
  base::Instant created_at, modified_at;       ///< written with sysAttrs where they exist
  const PastAggregates* aggregates = nullptr;  ///< written instead of the attributes
};

enum class TemporalFormat : uint8_t { normalized, concise, simplified };  ///< simplified: temporalValues

/// Appends a temporal entity (clauses 4.5.6 - 4.5.9). `time_property` names the time of each value in simplified form.
/// Whether id, type, scope or an attribute was written.
bool append_temporal_entity(const TemporalEntity& entity, TemporalFormat format, const Representation& how,
                            thread::TimeProperty time_property, const Names& names, std::string& to);

/// The id of one instance in temporal answers, unique within an entity: offset, name and dataset, and of what was
/// stated of the past the observed time: "urn:ngsi-ld:instance:12-34-0-1700000000000000".
std::string instance_id(const thread::PastAttribute& attribute);

/// An instance id taken apart.
struct PastInstanceName {
  twin::Term name, dataset;
  thread::PastKey key;
};
/// Nothing: no id that `instance_id` gave.
std::optional<PastInstanceName> parse_instance_id(std::string_view id);

}  // namespace cityloom::ngsi
