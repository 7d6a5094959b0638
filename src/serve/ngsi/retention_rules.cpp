#include "serve/ngsi/retention_rules.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "ngsi/body.hpp"
#include "serve/json.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using base::Instant;
using base::Result;
using base::Status;
using simdjson::dom::element;

constexpr size_t names_max = 100, steps_max = 8, name_bytes_max = 64, text_bytes_max = 2'048;
constexpr int64_t second_us = 1'000'000, minute_us = 60 * second_us, hour_us = 60 * minute_us, day_us = 24 * hour_us;

// About, to put ages in order.
int64_t about_us(const ngsi::Period& period) {
  return period.months * 2'629'746 * second_us + period.microseconds;
}

// A rule acts on what is older than its age by an eighth of it at most, so that not every run touches every series.
Instant cutoff(const RetentionStep& step, Instant now) {
  const Instant exact{step.age.start(now, -1)};
  const int64_t age_us = now.microseconds - exact.microseconds;
  int64_t grain_us = second_us;
  for (const int64_t grain : {minute_us, hour_us, day_us, 7 * day_us}) {
    if (grain <= age_us / 8) grain_us = grain;
  }
  if (step.keep_us > 0) grain_us = std::max(grain_us, step.keep_us);
  const int64_t into_us = exact.microseconds % grain_us;
  int64_t at_us = exact.microseconds - into_us - (into_us < 0 ? grain_us : 0);
  if (step.keep_us > 0) at_us -= ((at_us % step.keep_us) + step.keep_us) % step.keep_us;
  return {at_us};
}

// What a rule keeps of a time: every value, one a period of so many microseconds, or nothing.
constexpr int64_t keeps_all = -1;
int64_t kept_at(const RetentionRule& rule, const std::vector<Instant>& cutoffs, Instant at) {
  int64_t kept = keeps_all;
  for (size_t i = 0; i < rule.steps.size(); ++i) {
    if (cutoffs[i] > at) kept = rule.steps[i].keep_us;
  }
  return kept;
}

// Whether the first keeps more than the second.
bool keeps_more(int64_t one, int64_t other) {
  if (one == other || other == keeps_all) return false;
  return one == keeps_all || other == 0 || (one != 0 && one < other);
}

Error not_so(std::string_view what, std::string_view where, std::string_view remedy) {
  return {Code::invalid, std::string(what), std::string(where), std::string(remedy)};
}

Result<std::string> text_of(element value, std::string_view where) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS || text.empty() || text.size() > text_bytes_max)
    return not_so("must be a text of 1 to 2048 bytes", where, {});
  return std::string(text);
}

Status read_names(element value, std::string_view where, const ngsi::Context* context, std::vector<std::string>& to) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS || array.size() == 0 || array.size() > names_max)
    return not_so("must be a list of 1 to 100 names", where, "leave it out for all");
  for (const element one : array) {
    const auto name = text_of(one, where);
    if (!name) return name.error();
    to.push_back(context != nullptr ? context->expand(*name) : *name);
  }
  return {};
}

Status read_keep(RetentionStep& step) {
  if (step.keep == "nothing") return {};
  const auto period = ngsi::parse_period(step.keep);
  const bool is_fixed = period && period->months == 0 && period->microseconds >= second_us;
  const bool divides = is_fixed && (day_us % period->microseconds == 0 || period->microseconds % day_us == 0);
  if (!divides || period->microseconds > 366 * day_us) {
    return not_so("must be \"nothing\" or a duration of one second to 366 days that divides a day or is of whole days",
                  "keep", "write for example PT1M, PT1H or P1D");
  }
  step.keep_us = period->microseconds;
  return {};
}

Status read_step(element value, std::vector<RetentionStep>& steps) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return not_so("must be an object with after and keep", "steps", {});
  RetentionStep step;
  for (const auto [key, member] : object) {
    if (key != "after" && key != "keep") return not_so("is not known here", key, "a step has after and keep");
    auto text = text_of(member, key);
    if (!text) return text.error();
    (key == "after" ? step.after : step.keep) = std::move(*text);
  }
  const auto age = ngsi::parse_period(step.after);
  if (!age || about_us(*age) < minute_us || about_us(*age) > 1'000 * 366 * day_us)
    return not_so("must be a duration of one minute to a thousand years", "after", "write for example P30D or P1Y");
  step.age = *age;
  if (auto read = read_keep(step); !read) return read;
  if (!steps.empty()) {
    const RetentionStep& before = steps.back();
    if (about_us(step.age) <= about_us(before.age))
      return not_so("steps must follow one another, each after a longer time", "after", {});
    const bool goes_on = before.keep_us > 0 &&
                         (step.keep_us == 0 || (step.keep_us > before.keep_us && step.keep_us % before.keep_us == 0));
    if (!goes_on) return not_so("must be a multiple of what the step before keeps, or \"nothing\"", "keep", {});
  }
  if (step.keep_us >= about_us(step.age))
    return not_so("must be shorter than the age from which on it counts", "keep", {});
  steps.push_back(std::move(step));
  return {};
}

