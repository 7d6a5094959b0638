// Aggregated values of an entity's past. ETSI GS CIM 009 clause 4.5.19.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.hpp"
#include "ngsi/represent.hpp"
#include "thread/snapshot.hpp"

namespace cityloom::ngsi {

/// How values of one period are made one (tables 4.5.19.1-1 to -3). Of a number (true is 1, false 0) all methods have
/// a value, of an array those of its size; of a string, a date and a time min and max in the order of its bytes
/// and the counts; of anything else, a relationship too, the counts. stddev is that of the values themselves, not of a
/// sample of them.
enum class AggregateMethod : uint8_t { avg, distinct_count, max, min, stddev, sum, sumsq, total_count };

/// A duration as the calendar has it: so many months, then so much time. All 0: the whole of what is asked for.
struct Period {
  int64_t months = 0;
  int64_t microseconds = 0;

  bool is_whole() const { return months == 0 && microseconds == 0; }
  /// The start of period `index`, counted from `anchor`: a month that lacks the day ends on its last. None lies after
  /// the last time that can be written, in the year 9999.
  base::Instant start(base::Instant anchor, int64_t index) const;
  /// Which period a time lies in, from its start on and before its end. Not of the whole. Cost: some nanoseconds, of
  /// months some hundreds.
  int64_t index(base::Instant anchor, base::Instant at) const;
  bool operator==(const Period&) const = default;
};

/// Reads an ISO 8601 duration of the forms P[n]Y[n]M[n]DT[n]H[n]M[n]S and P[n]W; seconds may have a fraction. Errors:
/// invalid, also above 10,000 years and finer than a microsecond.
base::Result<Period> parse_period(std::string_view text);

/// What is asked for by aggrMethods and aggrPeriodDuration.
struct Aggregation {
  std::vector<AggregateMethod> methods;  ///< in the order in which they were asked for; at least one
  Period period;
};
/// Reads both parameters; without a duration it is the whole. Errors: invalid, with the parameter in `where`.
base::Result<Aggregation> parse_aggregation(const std::optional<std::string>& methods,
                                            const std::optional<std::string>& duration);

/// The past of one entity on its way into periods. Where the window has no start periods are counted from the first
/// instance of the entity, so that those of all its attributes are the same.
class PastAggregates final : public thread::PastVisitor {
 public:
  static constexpr size_t periods_max = 100'000;     ///< that hold something, of all attributes together
  static constexpr size_t distinct_max = 2'000'000;  ///< different values kept for distinctCount

  /// What is asked for must live on.
  PastAggregates(const Aggregation& asked, const thread::TimeWindow& window) : asked_(asked), window_(window) {}

  /// Reads the past of an entity, of these parts of the window. Errors: too_large, and those of Snapshot::visit_past.
  base::Status read(const thread::Snapshot& snapshot, std::string_view entity_id, thread::HistoryQuery query,
                    const std::vector<thread::TimeWindow>& parts);
  /// Takes instances that were read otherwise: the last N.
  base::Status take(const std::vector<thread::AttributeHistory>& histories);

  bool is_empty() const { return series_.empty(); }
  size_t period_count() const { return periods_; }
  /// Appends the member "name":{...} of an object for each attribute that the representation keeps.
  void append(const Representation& how, const Names& names, std::string& to) const;

 private:
  struct Values {
    uint64_t total = 0;
    uint64_t count = 0;  // of numbers and sizes, of which the rest is
    double sum = 0, sum_of_squares = 0, minimum = 0, maximum = 0;
    double mean = 0, deviations = 0;  // where stddev is asked for: the mean so far, squared distances from it added up
    std::optional<std::string> least, greatest;  // of strings
    std::unordered_set<std::string> distinct;    // where asked for
  };
  struct Series {
    twin::AttributeKind kind = twin::AttributeKind::property;
    std::map<int64_t, Values> periods;
    int64_t index = 0;  // that of the last value, which the next mostly shares
    base::Instant from, to;
    Values* values = nullptr;
  };
  using Key = std::pair<twin::Term, twin::Term>;

  bool numbers(twin::Term name, twin::Term dataset, const thread::ChunkSummary& summary) override;
  void number(twin::Term name, twin::Term dataset, base::Instant at, double value) override;
  void instance(const twin::Attribute& attribute, base::Instant at) override;
  void thinned(const twin::Attribute& kept, base::Instant at, const thread::ChunkSummary& over) override;
  bool goes_on() override { return !too_many_; }

  bool asks_for(AggregateMethod method) const;
  void add_number(Values& values, double number) const;
  static void add_numbers(Values& values, const thread::ChunkSummary& all);
  Series& series_of(twin::Term name, twin::Term dataset);
  Values* values_at(Series& series, base::Instant at);
  void count_distinct(Values& values, std::string key);
  void append_object(const Key& key, const Series& series, const Names& names, std::string& to) const;
  void append_method(AggregateMethod method, const Series& series, std::string& to) const;
  bool append_value(AggregateMethod method, const Values& values, std::string& to) const;
  base::Status outcome() const;

  const Aggregation& asked_;
  thread::TimeWindow window_;
  base::Instant anchor_, last_;
  std::map<Key, Series> series_;
  Series* recent_ = nullptr;  // with its key: chunks tell many of one series
  Key recent_key_;
  size_t periods_ = 0, distinct_ = 0;
  bool too_many_ = false;
};

}  // namespace cityloom::ngsi
