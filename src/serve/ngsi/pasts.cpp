// One entity's past: read here, merged with what sources tell, cut where it is incomplete.
#include "serve/ngsi/pasts.hpp"

#include <algorithm>
#include <utility>

#include "serve/ngsi/past_scopes.hpp"
#include "serve/ngsi/past_selection.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using base::Instant;
using ngsi::time_of;
using thread::AttributeHistory;
using thread::HistoryQuery;

void fill(Past& past, const twin::EntityRecord& record) {
  past.types = record.types();
  past.scopes = record.scopes();
  past.created_at = record.created_at();
  past.modified_at = record.modified_at();
  past.found = true;
}

// Aggregated values are never of a part that was not asked for.
Error too_many_instances(size_t limit, const char* parameter) {
  return {Code::too_large,
          "more than " + std::to_string(limit) + " instances of an attribute would have to be looked at", parameter,
          "ask for a shorter time"};
}

// What sources tell of an entity, added to what is known of it here.
void add_told(std::vector<Gathered::Past> parts, const HistoryQuery& query, Past& past) {
  const bool backwards = query.last_n > 0;
  for (Gathered::Past& part : parts) {
    for (const twin::Term type : part.told.types) {
      if (std::find(past.types.begin(), past.types.end(), type) == past.types.end()) past.types.push_back(type);
    }
    if (past.scopes.empty()) past.scopes = part.told.scopes;
    const Instant created_at = part.told.created_at, modified_at = part.told.modified_at;
    if (created_at.exists() && (!past.created_at.exists() || created_at < past.created_at))
      past.created_at = created_at;
    if (modified_at.exists() && past.modified_at < modified_at) past.modified_at = modified_at;
    const Instant known_to = part.known_to;
    const bool is_nearer = !past.known_to.exists() || (backwards ? past.known_to < known_to : known_to < past.known_to);
    if (known_to.exists() && is_nearer) past.known_to = known_to;
    // Whoever fills gaps comes last.
    if (!part.auxiliary)
      ngsi::merge_histories(std::move(part.told.attributes), query.window.property, false, past.attributes);
  }
  for (Gathered::Past& part : parts) {
    if (part.auxiliary)
      ngsi::merge_histories(std::move(part.told.attributes), query.window.property, true, past.attributes);
  }
  ngsi::order_histories(query, past.attributes);
  past.found = true;
}

// Periods of all that is told, or an error: never of a part of it.
base::Status aggregate_told(const AskedPast& asked, Past& past) {
  if (past.known_to.exists())
    return base::fail(Code::too_large, "a source tells only a part of the past that is to be aggregated", past.id,
                      "ask for a shorter time");
  std::erase_if(past.attributes, [](const AttributeHistory& one) { return one.name == twin::terms::scope; });
  const HistoryQuery& query = asked.history;
  const bool is_all = query.last_n > 0 && query.last_n <= query.limit;
  for (const AttributeHistory& history : past.attributes) {
    if (history.more && !is_all) return too_many_instances(query.limit, query.last_n > 0 ? "lastN" : "timerel");
  }
  past.aggregates.emplace(*asked.aggregation, query.window);
  return past.aggregates->take(past.attributes);
}

}  // namespace

// The last N are gathered first, since they are not told in order else.
base::Status aggregate(const thread::Snapshot& snapshot, const AskedPast& asked, Past& past) {
  past.aggregates.emplace(*asked.aggregation, asked.history.window);
  if (asked.history.last_n == 0) return past.aggregates->read(snapshot, past.id, asked.history, past.parts);
  auto attributes = snapshot.history(past.id, asked.history);
  if (!attributes.ok()) return attributes.error();
  if (asked.history.last_n > asked.history.limit) {
    for (const AttributeHistory& history : *attributes) {
      if (history.more) return too_many_instances(asked.history.limit, "lastN");
    }
  }
  leave_within(past.parts, *attributes);
  return past.aggregates->take(*attributes);
}

void trim(std::vector<Past>& pasts, const HistoryQuery& query, Cut& cut) {
  const bool backwards = query.last_n > 0;
  // As many as were asked for is not a part of them.
  const bool is_all = backwards && query.last_n <= query.limit;
  Instant end = Instant::none();
  const auto reach = [&](Instant reached) {
    if (!cut.cut || (backwards ? reached > end : reached < end)) end = reached;
    cut.cut = true;
  };
  for (const Past& past : pasts) {
    if (past.known_to.exists()) reach(past.known_to);
    for (const AttributeHistory& history : past.attributes) {
      if (is_all || !history.more || history.instances.empty() || history.name == twin::terms::scope) continue;
      reach(time_of(history.instances.back(), query.window.property));
    }
  }
  if (!cut.cut) return;
  cut.last = end;
  for (Past& past : pasts) {
    for (AttributeHistory& history : past.attributes) {
      if (history.name == twin::terms::scope) continue;
      std::erase_if(history.instances, [&](const twin::Attribute& attribute) {
        const Instant at = time_of(attribute, query.window.property);
        return backwards ? at < end : at > end;
      });
      if (history.instances.empty()) continue;
      const Instant begin = time_of(history.instances.front(), query.window.property);
      if (!cut.first.exists() || (backwards ? begin > cut.first : begin < cut.first)) cut.first = begin;
    }
  }
}

