// Aggregated values: durations, periods and what falls into them.
#include "ngsi/aggregation.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>

#include "ngsi/kinds.hpp"
#include "ngsi/past_scope.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using base::Code;
using base::Instant;
using base::Result;
using base::Status;
using twin::Term;

constexpr int64_t day_us = 86'400'000'000;

struct MethodName {
  std::string_view name;
  AggregateMethod method;
};
constexpr std::array<MethodName, 8> method_names = {{{"avg", AggregateMethod::avg},
                                                     {"distinctCount", AggregateMethod::distinct_count},
                                                     {"max", AggregateMethod::max},
                                                     {"min", AggregateMethod::min},
                                                     {"stddev", AggregateMethod::stddev},
                                                     {"sum", AggregateMethod::sum},
                                                     {"sumsq", AggregateMethod::sumsq},
                                                     {"totalCount", AggregateMethod::total_count}}};

std::string_view name_of(AggregateMethod method) {
  return method_names[static_cast<size_t>(method)].name;
}

// One element of a duration: how many of what a letter means.
struct DurationPart {
  char letter;
  int64_t months;
  int64_t microseconds;
};
constexpr std::array<DurationPart, 3> date_parts = {{{'Y', 12, 0}, {'M', 1, 0}, {'D', 0, day_us}}};
constexpr std::array<DurationPart, 1> week_parts = {{{'W', 0, 7 * day_us}}};
constexpr std::array<DurationPart, 3> time_parts = {
    {{'H', 0, 3'600'000'000}, {'M', 0, 60'000'000}, {'S', 0, 1'000'000}}};

// Reads "[n]X[n]Y..." with the letters in the order of `parts`, as far as they go. False where something else stands.
template <size_t Count>
bool read_parts(std::string_view text, const std::array<DurationPart, Count>& parts, Period& period) {
  size_t next = 0;
  while (!text.empty()) {
    int64_t whole = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (failure != std::errc() || whole < 0 || whole > 10'000'000'000 || text.front() == '-') return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    int64_t fraction_us = 0;
    if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
      text.remove_prefix(1);
      size_t digits = 0;
      for (int64_t unit = 100'000; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        if (unit == 0 && text[digits] != '0') return false;  // finer than times are
        fraction_us += (text[digits] - '0') * unit;
        unit /= 10;
      }
      if (digits == 0 || digits == text.size() || text[digits] != 'S') return false;
      text.remove_prefix(digits);
    }
    if (text.empty()) return false;
    while (next < Count && parts[next].letter != text.front()) ++next;
    if (next == Count) return false;
    constexpr double most_us = 10'000 * 366.0 * day_us;
    if (static_cast<double>(whole) * static_cast<double>(parts[next].microseconds) > most_us) return false;
    period.months += whole * parts[next].months;
    period.microseconds += whole * parts[next].microseconds + fraction_us;
    ++next;
    text.remove_prefix(1);
  }
  return true;
}

Instant time_of(const twin::Attribute& attribute, thread::TimeProperty property) {
  return property == thread::TimeProperty::observed_at ? attribute.observed_at : attribute.modified_at;
}

// Finds when the past of an entity begins.
class FirstInstant final : public thread::PastVisitor {
 public:
  bool numbers(Term, Term, const thread::ChunkSummary& summary) override {
    take(summary.first_observed_at);
    return true;
  }
  void number(Term, Term, Instant at, double) override { take(at); }
  void instance(const twin::Attribute&, Instant at) override { take(at); }
  void thinned(const twin::Attribute&, Instant at, const thread::ChunkSummary& over) override {
    take(at);
    take(over.first_observed_at);
  }
  Instant first;

 private:
  void take(Instant at) {
    if (at.exists() && (!first.exists() || at < first)) first = at;
  }
};

// What a value is to the methods.
struct Weighed {
  std::optional<double> number;     // of a number, a truth value, an array's size
  std::optional<std::string> text;  // to order by
  std::string key;                  // equal values have equal keys
};

Weighed weigh_json(const std::string& json, twin::AttributeKind kind) {
  Weighed weighed{{}, {}, "j" + json};
  const bool is_list = kind == twin::AttributeKind::property || kind == twin::AttributeKind::list_property;
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (!is_list || parser.parse(json).get(element) != simdjson::SUCCESS) return weighed;
  if (simdjson::dom::array array; element.get(array) == simdjson::SUCCESS) {
    weighed.number = static_cast<double>(array.size());
  }
  // Dates and times of the forms that the standard asks for are in order as their texts are.
  std::string_view type, value;
  if (element["@type"].get(type) == simdjson::SUCCESS && element["@value"].get(value) == simdjson::SUCCESS &&
      (type == "DateTime" || type == "Date" || type == "Time")) {
    weighed.text = value;
  }
  return weighed;
}

Weighed weigh(const twin::Attribute& attribute) {
  const double number = twin::as_number(attribute.value);
  if (number == number) {
    return {number, {}, "n" + std::to_string(std::bit_cast<uint64_t>(number))};
  }
  if (const auto* truth = std::get_if<bool>(&attribute.value)) return {*truth ? 1.0 : 0.0, {}, *truth ? "t" : "f"};
  if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    Weighed weighed{{}, {}, "s" + *text};
    if (attribute.kind == twin::AttributeKind::property) weighed.text = *text;
    return weighed;
  }
  if (const auto* json = std::get_if<twin::Json>(&attribute.value)) return weigh_json(json->text, attribute.kind);
  Weighed weighed;
  if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value)) append_geometry(*geometry, weighed.key);
  return weighed;
}

