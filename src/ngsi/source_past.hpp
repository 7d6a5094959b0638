// The past of entities as registered sources tell it: read, and made one with what others tell.
// ETSI GS CIM 009 clauses 4.3.6, 4.5.5, 5.7.3, 5.7.4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "ngsi/represent.hpp"
#include "thread/snapshot.hpp"
#include "twin/term.hpp"

namespace cityloom::ngsi {

/// The ids of instances that are kept elsewhere. In this process each has a key that no instance of the own record has.
class ForeignInstances {
 public:
  /// Keeps an id; gives its key.
  thread::PastKey add(std::string id);
  /// The id of an instance: the kept one, or that of the own record.
  std::string id_of(const thread::PastAttribute& attribute) const;

 private:
  std::vector<std::string> ids_;
};

/// The id under which an instance of a source is told here. Two brokers may give the same id to different instances: it
/// names the registration too, so that a correction finds the one that is meant.
std::string foreign_instance_id(std::string_view registration_id, std::string_view instance_id);

/// Such an id taken apart.
struct ForeignInstanceName {
  std::string registration_id, instance_id;
};
/// Nothing: it is no such id.
std::optional<ForeignInstanceName> parse_foreign_instance_id(std::string_view id);

/// As append_temporal_entity, of an entity of which sources tell too.
bool append_temporal_entity(const TemporalEntity& entity, TemporalFormat format, const Representation& how,
                            thread::TimeProperty time_property, const Names& names, const ForeignInstances& foreign,
                            std::string& to);

/// An entity's past as one source tells it.
struct SourcePast {
  std::string id;
  std::vector<twin::Term> types;
  std::vector<std::string> scopes;  ///< of which no time is told; those with a time are a history of terms::scope
  base::Instant created_at, modified_at;
  std::vector<thread::AttributeHistory> attributes;  ///< instances in the order in which they were told
};

/// One item of a source's answer, in normalized or concise form. Names are interned in `terms`, which should not be the
/// tenant's own; ids of instances go to `instances`, as told of `registration_id`. Errors: invalid, too_large.
base::Result<SourcePast> read_source_past(const Body& body, size_t item, const Context& context, twin::TermTable& terms,
                                          std::string_view registration_id, ForeignInstances& instances);

/// The time of an instance that a window of this property is about; none if it has none.
base::Instant time_of(const twin::Attribute& attribute, thread::TimeProperty property);

/// Adds histories to others. Of instances with the same name, dataset and time the one that was modified later counts,
/// else the one that is there; an auxiliary one never counts against another. Leaves them without order.
void merge_histories(std::vector<thread::AttributeHistory> from, thread::TimeProperty property, bool auxiliary,
                     std::vector<thread::AttributeHistory>& to);

/// Puts instances into the order of the query's time, and leaves of each attribute as many as it asks for: the last N,
/// or the first `limit`. What is past `limit` is said by `more`. Empty histories go.
void order_histories(const thread::HistoryQuery& query, std::vector<thread::AttributeHistory>& histories);

}  // namespace cityloom::ngsi