base::Result<Past> past_of(const Reading& reading, std::string_view id, const AskedPast& asked) {
  const thread::Snapshot& snapshot = reading.snapshot;
  Past past;
  past.id = std::string(id);
  past.parts = {asked.history.window};
  if (is_internal_id(id)) return past;
  auto record = snapshot.find(id);
  if (!record.ok()) return record.error();
  const auto selected = is_selected(reading, id, *record);
  if (!selected.ok()) return selected.error();
  if (!*selected) return past;
  if (asked.aggregation) {
    if (const auto status = aggregate(snapshot, asked, past); !status.ok()) return status.error();
  } else {
    auto attributes = snapshot.history(id, asked.history);
    if (!attributes.ok()) return attributes.error();
    past.attributes = std::move(attributes).value();
    const auto number = reading.selection ? snapshot.number_of(id) : std::nullopt;
    if (number) leave_out_before(*reading.selection, *number, past.attributes);
  }
  const auto head = snapshot.head_of_past(id);
  if (!head.ok()) return head.error();
  const bool is_told = past.aggregates ? !past.aggregates->is_empty() : !past.attributes.empty();
  if (is_visible(*record)) {
    fill(past, *record);
    past.found = record->offset() > head->removed_upto || is_told;
  } else if (head->offset > head->removed_upto) {
    past.types = head->types;
    past.scopes = head->scopes;
    past.created_at = head->created_at;
    past.modified_at = head->modified_at;
    past.found = true;
  }
  return past;
}

base::Result<Past> past_everywhere(const Call& call, const Reading& reading, std::string_view id,
                                   const AskedPast& asked, const std::vector<std::string>& scopes) {
  if (call.gathered() == nullptr || !call.gathered()->tells_of(id)) return past_of(reading, id, asked);
  AskedPast plain{asked.history, {}};
  // Of two instances of one time the times at which they were recorded decide.
  plain.history.with_recorded_times = true;
  auto past = past_of(reading, id, plain);
  if (!past.ok()) return past;
  if (past->found && !scopes.empty()) {
    const auto parts = parts_within_scopes(reading, id, past->scopes, scopes, asked.history.window);
    if (!parts.ok()) return parts.error();
    leave_within(*parts, past->attributes);
    if (parts->empty()) past->attributes.clear();
  }
  if (past->found) {
    const auto added = add_past_scopes(reading, id, asked.history.window, past->attributes);
    if (!added.ok()) return added.error();
  }
  past->has_scopes = true;
  add_told(call.gathered()->pasts_of(id), asked.history, *past);
  if (!asked.aggregation) return past;
  if (const auto status = aggregate_told(asked, *past); !status.ok()) return status.error();
  return past;
}

namespace {

// Whether the past within the window satisfies what the query asks of attributes: any instance will do.
bool past_satisfies(const Past& past, const twin::Matcher& matcher) {
  const twin::Query& query = matcher.query();
  if (!query.condition && !query.geo) return true;
  twin::Entity entity;
  entity.id = past.id;
  entity.types = past.types;
  for (const AttributeHistory& history : past.attributes) {
    for (const twin::Attribute& attribute : history.instances) {
      if (entity.attributes.size() < twin::attributes_max) entity.attributes.push_back(attribute);
    }
  }
  return matcher(twin::EntityRecord::pack(entity, {}));
}

// Of histories that begin with the latest instance.
void leave_last(size_t count, std::vector<AttributeHistory>& attributes) {
  for (AttributeHistory& one : attributes) {
    if (one.instances.size() <= count) continue;
    one.instances.resize(count);
    one.more = false;
  }
}

// Whether an attribute that selects the entity has an instance in its parts of the window.
base::Result<bool> has_instances(const Reading& reading, const Past& past, const AskedPast& asked) {
  AskedPast one{asked.history, {}};
  if (asked.picks) one.history.attributes.clear();
  one.history.limit = 1;
  for (size_t i = 0; past.found && i < past.parts.size(); ++i) {
    one.history.window = past.parts[i];
    const auto any = past_of(reading, past.id, one);
    if (!any.ok()) return any.error();
    if (!any->attributes.empty()) return true;
  }
  return false;
}

}  // namespace