// The end of the year 9999: a later time has no text.
constexpr Instant last_instant{253'402'300'799'999'999};

}  // namespace

Instant Period::start(Instant anchor, int64_t index) const {
  if (months == 0) return std::min(last_instant, Instant{anchor.microseconds + index * microseconds});
  using std::chrono::days;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(anchor.microseconds)};
  const auto day = std::chrono::floor<days>(time);
  std::chrono::year_month_day date{day};
  date += std::chrono::months(index * months);
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  const auto moved = std::chrono::sys_days(date) + (time - day) + std::chrono::microseconds(index * microseconds);
  return std::min(last_instant, Instant{moved.time_since_epoch().count()});
}

int64_t Period::index(Instant anchor, Instant at) const {
  const int64_t since_us = at.microseconds - anchor.microseconds;
  if (months == 0) return since_us / microseconds - (since_us % microseconds < 0 ? 1 : 0);
  constexpr double month_us = 30.436875 * static_cast<double>(day_us);
  const double length_us = static_cast<double>(months) * month_us + static_cast<double>(microseconds);
  auto index = static_cast<int64_t>(std::floor(static_cast<double>(since_us) / length_us));
  while (start(anchor, index) > at) --index;
  while (start(anchor, index + 1) <= at && at < last_instant) ++index;
  return index;
}