Status read_member(std::string_view key, element value, const ngsi::Context* context, RetentionRule& rule) {
  if (key == "types") return read_names(value, key, context, rule.types);
  if (key == "attributes") return read_names(value, key, context, rule.attributes);
  if (key == "idPattern" || key == "datasetId") {
    auto text = text_of(value, key);
    if (!text) return text.error();
    (key == "idPattern" ? rule.id_pattern : rule.dataset) = std::move(*text);
    return {};
  }
  if (key == "steps") {
    simdjson::dom::array array;
    if (value.get(array) != simdjson::SUCCESS || array.size() == 0 || array.size() > steps_max)
      return not_so("must be a list of 1 to 8 steps", key, R"(write [{"after": "P30D", "keep": "PT1M"}])");
    for (const element step : array) {
      if (auto read = read_step(step, rule.steps); !read) return read;
    }
    return {};
  }
  if (key == "hold" || key == "active") {
    bool flag = false;
    if (value.get(flag) != simdjson::SUCCESS) return not_so("must be true or false", key, {});
    (key == "hold" ? rule.holds : rule.is_active) = flag;
    return {};
  }
  if (key == "name") {
    const auto text = text_of(value, key);
    return text ? Status() : Status(text.error());
  }
  return not_so("is not known here", key.substr(0, 80),
                "a rule has types, attributes, idPattern, datasetId, steps or hold, and active");
}

Status check_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (!name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, is_plain)) return {};
  return not_so("a rule's name has 1 to 64 letters, digits, - and _", "name", {});
}

}  // namespace

Result<RetentionRule> parse_retention_rule(std::string_view name, std::string_view json, const ngsi::Context* context) {
  if (auto checked = check_name(name); !checked) return checked.error();
  RetentionRule rule;
  rule.name = name;
  if (const auto read = ngsi::Body::read(json, {.bytes_max = 256u << 10}); !read.ok())
    return not_so(read.error().what, read.error().where, read.error().remedy);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    return not_so("the body is not a JSON object", {}, R"(send {"types": [...], "steps": [...], "active": false})");
  for (const auto [key, value] : object) {
    if (auto read = read_member(key, value, context, rule); !read) return read.error();
  }
  if (rule.holds == !rule.steps.empty()) {
    return not_so("a rule has either steps or hold", "steps", R"(write "hold": true for what is never to be thinned)");
  }
  if (!rule.id_pattern.empty()) {
    auto pattern = twin::make_pattern(rule.id_pattern);
    if (!pattern) return not_so(pattern.error().what, "idPattern", pattern.error().remedy);
    rule.pattern = std::move(*pattern);
  }
  return rule;
}

std::string retention_rule_json(const RetentionRule& rule, const ngsi::Context* context) {
  JsonText json;
  json.open_object().member("name", rule.name);
  for (const auto& [key, names] : {std::pair{"types", &rule.types}, std::pair{"attributes", &rule.attributes}}) {
    if (names->empty()) continue;
    json.key(key).open_array();
    for (const std::string& name : *names) json.value(context != nullptr ? context->compact(name) : name);
    json.close_array();
  }
  if (!rule.id_pattern.empty()) json.member("idPattern", rule.id_pattern);
  if (!rule.dataset.empty()) json.member("datasetId", rule.dataset);
  if (rule.holds) json.member("hold", true);
  if (!rule.steps.empty()) {
    json.key("steps").open_array();
    for (const RetentionStep& step : rule.steps)
      json.open_object().member("after", step.after).member("keep", step.keep).close_object();
    json.close_array();
  }
  json.member("active", rule.is_active).close_object();
  return json.take();
}

std::vector<RetentionPart> retention_parts(const std::vector<const RetentionRule*>& rules, Instant now) {
  std::vector<std::vector<Instant>> cutoffs;
  std::vector<Instant> bounds;
  for (const RetentionRule* rule : rules) {
    if (rule->holds) return {};
    std::vector<Instant>& own = cutoffs.emplace_back();
    for (const RetentionStep& step : rule->steps) own.push_back(cutoff(step, now));
    bounds.insert(bounds.end(), own.begin(), own.end());
  }
  std::ranges::sort(bounds);
  bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
  std::vector<RetentionPart> parts;
  Instant from = Instant::none();
  for (const Instant to : bounds) {
    const Instant within{to.microseconds - 1};
    const RetentionRule* decides = nullptr;
    int64_t kept = 0;
    for (size_t i = 0; i < rules.size(); ++i) {
      const int64_t by_this = kept_at(*rules[i], cutoffs[i], within);
      if (decides != nullptr && !keeps_more(by_this, kept)) continue;
      decides = rules[i];
      kept = by_this;
    }
    if (decides != nullptr && kept != keeps_all) parts.push_back({from, to, kept, decides->name});
    from = to;
  }
  return parts;
}

bool is_about(const RetentionRule& rule, const thread::PastSeries& series, const twin::TermTable& terms) {
  if (!rule.dataset.empty()) {
    const bool is_default = rule.dataset == "@none";
    if (is_default ? series.dataset.exists() : series.dataset != terms.find(rule.dataset) || !series.dataset.exists())
      return false;
  }
  return rule.attributes.empty() || std::ranges::any_of(rule.attributes, [&](const std::string& name) {
           return terms.find(name) == series.name && series.name.exists();
         });
}

}  // namespace cityloom::serve::ngsi_ld