base::Result<std::optional<Past>> matching_past(const Reading& reading, std::string_view id,
                                                const twin::Matcher& matcher, const std::vector<std::string>& scopes,
                                                const AskedPast& asked) {
  // q and geoQ are about what lies in the window, whichever attributes and however few instances are given.
  const bool looks_at_all = matcher.query().condition || matcher.query().geo;
  AskedPast all{asked.history, {}};
  if (looks_at_all) all.history.attributes.clear();
  const bool gives_fewer = looks_at_all && !asked.aggregation && asked.history.last_n > 0;
  if (gives_fewer) all.history.last_n = std::max(all.history.last_n, all.history.limit);
  // That there is one instance is all that needs to be known of a past that is given in periods.
  if (asked.aggregation && !looks_at_all && !reading.selection) all.history.limit = 1;
  auto past = past_of(reading, id, all);
  if (!past.ok()) return past.error();
  if (past->found && !scopes.empty()) {
    auto parts = parts_within_scopes(reading, id, past->scopes, scopes, all.history.window);
    if (!parts.ok()) return parts.error();
    past->parts = std::move(*parts);
    leave_within(past->parts, past->attributes);
  }
  std::erase_if(past->attributes, [](const AttributeHistory& one) { return one.instances.empty(); });
  // Others than pick names, or than the first, may have one.
  const bool may_others = !looks_at_all && (asked.picks || (asked.aggregation && !scopes.empty()));
  if (past->attributes.empty() && may_others) {
    const auto any = has_instances(reading, *past, asked);
    if (!any.ok()) return any.error();
    return *any ? std::optional<Past>(std::move(past).value()) : std::optional<Past>();
  }
  if (!past->found || past->attributes.empty()) return std::optional<Past>();
  if (!past_satisfies(*past, matcher)) {
    const bool is_part = looks_at_all && std::any_of(past->attributes.begin(), past->attributes.end(),
                                                     [](const AttributeHistory& one) { return one.more; });
    if (asked.aggregation && is_part) return too_many_instances(all.history.limit, "q");
    return std::optional<Past>();
  }
  if (gives_fewer) leave_last(asked.history.last_n, past->attributes);
  if (const auto& wanted = asked.history.attributes; !wanted.empty()) {
    std::erase_if(past->attributes, [&](const AttributeHistory& one) {
      return std::find(wanted.begin(), wanted.end(), one.name) == wanted.end();
    });
    if (past->attributes.empty() && !asked.picks) return std::optional<Past>();
  }
  return std::optional<Past>(std::move(past).value());
}

base::Result<std::optional<Past>> matching_past_everywhere(const Call& call, const Reading& reading,
                                                           std::string_view id, const twin::Matcher& matcher,
                                                           const std::vector<std::string>& scopes,
                                                           const AskedPast& asked) {
  AskedPast all{asked.history, {}};
  all.history.attributes.clear();
  const bool gives_fewer = !asked.aggregation && asked.history.last_n > 0;
  if (gives_fewer) all.history.last_n = std::max(all.history.last_n, all.history.limit);
  auto past = past_everywhere(call, reading, id, all);
  if (!past.ok()) return past.error();
  std::vector<AttributeHistory>& attributes = past->attributes;
  AttributeHistory of_scopes{twin::terms::scope, {}, {}, false};
  const auto told = std::find_if(attributes.begin(), attributes.end(),
                                 [](const AttributeHistory& one) { return one.name == twin::terms::scope; });
  if (told != attributes.end()) {
    of_scopes = std::move(*told);
    attributes.erase(told);
  }
  if (!scopes.empty())
    leave_within(parts_within_scopes(of_scopes, past->scopes, scopes, asked.history.window), attributes);
  const auto drop_empty = [&] {
    std::erase_if(attributes, [](const AttributeHistory& one) { return one.instances.empty(); });
    return attributes.empty();
  };
  if (!past->found || drop_empty() || !past_satisfies(*past, matcher)) return std::optional<Past>();
  if (gives_fewer) leave_last(asked.history.last_n, attributes);
  if (const auto& wanted = asked.history.attributes; !wanted.empty()) {
    std::erase_if(attributes, [&](const AttributeHistory& one) {
      return std::find(wanted.begin(), wanted.end(), one.name) == wanted.end();
    });
    if (attributes.empty() && !asked.picks) return std::optional<Past>();
  }
  if (!of_scopes.instances.empty()) attributes.push_back(std::move(of_scopes));
  if (asked.aggregation) {
    if (const auto status = aggregate_told(asked, *past); !status.ok()) return status.error();
  }
  return std::optional<Past>(std::move(past).value());
}

}  // namespace cityloom::serve::ngsi_ld
