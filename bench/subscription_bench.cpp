// Finding who hears of a change among ten thousand subscriptions. The estimate: a lookup by id, type and attribute is a
// handful of tree steps, some 1 us, whatever the number of subscriptions; looking at each costs some 50 ns, so 500 us.
#include <fmt/format.h>

#include <chrono>
#include <map>

#include "bench/record_bench.hpp"
#include "serve/ngsi/subscription_index.hpp"

namespace cityloom::bench {
namespace {

using serve::ngsi_ld::EntityChange;
using serve::ngsi_ld::SubscriptionIndex;
using Steady = std::chrono::steady_clock;

constexpr size_t subscription_count = 10'000;
constexpr int types = 500;
constexpr int entities = 5'000;

/// A tenth asks for one entity, the rest for a type, half of them for one attribute.
base::Result<ngsi::Matcher> matcher_of(size_t number, twin::TermTable& terms) {
  ngsi::Subscription made;
  made.id = "urn:s";
  ngsi::EntitySelector selector;
  selector.type = fmt::format("T{}", number % types);
  if (number % 10 == 0) selector.id = fmt::format("urn:ngsi-ld:Thing:{}", number % entities);
  made.entities.push_back(selector);
  if (number % 2 == 0) made.watched_attributes = {fmt::format("a{}", number % 7)};
  if (number % 3 == 0) made.q = "a0>50";
  return ngsi::make_matcher(made, ngsi::Context::core(), terms);
}

/// A change of two attributes of an entity, as it is after being loaded.
EntityChange change_of(int number, std::string_view id, twin::TermTable& terms) {
  const auto term = [&](const std::string& name) {
    return *terms.intern("https://uri.etsi.org/ngsi-ld/default-context/" + name);
  };
  EntityChange change;
  change.id = id;
  twin::Entity entity;
  entity.id = id;
  entity.types = {term(fmt::format("T{}", number % types))};
  for (int i = 0; i < 8; ++i) {
    twin::Attribute attribute;
    attribute.name = term(fmt::format("a{}", i));
    attribute.value = static_cast<double>((number * 7 + i) % 100);
    entity.attributes.push_back(attribute);
    if (i < 2) change.attributes.push_back({attribute.name, {}, false, false});
  }
  change.after = twin::EntityRecord::pack(entity, {1});
  return change;
}

bool concerns(const EntityChange& change, const ngsi::Matcher& matcher) {
  return sets_off(change, matcher.triggers, matcher.watched) && ngsi::matches(matcher, change.after);
}

}  // namespace

base::Status run_subscriptions(const Setup&, const Report& report) {
  twin::TermTable terms;
  std::map<SubscriptionIndex::Key, ngsi::Matcher> subscriptions;
  SubscriptionIndex index;
  for (size_t i = 0; i < subscription_count; ++i) {
    auto matcher = matcher_of(i, terms);
    if (!matcher.ok()) return matcher.error();
    index.add(i, subscriptions.emplace(i, std::move(*matcher)).first->second);
  }
  std::vector<std::string> ids;
  std::vector<EntityChange> changes;
  for (int i = 0; i < entities; ++i) ids.push_back(fmt::format("urn:ngsi-ld:Thing:{}", i));
  for (int i = 0; i < entities; ++i) changes.push_back(change_of(i, ids[static_cast<size_t>(i)], terms));
  const auto us_each = [](Steady::time_point start, size_t count) {
    return std::chrono::duration<double, std::micro>(Steady::now() - start).count() / static_cast<double>(count);
  };
  size_t found = 0;
  auto start = Steady::now();
  for (const EntityChange& change : changes) {
    for (const auto key : index.find(change)) found += concerns(change, subscriptions.at(key)) ? 1 : 0;
  }
  report({"subscriptions_indexed_us_a_change", us_each(start, changes.size()), "us", 20.0, false});
  constexpr size_t sample = 200;
  size_t expected = 0, found_in_sample = 0;
  start = Steady::now();
  for (size_t i = 0; i < sample; ++i) {
    for (const auto& [key, matcher] : subscriptions) expected += concerns(changes[i], matcher) ? 1 : 0;
  }
  report({"subscriptions_looked_at_each_us_a_change", us_each(start, sample), "us", {}, false});
  for (size_t i = 0; i < sample; ++i) {
    for (const auto key : index.find(changes[i]))
      found_in_sample += concerns(changes[i], subscriptions.at(key)) ? 1 : 0;
  }
  if (found == 0 || expected != found_in_sample) {
    return base::fail(base::Code::internal, fmt::format("{} of {} were found", found_in_sample, expected));
  }
  return {};
}

}  // namespace cityloom::bench
