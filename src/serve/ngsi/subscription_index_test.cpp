// The index against an oracle: what matches by looking at every subscription is what matches among those it finds.
#include "serve/ngsi/subscription_index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

#include "ngsi/parse.hpp"
#include "serve/ngsi/agenda.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using ngsi::Trigger;

constexpr int entity_count = 12;
constexpr int type_count = 4;
constexpr int attribute_count = 5;

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  int any(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }
  static std::string id(int number) { return "urn:ngsi-ld:Thing:" + std::to_string(number); }
  twin::Term term(const std::string& name) {
    return *terms_.intern("https://uri.etsi.org/ngsi-ld/default-context/" + name);
  }

  ngsi::Matcher subscription() {
    ngsi::Subscription made;
    made.id = "urn:s";
    for (int i = 0; i < 1 + any(2); ++i) {
      ngsi::EntitySelector selector;
      static constexpr const char* types[] = {"T0", "T1", "T2,T3", "(T0;T1)|T2", "*"};
      selector.type = types[any(5)];
      if (any(3) == 0) selector.id = id(any(entity_count));
      if (any(5) == 0) selector.id_pattern = "[13579]$";
      made.entities.push_back(selector);
    }
    for (int i = 0; i < any(3); ++i) made.watched_attributes.push_back("a" + std::to_string(any(attribute_count)));
    static constexpr Trigger triggers[] = {Trigger::attribute_created, Trigger::attribute_updated,
                                           Trigger::attribute_deleted, Trigger::entity_created,
                                           Trigger::entity_updated,    Trigger::entity_deleted};
    for (const Trigger trigger : triggers) {
      if (any(3) == 0) made.triggers.push_back(trigger);
    }
    if (any(4) == 0) made.q = "a" + std::to_string(any(attribute_count)) + ">50";
    auto matcher = ngsi::make_matcher(made, ngsi::Context::core(), terms_);
    EXPECT_TRUE(matcher.ok()) << matcher.error().text();
    return std::move(*matcher);
  }

  // A change as `EntityChange::load` leaves it.
  EntityChange change() {
    EntityChange made;
    const int number = any(entity_count);
    ids_.push_back(std::make_unique<std::string>(id(number)));
    made.id = *ids_.back();
    twin::Entity entity;
    entity.id = made.id;
    entity.types = {term("T" + std::to_string(any(type_count)))};
    if (any(3) == 0) entity.types.push_back(term("T" + std::to_string(any(type_count))));
    for (int i = 0; i < attribute_count; ++i) {
      if (any(2) == 0) continue;
      twin::Attribute attribute;
      attribute.name = term("a" + std::to_string(i));
      attribute.value = static_cast<double>(any(100));
      entity.attributes.push_back(attribute);
      if (any(2) == 0) made.attributes.push_back({attribute.name, {}, any(5) == 0, any(3) == 0});
    }
    made.created = any(5) == 0;
    made.deleted = any(5) == 0;
    (made.deleted ? made.before : made.after) = twin::EntityRecord::pack(entity, {1});
    return made;
  }

 private:
  std::mt19937 random_;
  twin::TermTable terms_;
  std::vector<std::unique_ptr<std::string>> ids_;
};

bool concerns(const EntityChange& change, const ngsi::Matcher& matcher) {
  const twin::EntityRecord& record = change.deleted ? change.before : change.after;
  return sets_off(change, matcher.triggers, matcher.watched) && record && ngsi::matches(matcher, record);
}

TEST(SubscriptionIndex, FindsAllThatMatch) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    World world(seed);
    SubscriptionIndex index;
    std::map<SubscriptionIndex::Key, ngsi::Matcher> subscriptions;
    SubscriptionIndex::Key next = 1;
    size_t looked_at = 0, offered = 0, matched = 0;
    for (int step = 0; step < 600; ++step) {
      if (world.any(3) != 0) {
        const auto [place, is_new] = subscriptions.emplace(next, world.subscription());
        index.add(next++, place->second);
      } else if (!subscriptions.empty()) {
        const auto gone = std::next(subscriptions.begin(), world.any(static_cast<int>(subscriptions.size())));
        index.remove(gone->first, gone->second);
        subscriptions.erase(gone);
      }
      const EntityChange change = world.change();
      std::vector<SubscriptionIndex::Key> expected, found;
      for (const auto& [key, matcher] : subscriptions) {
        if (concerns(change, matcher)) expected.push_back(key);
      }
      for (const auto key : index.find(change)) {
        ++offered;
        if (concerns(change, subscriptions.at(key))) found.push_back(key);
      }
      ASSERT_EQ(found, expected) << "seed " << seed << ", step " << step;
      looked_at += subscriptions.size();
      matched += expected.size();
    }
    EXPECT_GT(matched, 0u);
    EXPECT_LT(offered, looked_at / 2) << "of " << looked_at;
    for (const auto& [key, matcher] : subscriptions) index.remove(key, matcher);
    EXPECT_TRUE(index.empty());
    EXPECT_FALSE(index.hears_ends());
    EXPECT_TRUE(index.find(world.change()).empty());
  }
}

TEST(Agenda, KeepsTheEarliestTimeOfEach) {
  Agenda agenda;
  const Agenda::Time start{};
  const auto at = [&](int seconds) { return start + std::chrono::seconds(seconds); };
  EXPECT_EQ(agenda.next(), Agenda::never);
  agenda.add(1, at(5));
  agenda.add(2, at(3));
  agenda.add(1, at(9));
  agenda.add(3, Agenda::never);
  EXPECT_EQ(agenda.next(), at(3));
  agenda.add(1, at(2));
  agenda.add(4, at(4));
  agenda.remove(4);
  EXPECT_EQ(agenda.take(at(4)), (std::vector<Agenda::Key>{1, 2}));
  EXPECT_EQ(agenda.next(), Agenda::never);
  EXPECT_TRUE(agenda.take(at(100)).empty());
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
