// POST /api/observations: past observations in bulk, as lines of JSON or as a table. Ours, beside the standard's writes
// of the past.
#include <chrono>
#include <thread>

#include "ngsi/observations.hpp"
#include "serve/json.hpp"
#include "serve/ngsi/known_past.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using ngsi::ObservedSeries;
using thread::Change;

constexpr size_t body_bytes_max = 256u << 20;
// In one commit: it is durable as a whole, and others wait for it about 20 ms at most.
constexpr size_t commit_observations_max = 65'536;
constexpr int64_t busy_wait_max_ms = 30'000;

std::optional<ngsi::ObservationFormat> format_of(const Request& request) {
  std::string_view media = request.header("Content-Type").value_or(std::string_view{});
  media = media.substr(0, media.find(';'));
  while (media.ends_with(' ')) media.remove_suffix(1);
  for (const char* name : {"application/x-ndjson", "application/ndjson", "application/jsonl"}) {
    if (same_without_case(media, name)) return ngsi::ObservationFormat::json_lines;
  }
  return same_without_case(media, "text/csv") ? std::optional(ngsi::ObservationFormat::table) : std::nullopt;
}

// Takes observations into the record, commit by commit.
class Loader {
 public:
  Loader(const Call& call, const Writing& writing) : call_(call), writing_(writing) {}

  base::Status take(ngsi::Observations observations) {
    result_.repeated = observations.repeated;
    result_.refused = observations.refused;
    result_.refused_lines = std::move(observations.refused_lines);
    std::string_view entity;
    for (ObservedSeries& series : observations.series) {
      if (series.entity_id != entity) {
        entity = series.entity_id;
        ++result_.entities;
        if (auto status = begin_entity(series); !status.ok()) return status;
      } else if (is_refused_) {
        refuse(series);
      }
      if (is_refused_) continue;
      leave_out_present(series);
      if (series.numbers.empty() && series.others.empty()) continue;
      ++result_.series;
      if (auto status = add(series); !status.ok()) return status;
    }
    return commit();
  }

  uint64_t loaded() const { return loaded_; }
  Response response() const {
    JsonText json;
    json.open_object().member("loaded", loaded_).member("repeated", result_.repeated);
    json.member("entities", result_.entities).member("series", result_.series);
    json.member("refused", result_.refused).key("refusedLines").open_array();
    for (const ngsi::RefusedLine& one : result_.refused_lines)
      json.open_object().member("line", one.line).member("reason", one.reason).close_object();
    json.close_array().close_object();
    return Response::json(json.take());
  }

 private:
  struct Result {
    uint64_t repeated = 0, refused = 0, entities = 0, series = 0;
    std::vector<ngsi::RefusedLine> refused_lines;
  };

  base::Status begin_entity(const ObservedSeries& series) {
    is_refused_ = is_internal_id(series.entity_id);
    const thread::Snapshot snapshot = writing_.thread->snapshot(writing_.branch);
    const auto known = known_past(snapshot, series.entity_id);
    if (!known.ok()) return known.error();
    standing_ = {};
    if (known->is_live) {
      auto standing = snapshot.find(series.entity_id);
      if (!standing.ok()) return standing.error();
      standing_ = std::move(standing).value();
    }
    const bool is_known = known->exists || known->is_live;
    types_ = is_known ? types_to_state(*known, series.types) : series.types;
    is_refused_ = is_refused_ || (!is_known && types_.empty());
    if (is_refused_) refuse(series);
    return {};
  }

  void refuse(const ObservedSeries& series) {
    result_.refused += series.numbers.size() + series.others.size();
    if (result_.refused_lines.size() >= ngsi::Observations::refused_told_max) return;
    result_.refused_lines.push_back(
        {series.first_line, series.entity_id + ": nothing is known of this entity, so that its type is needed"});
  }

  // What holds now is told among the past as it is: who copies entities and then their past would state it twice.
  void leave_out_present(ObservedSeries& series) {
    if (!standing_.exists()) return;
    standing_.each_attribute(series.shared.name, [&](const twin::Attribute& now) {
      if (now.dataset != series.shared.dataset || !now.observed_at.exists()) return true;
      const double number = twin::as_number(now.value);
      result_.repeated += std::erase_if(series.numbers, [&](const std::pair<base::Instant, double>& one) {
        return one.first == now.observed_at && one.second == number;
      });
      result_.repeated += std::erase_if(series.others, [&](const twin::Attribute& one) {
        return one.observed_at == now.observed_at && one.value == now.value;
      });
      return true;
    });
  }

  Change& change(Change::Kind kind, const std::string& id) {
    if (changes_.empty() || changes_.back().kind != kind || changes_.back().entity_id != id) {
      Change& added = changes_.emplace_back();
      added.kind = kind;
      added.entity_id = id;
      added.types = std::exchange(types_, {});
    }
    return changes_.back();
  }

