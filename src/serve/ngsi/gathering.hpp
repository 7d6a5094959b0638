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
  /// The entity with what is kept here of it, which was read after the sources were; an empty record: nobody has it.
  /// Errors: too_large.
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
    std::string registration;
    ngsi::SourcePast told;
    bool auxiliary = false;
    base::Instant known_to;  ///< it is complete up to here only; none: to its end
  };
  /// Whether any source tells of this entity's past.
  bool tells_of(std::string_view id) const { return pasts_.contains(id); }
  /// What they tell, in the order of the sources. Cost: a copy.
  std::vector<Past> pasts_of(std::string_view id) const;
  /// What each source gave, in the order of their registrations.
  struct FromSource {
    std::vector<std::string> ids;
    bool complete = true;  ///< it has no more
    uint64_t count = 0;    ///< of all that it has, where that was asked for
  };
  const std::vector<FromSource>& sources() const { return sources_; }
  /// Whether a source that was asked for what the call asks for has the entity.
  bool is_told(std::string_view id) const { return !holders_of(id).empty(); }
  /// The registrations of those sources.
  std::vector<std::string> holders_of(std::string_view id) const;
  const ngsi::ForeignInstances& instances() const { return instances_; }
  /// How many parts of entities and instances of their past it holds.
  size_t held() const;

  /// Adds NGSILD-Warning headers for sources that did not answer as they should.
  void add_warnings(Response& response) const;

  // What the gathering fills in.

  void add(size_t source, const ngsi::Registration& registration, twin::Entity part);
  /// An entity that a page links to, and is not of the page.
  void add_linked(twin::Entity part, bool auxiliary);
  /// Remembers that sources were asked for a linked entity: each is asked for once, `linked_max` in all.
  void begin_linked(std::string_view id) { linked_.emplace(id); }
  bool has_asked_for(std::string_view id) const { return linked_.contains(id); }
  size_t linked_count() const { return linked_.size(); }
  static constexpr size_t linked_max = 1'000;
  /// Errors: too_large (more instances of the past than one request may bring).
  base::Status add_past(size_t source, Past past);
  ngsi::ForeignInstances& instances() { return instances_; }
  FromSource& source(size_t index);
  bool is_of_page = false;  ///< sources were asked for a page of an entity map alone
  void warn(std::string warning) { warnings_.push_back(std::move(warning)); }

 private:
  struct Part {
    std::string registration;  // none: of what others link to
    twin::Entity entity;
    bool auxiliary = false;
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
  bool has_links = false;               ///< q is of linked entities too, which are looked up here
  bool for_map = false;                 ///< an entity map is to be made: all that match are needed
  /// Only these sources are asked, by the entity map that pages are taken from.
  std::optional<std::set<std::string>> registrations;
  bool ordered = false;  ///< an order is asked for
  bool linked = false;   ///< entities are retrieved that others link to, each by its id
  /// The past is asked for: this of it. Sources are asked for instances, whatever is made of them here.
  std::optional<thread::HistoryQuery> past;

  /// Makes it about the past.
  void ask_of_past(const thread::HistoryQuery& history) {
    const thread::TimeWindow& window = history.window;
    if (window.from.exists() || window.to.exists()) query.window = window;
    query.of_the_past = true;
    past = history;
  }
  /// Whether what sources give is still to be judged here.
  bool is_judged_here() const { return split || has_links; }
};

/// That of a retrieval, or of a query by parameters. Errors: as of parse_query.
base::Result<Gather> gather_of(const Call& call, bool one);
/// That of a query by POST. Errors: as of parse_query_body.
base::Result<Gather> gather_of_body(const Call& call, const ngsi::Body& body, const ngsi::QueryBody& asked);

/// What goes on with a call when sources have answered.
using Run = std::function<void(Call)>;

/// Begins to ask the sources that match and gives true: then `run` is called, from its beginning, with
/// `call.gathered()` set; or the call is answered. False: everything that is asked for is here, and `call` is as it
/// was.
bool gather(Call& call, const TenantState& tenant, const std::function<base::Result<Gather>()>& asked, Run run);

/// A linked entity, and the sources that are to be asked for it.
struct LinkedWanted {
  std::string id;
  std::vector<SourcePointer> sources;
};
/// Whether a source can be asked for linked entities.
bool gives_linked(const ngsi::Registration& registration);

/// Asks sources for linked entities, likewise: false where there are none to be asked for. Many of one source are asked
/// for together, where it can query.
bool gather_linked(Call& call, const TenantState& tenant, const std::vector<LinkedWanted>& wanted, Run run);

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
