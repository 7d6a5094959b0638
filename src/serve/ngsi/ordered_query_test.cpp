#include "serve/ngsi/ordered_query.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr size_t entities_max = 1'000;

struct OrderedQuery : ::testing::Test {
  base::ManualClock clock{base::Instant::from_seconds(1'700'000'000)};
  std::unique_ptr<thread::Thread> record = std::move(*thread::Thread::open(store::make_memory_store(), clock));
  twin::Term type = *record->terms().intern("https://e.org/T"), other = *record->terms().intern("https://e.org/U"),
             name = *record->terms().intern("https://e.org/value");

  void put(int number, std::optional<twin::Value> value) {
    thread::Change change;
    change.entity_id = "urn:x:" + std::to_string(number);
    change.types = number % 3 == 0 ? std::vector{type, other} : std::vector{type};
    if (value) {
      twin::Attribute& attribute = change.attributes.emplace_back();
      attribute.name = name;
      attribute.value = std::move(*value);
    }
    thread::ChangeSet set;
    set.changes.push_back(std::move(change));
    const auto outcomes = record->append(std::move(set));
    ASSERT_TRUE(outcomes.ok() && (*outcomes)[0].ok());
  }
  twin::Sorter sorter(bool descending) const {
    twin::Ordering ordering;
    ordering.keys.emplace_back().path.name = name;
    ordering.keys[0].descending = descending;
    return {std::move(ordering), [](twin::Term) { return std::string_view(); }};
  }
  static twin::Query of(twin::Term wanted) {
    twin::Query query;
    query.types.any_of = {{wanted}};
    return query;
  }
};

TEST_F(OrderedQuery, PagesAreThoseOfAllSorted) {
  std::mt19937 random{3};
  for (int i = 0; i < 200; ++i) {
    put(i, random() % 5 == 0 ? std::nullopt : std::optional<twin::Value>(static_cast<int64_t>(random() % 20)));
  }
  const thread::Snapshot snapshot = record->snapshot();
  for (const bool descending : {false, true}) {
    const twin::Sorter by = sorter(descending);
    std::vector<twin::EntityRecord> all;
    ASSERT_TRUE(snapshot.each(of(type), [&](const auto& one) { return all.push_back(one), true; }).ok());
    std::stable_sort(all.begin(), all.end(),
                     [&](const auto& a, const auto& b) { return by.before(by.values(a), by.values(b)); });
    for (const size_t limit : {0u, 1u, 7u, 50u, 300u}) {
      for (const size_t offset : {0u, 1u, 60u, 199u, 200u, 500u}) {
        // The second query has nothing that the first has not.
        const auto page = query_ordered(snapshot, {of(type), of(other)}, by, {offset, limit, true}, entities_max, {});
        ASSERT_TRUE(page.ok()) << page.error().text();
        EXPECT_EQ(page->count, 200u);
        EXPECT_EQ(page->more, offset + limit < 200);
        const size_t expected = limit == 0 ? 0 : std::min(limit, 200 - std::min<size_t>(offset, 200));
        ASSERT_EQ(page->records.size(), expected) << limit << " from " << offset;
        for (size_t i = 0; i < expected; ++i) EXPECT_EQ(page->records[i].id(), all[offset + i].id());
      }
    }
  }
}

TEST_F(OrderedQuery, IsBoundedInEntitiesAndInWhatTheyAreOrderedBy) {
  for (int i = 0; i < 80; ++i) put(i, std::string(1u << 20, 'x') + std::to_string(i));
  const thread::Snapshot snapshot = record->snapshot();
  const auto many = query_ordered(snapshot, {of(type)}, sorter(false), {990, 20, false}, entities_max, {});
  EXPECT_EQ(many.error().code, base::Code::too_complex);
  EXPECT_EQ(many.error().where, "offset");
  const auto large = query_ordered(snapshot, {of(type)}, sorter(false), {0, 80, false}, entities_max, {});
  EXPECT_EQ(large.error().code, base::Code::too_complex);
  EXPECT_EQ(large.error().where, "orderBy");
  EXPECT_EQ(query_ordered(snapshot, {of(type)}, sorter(false), {0, 20, false}, entities_max, {})->records.size(), 20u);
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