  base::Status add(ObservedSeries& series) {
    const std::span<const std::pair<base::Instant, double>> numbers(series.numbers);
    for (size_t from = 0; from < numbers.size(); from += thread::past_numbers_max) {
      const auto part = numbers.subspan(from, std::min(thread::past_numbers_max, numbers.size() - from));
      twin::Attribute attribute = series.shared;
      attribute.value = thread::pack_past_numbers(part);
      change(Change::Kind::state_past_numbers, series.entity_id).attributes.push_back(std::move(attribute));
      if (auto status = counted(part.size()); !status.ok()) return status;
    }
    for (twin::Attribute& other : series.others) {
      change(Change::Kind::state_past, series.entity_id).attributes.push_back(std::move(other));
      if (auto status = counted(1); !status.ok()) return status;
    }
    series = {std::move(series.entity_id), 0, {}, {}, {}, {}};
    return {};
  }

  base::Status counted(size_t more) {
    waiting_ += more;
    return waiting_ >= commit_observations_max ? commit() : base::Status();
  }

  // When too much waits to be written already, this waits too: what is loaded in bulk is never urgent.
  base::Status commit() {
    if (changes_.empty()) return {};
    for (int64_t waited_ms = 0;; waited_ms += 20) {
      thread::ChangeSet set;
      set.branch = writing_.branch;
      set.changes = changes_;
      const auto outcomes = writing_.thread->append(std::move(set));
      if (outcomes.ok()) {
        for (const auto& outcome : *outcomes) {
          if (!outcome.ok()) return outcome.error();
        }
        loaded_ += waiting_;
        waiting_ = 0;
        changes_.clear();
        return call_.bounds().goes_on() ? base::Status()
                                        : base::Status(base::fail(Code::cancelled, "the load was ended"));
      }
      if (outcomes.error().code != Code::busy || waited_ms >= busy_wait_max_ms) return outcomes.error();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  const Call& call_;
  const Writing& writing_;
  Result result_;
  uint64_t loaded_ = 0;
  size_t waiting_ = 0;  // observations in changes_
  std::vector<Change> changes_;
  std::vector<twin::Term> types_;  // of the entity at hand, until its first change
  twin::EntityRecord standing_;    // the entity at hand as it is now; empty: it is not there
  bool is_refused_ = false;        // the entity at hand
};

void load_observations(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const auto format = format_of(call.request());
  if (!format) {
    const Error error{
        Code::unsupported, "the body's Content-Type must be application/x-ndjson or text/csv", "Content-Type", {}};
    return call.send(
        {415, "application/problem+json", {}, ngsi::problem_json(ngsi::ProblemType::invalid_request, error, 415), {}});
  }
  const std::string encoding = call.parameter_text("encoding").value_or("");
  if (!encoding.empty() && *format == ngsi::ObservationFormat::json_lines)
    return call.fail({Code::invalid, "JSON is UTF-8", "encoding", "leave the parameter out"});
  auto observations =
      ngsi::read_observations(call.request().body(), *format, *call.context(), writing->thread->terms(), encoding);
  if (!observations.ok()) return call.fail(observations.error());
  Loader loader(call, *writing);
  if (const auto status = loader.take(std::move(observations).value()); !status.ok()) {
    Error error = status.error();
    error.what += "; " + std::to_string(loader.loaded()) + " observations were loaded before";
    return call.fail(error.code == Code::cancelled ? Error{Code::busy, error.what, {}, "send the rest again"} : error);
  }
  call.send(loader.response());
}

}  // namespace

void add_observation_load(Router& router, Services& services) {
  Form form;
  form.long_work = true;
  Route route{Method::post,
              "/api/observations",
              trust::Action::write,
              "loadObservations",
              "History",
              "Past observations in bulk, as lines of JSON or as a table",
              {},
              {query_parameter("encoding", "Of a table, as iconv names it; UTF-8 or CP949 where not given")},
              {{"application/x-ndjson", {}}, {"text/csv", {}}},
              {{200,
                "What was loaded, and what was not",
                {{"application/json", R"({"$ref":"#/components/schemas/ObservationsLoaded"})"}}}}};
  route.body_bytes_max = body_bytes_max;
  add_operation(router, services, std::move(route), form, load_observations);
  router.add_schema("ObservationsLoaded", R"({"type":"object",
    "required":["loaded","repeated","entities","series","refused","refusedLines"],"properties":{
    "loaded":{"type":"integer","description":"Observations that are recorded now"},
    "repeated":{"type":"integer","description":"Of the same attribute and time as a later one: that counts"},
    "entities":{"type":"integer"},"series":{"type":"integer"},
    "refused":{"type":"integer","description":"Lines and observations that were left out"},
    "refusedLines":{"type":"array","maxItems":100,"items":{"type":"object","required":["line","reason"],
      "properties":{"line":{"type":"integer"},"reason":{"type":"string"}}}}}})");
}

}  // namespace cityloom::serve::ngsi_ld