Result<Period> parse_period(std::string_view text) {
  const auto refused = [&] {
    return base::fail(Code::invalid, "not a duration: " + std::string(text.substr(0, 40)), "aggrPeriodDuration",
                      "write for example PT1H, P1D or P1M");
  };
  if (text.size() < 3 || text.front() != 'P') return refused();
  Period period;
  const size_t time_at = text.find('T');
  const std::string_view date = text.substr(1, time_at == std::string_view::npos ? time_at : time_at - 1);
  const std::string_view time = time_at == std::string_view::npos ? "" : text.substr(time_at + 1);
  if (time_at != std::string_view::npos && time.empty()) return refused();
  const bool are_weeks = time.empty() && date.ends_with('W');
  if (!(are_weeks ? read_parts(date, week_parts, period) : read_parts(date, date_parts, period))) return refused();
  if (!read_parts(time, time_parts, period) || period.months > 120'000) return refused();
  return period;
}

Result<Aggregation> parse_aggregation(const std::optional<std::string>& methods,
                                      const std::optional<std::string>& duration) {
  Aggregation asked;
  if (!methods || methods->empty()) {
    return base::fail(Code::invalid, "aggregated values need methods", "aggrMethods", "give for example avg,max");
  }
  std::string_view left = *methods;
  for (bool more = true; more;) {
    const size_t comma = left.find(',');
    more = comma != std::string_view::npos;
    const std::string_view name = left.substr(0, comma);
    left.remove_prefix(more ? comma + 1 : left.size());
    const auto* found =
        std::find_if(method_names.begin(), method_names.end(), [&](const MethodName& one) { return one.name == name; });
    if (found == method_names.end()) {
      return base::fail(Code::invalid, "not a method: " + std::string(name.substr(0, 40)), "aggrMethods",
                        "use avg, distinctCount, max, min, stddev, sum, sumsq, totalCount");
    }
    if (std::find(asked.methods.begin(), asked.methods.end(), found->method) == asked.methods.end()) {
      asked.methods.push_back(found->method);
    }
  }
  if (duration) {
    const auto period = parse_period(*duration);
    if (!period) return period.error();
    asked.period = *period;
  }
  return asked;
}

Status PastAggregates::read(const thread::Snapshot& snapshot, std::string_view entity_id, thread::HistoryQuery query,
                            const std::vector<thread::TimeWindow>& parts) {
  const auto visit = [&](thread::PastVisitor& visitor) -> Status {
    for (const thread::TimeWindow& part : parts) {
      query.window = part;
      if (auto status = snapshot.visit_past(entity_id, query, visitor); !status) return status;
    }
    return {};
  };
  anchor_ = window_.from;
  if (!anchor_.exists() && !asked_.period.is_whole()) {
    FirstInstant first;
    if (auto status = visit(first); !status) return status;
    anchor_ = first.first;
  }
  if (auto status = visit(*this); !status) return status;
  return outcome();
}

Status PastAggregates::take(const std::vector<thread::AttributeHistory>& histories) {
  anchor_ = window_.from;
  const auto each = [&](const auto& visit) {
    for (const thread::AttributeHistory& history : histories) {
      for (const twin::Attribute& attribute : history.instances) visit(attribute, time_of(attribute, window_.property));
    }
  };
  if (!anchor_.exists()) {
    each([&](const twin::Attribute&, Instant at) {
      if (at.exists() && (!anchor_.exists() || at < anchor_)) anchor_ = at;
    });
  }
  each([&](const twin::Attribute& attribute, Instant at) { instance(attribute, at); });
  return outcome();
}

Status PastAggregates::outcome() const {
  if (!too_many_) return {};
  return base::fail(Code::too_large,
                    "the answer has more than " + std::to_string(periods_max) + " periods or " +
                        std::to_string(distinct_max) + " different values",
                    "aggrPeriodDuration", "ask for longer periods or a shorter time");
}

bool PastAggregates::asks_for(AggregateMethod method) const {
  return std::find(asked_.methods.begin(), asked_.methods.end(), method) != asked_.methods.end();
}

PastAggregates::Series& PastAggregates::series_of(Term name, Term dataset) {
  const Key key{name, dataset};
  if (recent_ == nullptr || recent_key_ != key) {
    recent_ = &series_[key];
    recent_key_ = key;
  }
  return *recent_;
}

PastAggregates::Values* PastAggregates::values_at(Series& series, Instant at) {
  if (asked_.period.is_whole() && (!anchor_.exists() || at < anchor_)) anchor_ = at;
  last_ = std::max(last_, at);
  if (series.values != nullptr && (asked_.period.is_whole() || (at >= series.from && at < series.to))) {
    return series.values;
  }
  series.index = asked_.period.is_whole() ? 0 : asked_.period.index(anchor_, at);
  series.from = asked_.period.start(anchor_, series.index);
  series.to = asked_.period.start(anchor_, series.index + 1);
  const auto [found, is_new] = series.periods.try_emplace(series.index);
  series.values = &found->second;
  if (is_new && ++periods_ > periods_max) too_many_ = true;
  return series.values;
}

void PastAggregates::count_distinct(Values& values, std::string key) {
  if (values.distinct.insert(std::move(key)).second && ++distinct_ > distinct_max) too_many_ = true;
}

// Welford's sum of squared distances from the mean: squares added up lose all digits of readings far from zero.
void PastAggregates::add_number(Values& values, double number) const {
  values.minimum = values.count == 0 ? number : std::min(values.minimum, number);
  values.maximum = values.count == 0 ? number : std::max(values.maximum, number);
  ++values.count;
  values.sum += number;
  values.sum_of_squares += number * number;
  const double distance = number - values.mean;
  values.mean += distance / static_cast<double>(values.count);
  values.deviations += distance * (number - values.mean);
}

bool PastAggregates::numbers(Term name, Term dataset, const thread::ChunkSummary& summary) {
  if (asks_for(AggregateMethod::distinct_count) || asks_for(AggregateMethod::stddev)) return false;
  Series& series = series_of(name, dataset);
  const bool is_of_one = asked_.period.is_whole() || asked_.period.index(anchor_, summary.first_observed_at) ==
                                                         asked_.period.index(anchor_, summary.last_observed_at);
  if (!is_of_one) return false;
  Values& values = *values_at(series, summary.first_observed_at);
  last_ = std::max(last_, summary.last_observed_at);
  values.total += summary.count;
  add_numbers(values, summary);
  return true;
}

// Deviations as of two samples made one.
void PastAggregates::add_numbers(Values& values, const thread::ChunkSummary& all) {
  const auto count = static_cast<double>(all.count), before = static_cast<double>(values.count);
  const double mean = all.sum / count, distance = mean - values.mean;
  values.deviations +=
      std::max(0.0, all.sum_of_squares - all.sum * mean) + distance * distance * before * count / (before + count);
  values.mean += distance * count / (before + count);
  values.minimum = values.count == 0 ? all.minimum : std::min(values.minimum, all.minimum);
  values.maximum = values.count == 0 ? all.maximum : std::max(values.maximum, all.maximum);
  values.count += all.count;
  values.sum += all.sum;
  values.sum_of_squares += all.sum_of_squares;
}

void PastAggregates::thinned(const twin::Attribute& kept, Instant at, const thread::ChunkSummary& over) {
  if (!over.has_numbers || !at.exists()) {
    instance(kept, at);
    if (at.exists()) series_of(kept.name, kept.dataset).values->total += over.count - 1;
    return;
  }
  Series& series = series_of(kept.name, kept.dataset);
  series.kind = kept.kind;
  Values& values = *values_at(series, at);
  values.total += over.count;
  add_numbers(values, over);
  if (window_.property == thread::TimeProperty::observed_at) last_ = std::max(last_, over.last_observed_at);
  if (asks_for(AggregateMethod::distinct_count)) count_distinct(values, weigh(kept).key);
}

void PastAggregates::number(Term name, Term dataset, Instant at, double value) {
  if (!at.exists()) return;
  Values& values = *values_at(series_of(name, dataset), at);
  ++values.total;
  add_number(values, value);
  if (asks_for(AggregateMethod::distinct_count)) {
    count_distinct(values, "n" + std::to_string(std::bit_cast<uint64_t>(value)));
  }
}

void PastAggregates::instance(const twin::Attribute& attribute, Instant at) {
  if (!at.exists()) return;
  Series& series = series_of(attribute.name, attribute.dataset);
  series.kind = attribute.kind;
  Values& values = *values_at(series, at);
  Weighed weighed = weigh(attribute);
  ++values.total;
  if (weighed.number) add_number(values, *weighed.number);
  if (weighed.text) {
    if (!values.least || *weighed.text < *values.least) values.least = weighed.text;
    if (!values.greatest || *weighed.text > *values.greatest) values.greatest = weighed.text;
  }
  if (asks_for(AggregateMethod::distinct_count)) count_distinct(values, std::move(weighed.key));
}

bool PastAggregates::append_value(AggregateMethod method, const Values& values, std::string& to) const {
  const auto count = [&](uint64_t number) {
    append_number(static_cast<int64_t>(number), to);
    return true;
  };
  if (method == AggregateMethod::total_count) return count(values.total);
  if (method == AggregateMethod::distinct_count) return count(values.distinct.size());
  if (values.count == 0) {
    const auto& text = method == AggregateMethod::min ? values.least : values.greatest;
    if (!text || (method != AggregateMethod::min && method != AggregateMethod::max)) return false;
    append_quoted(*text, to);
    return true;
  }
  double value = 0;
  if (method == AggregateMethod::avg) value = values.sum / static_cast<double>(values.count);
  if (method == AggregateMethod::max) value = values.maximum;
  if (method == AggregateMethod::min) value = values.minimum;
  if (method == AggregateMethod::stddev) value = std::sqrt(values.deviations / static_cast<double>(values.count));
  if (method == AggregateMethod::sum) value = values.sum;
  if (method == AggregateMethod::sumsq) value = values.sum_of_squares;
  if (!std::isfinite(value)) return false;  // past what a double holds
  const twin::Value exact = twin::number_value(value);
  if (const auto* integer = std::get_if<int64_t>(&exact)) {
    append_number(*integer, to);
  } else {
    append_number(value, to);
  }
  return true;
}

void PastAggregates::append_method(AggregateMethod method, const Series& series, std::string& to) const {
  const size_t before = to.size();
  to += ",\"";
  to += name_of(method);
  to += "\":[";
  bool is_first = true;
  for (const auto& [index, values] : series.periods) {
    const size_t row = to.size();
    to += is_first ? "[" : ",[";
    if (!append_value(method, values, to)) {
      to.resize(row);
      continue;
    }
    is_first = false;
    const bool is_whole = asked_.period.is_whole();
    to += ',';
    append_instant(is_whole ? anchor_ : asked_.period.start(anchor_, index), to);
    to += ',';
    append_instant(!is_whole ? asked_.period.start(anchor_, index + 1) : window_.to.exists() ? window_.to : last_, to);
    to += ']';
  }
  to += ']';
  if (is_first) to.resize(before);  // no value of this attribute has that method
}

void PastAggregates::append_object(const Key& key, const Series& series, const Names& names, std::string& to) const {
  const bool links =
      series.kind == twin::AttributeKind::relationship || series.kind == twin::AttributeKind::list_relationship;
  to += links ? "{\"type\":\"Relationship\"" : "{\"type\":\"Property\"";
  if (key.second.exists()) {
    to += ",\"datasetId\":";
    to += names.quoted_text(key.second);
  }
  for (const AggregateMethod method : asked_.methods) append_method(method, series, to);
  to += '}';
}

void PastAggregates::append(const Representation& how, const Names& names, std::string& to) const {
  const auto is_chosen = [&](const Key& key) {
    const bool is_of_dataset =
        !how.datasets_given || std::find(how.datasets.begin(), how.datasets.end(), key.second) != how.datasets.end();
    return is_of_dataset && how.projection.writes(key.first) && names.terms().text(key.first) != expires_at_iri &&
           names.terms().text(key.first) != scope_iri;
  };
  for (auto at = series_.begin(); at != series_.end();) {
    const Term name = at->first.first;
    std::vector<decltype(at)> chosen;
    for (; at != series_.end() && at->first.first == name; ++at) {
      if (is_chosen(at->first) && !at->second.periods.empty()) chosen.push_back(at);
    }
    if (chosen.empty()) continue;
    if (!to.ends_with('{')) to += ',';
    to += names.quoted(name);
    to += chosen.size() > 1 ? ":[" : ":";
    for (size_t i = 0; i < chosen.size(); ++i) {
      if (i > 0) to += ',';
      append_object(chosen[i]->first, chosen[i]->second, names, to);
    }
    if (chosen.size() > 1) to += ']';
  }
}

}  // namespace cityloom::ngsi
