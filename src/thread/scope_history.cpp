#include "thread/scope_history.hpp"

#include <algorithm>

namespace cityloom::thread {
namespace {

using twin::Term;

// A stretch of time in which an entity had these scopes, one a line.
struct ScopesHeld {
  Offset from, until;
  std::string lines;
};

std::string text_of(const twin::Value& lines) {
  const auto* text = std::get_if<std::string>(&lines);
  return text == nullptr ? std::string() : *text;
}

// The scopes that a series of changes, or one of ended lives, tells of.
base::Status add_scopes(const Views& views, const Stretch& stretch, const SeriesKey& key, std::vector<ScopesHeld>& to) {
  const auto series = views.history().series(key);
  if (!series) return series.error();
  for (size_t index = 0; index < series->size(); ++index) {
    const auto chunk = series->chunk(index);
    if (!chunk) return chunk.error();
    for (const PastInstance& one : chunk->instances) {
      if (one.offset <= stretch.after || one.offset > stretch.upto || one.attribute.dataset.exists()) continue;
      // What was only ever told of never lived: nothing says when it had its scopes.
      if (one.attribute.offset == one.offset) continue;
      to.push_back({one.attribute.offset, one.offset, text_of(one.attribute.value)});
    }
  }
  return {};
}

twin::Value value_of_scopes(const std::string& lines) {
  const std::vector<std::string> scopes = lines_of(twin::Value(lines));
  if (scopes.empty()) return twin::Null{};
  if (scopes.size() == 1) return scopes.front();
  std::string json = "[";  // a scope holds nothing that JSON would escape
  for (const std::string& scope : scopes) json += (json.size() > 1 ? ",\"" : "\"") + scope + '"';
  return twin::Json{json + ']'};
}

}  // namespace

base::Result<AttributeHistory> scope_history(const Views& views, const std::vector<Stretch>& stretches,
                                             twin::EntityNumber number, const twin::EntityRecord& now, size_t limit) {
  std::vector<ScopesHeld> held;
  for (const Stretch& stretch : stretches) {
    for (const Term series : {twin::terms::scope, twin::terms::lifecycle}) {
      if (auto added = add_scopes(views, stretch, {stretch.branch, number, series, {}}, held); !added)
        return added.error();
    }
  }
  std::stable_sort(held.begin(), held.end(),
                   [](const ScopesHeld& left, const ScopesHeld& right) { return left.until < right.until; });
  if (now && !now.ended()) {
    std::string lines;
    for (const std::string& scope : now.scopes()) lines += scope + "\n";
    held.push_back({now.created_offset(), Offset{}, std::move(lines)});
  }
  AttributeHistory history{twin::terms::scope, {}, {}, false};
  Offset since;  // of what follows within one life
  for (size_t i = 0; i < held.size() && !history.more; ++i) {
    const Offset from = std::max(held[i].from, since);
    since = held[i].until;
    PastAttribute one;
    one.name = twin::terms::scope;
    one.value = value_of_scopes(held[i].lines);
    one.offset = from;
    one.key = {from, {}, false};
    const auto at = views.recorded_at(from);
    if (!at) return at.error();
    one.created_at = one.modified_at = one.observed_at = *at;
    const bool is_none = twin::is_null(one.value);
    const bool is_said = history.instances.empty() ? is_none : history.instances.back().value == one.value;
    if (!is_said) history.instances.push_back(std::move(one));
    history.more = history.instances.size() >= limit;
  }
  return history;
}

}  // namespace cityloom::thread
