// Snapshots: the city as of one offset on one branch, immutable to its reader.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "thread/change.hpp"
#include "thread/commit.hpp"
#include "thread/series_codec.hpp"
#include "thread/thinning.hpp"
#include "twin/query.hpp"

namespace cityloom::thread {

class Views;

/// A page of a query's answer. Order: entity numbers, that is, order of first creation; stable while the city changes.
struct QueryResult {
  std::vector<twin::EntityRecord> records;
  uint64_t count = 0;  ///< of all matches, if asked for; else 0
  bool more = false;   ///< whether matches remain after this page
};

struct Page {  ///< which part of an answer is asked for
  size_t offset = 0;
  size_t limit = 20;  ///< 0: only count
  bool count = false;
};

/// How much a read may do. Past it the read fails with `cancelled`; the default is no bound.
struct Bounds {
  size_t records_max = SIZE_MAX;            ///< looked at
  std::function<bool()> goes_on = nullptr;  ///< asked about every hundred records; false ends the read
};

/// Which of an attribute's times a time window is about.
/// deleted_at asks for the ends of attributes: instances without a value whose modified_at is when they ended.
enum class TimeProperty : uint8_t { observed_at, created_at, modified_at, deleted_at };

/// from <= t < to; none is open.
struct TimeWindow {
  TimeProperty property = TimeProperty::observed_at;
  base::Instant from;
  base::Instant to;
};

/// What of an entity's history is asked for.
struct HistoryQuery {
  std::vector<twin::Term> attributes;  ///< empty: all
  TimeWindow window;
  size_t last_n = 0;                 ///< the latest N instances of each attribute; 0: the first `limit`
  bool with_recorded_times = false;  ///< fill modified_at of numbers too: costs a read of the commit an instance
  size_t limit = 10'000;             ///< instances of each attribute at most
};

/// An instance of the past, and which it is.
struct PastAttribute : twin::Attribute {
  PastKey key;
  uint64_t stands_for = 1;  ///< more: of a thinned period, it stands for so many
};

/// One attribute's past, in order of the window's time property (descending when last_n is asked).
struct AttributeHistory {
  twin::Term name;
  twin::Term dataset;
  std::vector<PastAttribute> instances;
  bool more = false;  ///< the limit cut it
};

/// What an entity that has ended, or was only ever told of, was.
struct PastHead {
  std::vector<twin::Term> types;  ///< at its last end; empty: it has not ended
  std::vector<std::string> scopes;
  base::Instant created_at, modified_at;
  Offset offset;        ///< of its last end
  Offset removed_upto;  ///< all that was stated of it up to here was taken out of its past
};

/// Hears what of an entity's past lies in a window, in no order. Called by the worker that asks.
class PastVisitor {
 public:
  virtual ~PastVisitor() = default;
  /// Numbers of one series that all lie in the window, by their summary. False: they are wanted one by one.
  virtual bool numbers(twin::Term name, twin::Term dataset, const ChunkSummary& summary) = 0;
  /// One number, and the time that the window is about.
  virtual void number(twin::Term name, twin::Term dataset, base::Instant at, double value) = 0;
  /// Any other instance, or a number of which more than the value may be wanted.
  virtual void instance(const twin::Attribute& attribute, base::Instant at) = 0;
  /// The instance that a thinned period has kept, and what all of its instances came to. Else it is one as any other.
  virtual void thinned(const twin::Attribute& kept, base::Instant at, const ChunkSummary&) { instance(kept, at); }
  /// False ends the visit.
  virtual bool goes_on() { return true; }
};

/// Reads as of one offset. Cheap to make and copy; holds nothing back: the appender goes on, and where a record has
/// moved on since, the state is read back from history. Any worker; not to outlive its Thread.
class Snapshot {
 public:
  Snapshot(const Views& views, BranchId branch, Offset offset, base::Instant time)
      : views_(&views), branch_(branch), offset_(offset), time_(time) {}

  BranchId branch() const { return branch_; }
  Offset offset() const { return offset_; }
  /// The recorded time of the commit at this offset (or of asking, for the latest).
  base::Instant time() const { return time_; }

  /// The entity, or an empty record. Cost: a hash lookup when it has not changed since; else one read per attribute.
  base::Result<twin::EntityRecord> find(std::string_view entity_id) const;
  base::Result<twin::EntityRecord> find(twin::EntityNumber number) const;  ///< likewise

  /// The number of an id, also of one that has ended; nothing if it never existed here. Cost: a hash lookup.
  std::optional<twin::EntityNumber> number_of(std::string_view entity_id) const;

  /// All matches, a page of them. Uses the type and place indexes, else looks at every entity. Errors: cancelled.
  base::Result<QueryResult> query(const twin::Query& query, const Page& page, const Bounds& bounds = {}) const;

  /// The matches' records one after another until `visit` returns false: for exports and tiles. Errors: cancelled.
  base::Status each(const twin::Query& query, const std::function<bool(const twin::EntityRecord&)>& visit,
                    const Bounds& bounds = {}) const;

  /// Entities per type, main types first by count. Cost: one bitmap count a type (latest), else a walk.
  base::Result<std::vector<std::pair<twin::Term, uint64_t>>> types() const;

  /// The history of one entity (also of one that has ended) up to this snapshot. Empty if it never existed.
  base::Result<std::vector<AttributeHistory>> history(std::string_view entity_id, const HistoryQuery& query) const;

  /// What the entity was when it last ended, and up to where its past was taken out.
  base::Result<PastHead> head_of_past(std::string_view entity_id) const;

  /// One instance of the past as it is told here, or nothing. Cost: a chunk of its series.
  base::Result<std::optional<PastAttribute>> past_instance(std::string_view entity_id, twin::Term name,
                                                           twin::Term dataset, const PastKey& key) const;

  /// Tells each instance that `history` would give without lastN and limit, once. Ends of attributes (deleted_at) are
  /// not told: invalid. Cost: by observed time about 20 ns a number; else a read of its commit an instance.
  base::Status visit_past(std::string_view entity_id, const HistoryQuery& query, PastVisitor& visitor) const;

  /// What was thinned of an entity's past, in the order in which it was; also after this snapshot, for it is gone here
  /// too. Cost: one look where nothing was.
  base::Result<std::vector<Thinning>> thinnings(std::string_view entity_id) const;

  /// The series of an entity's past on this snapshot's own branch. Cost: some looks.
  base::Result<std::vector<PastSeries>> past_series(std::string_view entity_id) const;

  /// What thinning the first part of a stretch of one series would take out, for `Change::Kind::thin_past`. Nothing is
  /// changed. Reads at most `ThinningRequest::chunks_max` chunks. Errors: corrupt, unavailable.
  base::Result<PlannedThinning> plan_thinning(std::string_view entity_id, const ThinningRequest& request) const;

  /// Calls `visit` with the ids of entities that match the query's ids, types and id pattern now or ever before, until
  /// it returns false: candidates of temporal queries. Errors: cancelled.
  base::Status each_ever(const twin::Query& query, const std::function<bool(std::string_view id)>& visit,
                         const Bounds& bounds = {}) const;

 private:
  const Views* views_;
  BranchId branch_;
  Offset offset_;
  base::Instant time_;
};

}  // namespace cityloom::thread
