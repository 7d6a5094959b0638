#include "serve/ngsi/past_scopes.hpp"

#include <simdjson.h>

#include <algorithm>

#include "ngsi/past_scope.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Instant;
using thread::AttributeHistory;
using thread::PastAttribute;

// From when to when a scope held; what does not exist is open.
struct Valid {
  Instant from, to;
  bool meets(const thread::TimeWindow& window) const {
    return (!to.exists() || !window.from.exists() || to > window.from) &&
           (!from.exists() || !window.to.exists() || from < window.to);
  }
  // The part of the window in which it held.
  thread::TimeWindow part_of(thread::TimeWindow window) const {
    if (from.exists() && (!window.from.exists() || from > window.from)) window.from = from;
    if (to.exists() && (!window.to.exists() || to < window.to)) window.to = to;
    return window;
  }
};

bool holds(const thread::TimeWindow& window, Instant at) {
  return (!window.from.exists() || at >= window.from) && (!window.to.exists() || at < window.to);
}

bool is_stated(const PastAttribute& instance) {
  return instance.name != twin::terms::scope;
}

Valid valid_of(const AttributeHistory& scopes, size_t at) {
  const auto& all = scopes.instances;
  Valid valid{all[at].observed_at, at + 1 < all.size() ? all[at + 1].observed_at : Instant()};
  if (at == 0 && !is_stated(all[at])) valid.from = Instant();
  return valid;
}

std::vector<std::string> names_in(const twin::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return {*text};
  std::vector<std::string> names;
  const auto* json = std::get_if<twin::Json>(&value);
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (json == nullptr || parser.parse(json->text).get(list) != simdjson::SUCCESS) return names;
  for (const simdjson::dom::element one : list) {
    std::string_view text;
    if (one.get(text) == simdjson::SUCCESS) names.emplace_back(text);
  }
  return names;
}

bool satisfies(const std::vector<std::string>& scopes, const twin::Matcher& wanted) {
  twin::Entity entity;
  entity.id = "urn:x";
  entity.scopes = scopes;
  return !scopes.empty() && wanted(twin::EntityRecord::pack(entity, {}));
}

base::Result<AttributeHistory> past_scopes(const Reading& reading, std::string_view id) {
  const twin::Term stated = reading.thread->terms().find(ngsi::scope_iri);
  thread::HistoryQuery query;
  query.attributes = {twin::terms::scope, stated};
  query.with_recorded_times = true;
  const auto histories = reading.snapshot.history(id, query);
  if (!histories.ok()) return histories.error();
  const auto head = reading.snapshot.head_of_past(id);
  if (!head.ok()) return head.error();
  AttributeHistory scopes{twin::terms::scope, {}, {}, false};
  for (const AttributeHistory& history : *histories) {
    for (const PastAttribute& one : history.instances) {
      const bool is_last = &one == &history.instances.back();
      if (is_stated(one) || is_last || one.key.offset > head->removed_upto) scopes.instances.push_back(one);
    }
    scopes.more = scopes.more || history.more;
  }
  // What was stated is more than what was recorded when the entity was first told of.
  const bool any_stated = std::any_of(scopes.instances.begin(), scopes.instances.end(), is_stated);
  const auto record = reading.snapshot.find(id);
  if (any_stated && record.ok() && (!*record || record->ended()))
    std::erase_if(scopes.instances, [](const PastAttribute& one) { return !is_stated(one); });
  std::stable_sort(
      scopes.instances.begin(), scopes.instances.end(),
      [](const PastAttribute& left, const PastAttribute& right) { return left.observed_at < right.observed_at; });
  return scopes;
}

}  // namespace

base::Status add_past_scopes(const Reading& reading, std::string_view id, const thread::TimeWindow& window,
                             std::vector<AttributeHistory>& attributes) {
  auto scopes = past_scopes(reading, id);
  if (!scopes.ok()) return scopes.error();
  AttributeHistory valid{scopes->name, {}, {}, scopes->more};
  const auto is_told = [&](size_t i) {
    const PastAttribute& instance = scopes->instances[i];
    if (window.property == thread::TimeProperty::observed_at) return valid_of(*scopes, i).meets(window);
    if (window.property == thread::TimeProperty::deleted_at)
      return twin::is_null(instance.value) && holds(window, instance.modified_at);
    return true;
  };
  for (size_t i = 0; i < scopes->instances.size(); ++i) {
    if (!is_told(i)) continue;
    valid.instances.push_back(scopes->instances[i]);
    // An end that was recorded was not observed, as with attributes.
    const bool is_recorded_end =
        window.property == thread::TimeProperty::deleted_at && !is_stated(scopes->instances[i]);
    if (is_recorded_end) valid.instances.back().observed_at = Instant::none();
  }
  if (!valid.instances.empty()) attributes.push_back(std::move(valid));
  return {};
}

base::Result<std::vector<thread::TimeWindow>> parts_within_scopes(const Reading& reading, std::string_view id,
                                                                  const std::vector<std::string>& plain,
                                                                  const std::vector<std::string>& wanted,
                                                                  const thread::TimeWindow& window) {
  const auto scopes = past_scopes(reading, id);
  if (!scopes.ok()) return scopes.error();
  return parts_within_scopes(*scopes, plain, wanted, window);
}

std::vector<thread::TimeWindow> parts_within_scopes(const AttributeHistory& scopes,
                                                    const std::vector<std::string>& plain,
                                                    const std::vector<std::string>& wanted,
                                                    const thread::TimeWindow& window) {
  twin::Query query;
  query.scopes = wanted;
  const twin::Matcher matcher(std::move(query));
  std::vector<thread::TimeWindow> parts;
  if (scopes.instances.empty()) {
    if (satisfies(plain, matcher)) parts.push_back(window);
    return parts;
  }
  const bool is_observed = window.property == thread::TimeProperty::observed_at;
  for (size_t i = 0; i < scopes.instances.size(); ++i) {
    const Valid valid = valid_of(scopes, i);
    if (!satisfies(names_in(scopes.instances[i].value), matcher)) continue;
    if (!is_observed) return {window};
    if (valid.meets(window)) parts.push_back(valid.part_of(window));
  }
  return parts;
}

void leave_within(const std::vector<thread::TimeWindow>& parts, std::vector<AttributeHistory>& attributes) {
  for (AttributeHistory& history : attributes) {
    std::erase_if(history.instances, [&](const PastAttribute& instance) {
      return std::none_of(parts.begin(), parts.end(), [&](const thread::TimeWindow& part) {
        return part.property != thread::TimeProperty::observed_at || holds(part, instance.observed_at);
      });
    });
  }
}

}  // namespace cityloom::serve::ngsi_ld
