// What registered sources have of the entities that are asked for, gathered before a read goes on with it.
// ETSI GS CIM 009 clauses 4.3.6, 5.7.1 - 5.7.4.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ngsi/merging.hpp"
#include "ngsi/query.hpp"
#include "ngsi/source_past.hpp"
#include "serve/ngsi/distribution.hpp"

namespace cityloom::serve::ngsi_ld {

/// What sources gave. Filled by one worker at a time, then only read.
class Gathered : public std::enable_shared_from_this<Gathered> {
 public:
  Gathered(const TenantState& tenant, const ngsi::ContextPointer& context);

  /// The tenant's names and those that only sources use.
  twin::TermTable& terms() { return terms_; }
  const twin::TermTable& terms() const { return terms_; }
  const ngsi::NamesPointer& names() const { return names_; }

  /// Whether any source was asked.
  bool any_source() const { return any_source_; }
  /// The entity with what is kept here of it; an empty record: nobody has it. Errors: too_large.
  base::Result<twin::EntityRecord> entity(std::string_view id, const twin::EntityRecord& here, base::Instant now) const;

  /// A page of what matches here and elsewhere: first what is kept here, in its order, then what each source has
  /// besides. `here`: the first offset + limit + 1 matches; `is_counted_here`: whether an entity is one of all those
  /// that match here. The count is exact as long as every source could be read to its end. Errors: too_large.
  base::Result<thread::QueryResult> page(const thread::QueryResult& here, const thread::Page& page,
                                         const std::function<base::Result<twin::EntityRecord>(std::string_view)>& find,
                                         const std::function<bool(const twin::EntityRecord&)>& wanted,
                                         const std::function<bool(const twin::EntityRecord&)>& is_counted_here,
                                         base::Instant now) const;

  /// What sources tell of an entity's past.
  struct Past {
    ngsi::SourcePast told;
    bool auxiliary = false;
    base::Instant known_to;  ///< it is complete up to here only; none: to its end
  };
  /// Those of one entity, in the order of the sources; nullptr: none tells of it.
  const std::vector<Past>* pasts_of(std::string_view id) const;
  /// What each source gave, in the order of their registrations.
  struct FromSource {
    std::string registration;  ///< its id
    std::vector<std::string> ids;
    bool complete = true;  ///< it has no more
    uint64_t count = 0;    ///< of all that it has, where that was asked for
  };
  const std::vector<FromSource>& sources() const { return sources_; }
  /// The registrations by which the entity was given, or a part of it.
  std::vector<std::string> holders_of(std::string_view id) const;
  const ngsi::ForeignInstances& instances() const { return instances_; }

  /// Adds NGSILD-Warning headers for sources that did not answer as they should.
  void add_warnings(Response& response) const;

  // What the gathering fills in.

  void add(size_t source, twin::Entity part, bool auxiliary);
  /// An entity that a page links to, and is not of the page.
  void add_linked(twin::Entity part, bool auxiliary);
  /// Whether sources are to be asked for a linked entity: each is asked for once, `linked_max` in all.
  bool begin_linked(std::string_view id);
  static constexpr size_t linked_max = 100;
  /// Errors: too_large (more instances of the past than one request may bring).
  base::Status add_past(size_t source, Past past);
  ngsi::ForeignInstances& instances() { return instances_; }
  FromSource& source(size_t index);
  void warn(std::string warning) { warnings_.push_back(std::move(warning)); }

 private:
  struct Part {
    twin::Entity entity;
    bool auxiliary = false;
    std::optional<size_t> source = {};  // none: it is only linked to
  };
  twin::TermTable terms_;
  ngsi::NamesPointer names_;
  twin::Term expires_at_;
  bool any_source_ = false;
  std::map<std::string, std::vector<Part>, std::less<>> parts_;
  std::set<std::string, std::less<>> linked_;  // that were asked for
  std::map<std::string, std::vector<Past>, std::less<>> pasts_;
  size_t past_instances_ = 0;
  ngsi::ForeignInstances instances_;
  std::vector<FromSource> sources_;
  std::vector<std::string> warnings_;
};

/// What is asked of the sources of a read.
struct Gather {
  ngsi::SourceQuery query;              ///< that they must match
  std::vector<std::string> attributes;  ///< that are wanted of them, expanded; empty: all
  ngsi::QueryParameters conditions;     ///< q, geo-query and scopeQ, as given; csf chooses the sources
  bool one = false;                     ///< an entity is retrieved by its id
  bool by_post = false;                 ///< asked by POST: sources that can are asked so too
  bool split = false;                   ///< entities may lie in pieces: conditions are for whoever has all pieces
  bool ordered = false;                 ///< an order is asked for
  bool mapped = false;                  ///< paged by an entity map: all of them are wanted
  bool linked = false;                  ///< entities are retrieved that others link to, each by its id
  /// The past is asked for: this of it. Sources are asked for instances, whatever is made of them here.
  std::optional<thread::HistoryQuery> past;
};

/// Begins to ask the sources that match and gives true: then `run` is called, from its beginning, with
/// `call.gathered()` set; or the call is answered. False: everything that is asked for is here, and `call` is as it
/// was.
bool gather(Call& call, const TenantState& tenant, const std::function<base::Result<Gather>()>& asked,
            void (*run)(Call));

/// Asks the sources that match for linked entities that are not here, likewise: true where any is asked. What was asked
/// for before is not asked for again.
bool gather_linked(Call& call, const TenantState& tenant, const std::vector<std::string>& ids, void (*run)(Call));

/// Whether sources were asked for what the call itself asks for.
inline bool has_sources(const Call& call) {
  return call.gathered() != nullptr && call.gathered()->any_source();
}
/// The terms that a read answers in: the tenant's, with those that only sources use.
inline const twin::TermTable& terms_for(const Call& call, const TenantState& tenant) {
  return call.gathered() ? call.gathered()->terms() : tenant.thread->terms();
}
/// The names of the same.
inline ngsi::NamesPointer names_for(const Call& call, const TenantState& tenant) {
  return call.gathered() ? call.gathered()->names() : tenant.names_in(call.context());
}

}  // namespace cityloom::serve::ngsi_ld
