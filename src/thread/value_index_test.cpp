#include "thread/value_index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace cityloom::thread {
namespace {

using twin::Attribute;
using twin::Comparator;
using twin::Condition;
using twin::EntityRecord;
using twin::Term;

constexpr Term sensor{50}, level{100}, state{101}, other{102}, survey{110};

twin::Value value_of(std::mt19937& chance) {
  static const char* words[] = {"on", "off", "", "매우 나쁨"};
  switch (chance() % 8) {
    case 0:
      return chance() % 2 == 0;
    case 1:
      return std::string(words[chance() % 4]);
    case 2:
      return twin::number_value(static_cast<double>(chance() % 40) / 4 - 5);
    case 3:
      return twin::Json{chance() % 2 == 0 ? R"(["on",3])" : R"({"on":3})"};
    case 4:
      return twin::Geometry{twin::GeometryKind::point, {{127, 37}}, {}, {}};
    default:
      return static_cast<int64_t>(chance() % 10) - 5;
  }
}

EntityRecord entity(std::mt19937& chance, uint32_t number) {
  twin::Entity made;
  made.id = "urn:x:" + std::to_string(number);
  if (chance() % 9 == 0) return EntityRecord::pack(made, {number});  // ended
  made.types = {sensor};
  for (const Term name : {level, state, other}) {
    for (const Term dataset : {Term{}, survey}) {
      if (chance() % 2 == 0) continue;
      Attribute& attribute = made.attributes.emplace_back();
      attribute.name = name;
      attribute.dataset = dataset;
      attribute.value = value_of(chance);
    }
  }
  return EntityRecord::pack(made, {number});
}

twin::Literal literal(std::mt19937& chance) {
  switch (chance() % 5) {
    case 0:
      return chance() % 2 == 0;
    case 1:
      return std::string(chance() % 2 == 0 ? "on" : "매우 나쁨");
    default:
      return static_cast<double>(chance() % 40) / 4 - 5;
  }
}

Condition condition(std::mt19937& chance, int depth) {
  Condition made;
  if (depth > 0 && chance() % 2 == 0) {
    made.kind = chance() % 2 == 0 ? Condition::Kind::all : Condition::Kind::any;
    for (int i = 0; i < 2; ++i) made.children.push_back(condition(chance, depth - 1));
    return made;
  }
  const Term names[] = {level, state, other};
  made.comparison.path.name = names[chance() % 3];
  if (chance() % 8 == 0) return made;  // exists
  const Comparator comparators[] = {Comparator::equal,        Comparator::equal, Comparator::not_equal,
                                    Comparator::greater,      Comparator::less,  Comparator::greater_or_equal,
                                    Comparator::less_or_equal};
  made.comparison.comparator = comparators[chance() % 7];
  made.comparison.operands.push_back(literal(chance));
  if (made.comparison.comparator == Comparator::equal && chance() % 3 == 0) {
    made.comparison.operands.push_back(twin::LiteralRange{-1.0, 2.5});
  }
  return made;
}

void learn(ValueIndexes& indexes, Term attribute, const std::vector<EntityRecord>& records) {
  ASSERT_TRUE(indexes.start(attribute));
  indexes.learn(attribute, 0, records);
  indexes.finish(attribute, true);
}

// The model: each record asked. Half of the changes come before an index is learnt, half after.
TEST(ValueIndexes, NameAllThatSatisfyAndWhereTheySayExactlyNoOther) {
  std::mt19937 chance(7);
  int exact = 0;
  int narrower = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<EntityRecord> records(150);
    for (uint32_t i = 0; i < 150; ++i) records[i] = entity(chance, i);
    ValueIndexes indexes;
    learn(indexes, level, records);
    for (int step = 0; step < 300; ++step) {
      if (step == 150) learn(indexes, state, records);
      const uint32_t number = chance() % 150;
      const EntityRecord after = entity(chance, number);
      indexes.change(records[number], after, number);
      records[number] = after;
    }
    for (int asked = 0; asked < 40; ++asked) {
      const Condition wanted = condition(chance, 2);
      const auto narrowed = indexes.narrow(wanted);
      if (!narrowed) continue;
      for (uint32_t i = 0; i < 150; ++i) {
        const bool holds = records[i].exists() && twin::satisfies(records[i], wanted);
        if (holds) {
          EXPECT_TRUE(narrowed->numbers.contains(i)) << "round " << round;
        }
        if (narrowed->exact) {
          EXPECT_EQ(narrowed->numbers.contains(i), holds) << "round " << round;
        }
      }
      exact += narrowed->exact ? 1 : 0;
      narrower += narrowed->numbers.cardinality() < 150 ? 1 : 0;
    }
  }
  EXPECT_GT(exact, 20);
  EXPECT_GT(narrower, 200);
}

EntityRecord with(uint32_t number, twin::Value value) {
  twin::Entity made;
  made.id = "urn:x:" + std::to_string(number);
  made.types = {sensor};
  Attribute& attribute = made.attributes.emplace_back();
  attribute.name = level;
  attribute.value = std::move(value);
  return EntityRecord::pack(made, {number});
}

std::vector<uint32_t> all(const Numbers& numbers) {
  return {numbers.begin(), numbers.end()};
}

Condition equal(twin::Literal wanted) {
  Condition made;
  made.comparison.path.name = level;
  made.comparison.comparator = Comparator::equal;
  made.comparison.operands = {std::move(wanted)};
  return made;
}

TEST(ValueIndexes, FindTextsThatAreManyOrLong) {
  std::vector<EntityRecord> records;
  for (uint32_t i = 0; i < 9'000; ++i) records.push_back(with(i, "name " + std::to_string(i % 4'500)));
  const std::string long_text(2'000, 'x');
  records.push_back(with(9'000, long_text));
  ValueIndexes indexes;
  learn(indexes, level, records);
  auto found = indexes.narrow(equal(std::string("name 17")));
  ASSERT_TRUE(found);
  EXPECT_EQ(all(found->numbers), (std::vector<uint32_t>{17, 4'517}));
  EXPECT_FALSE(found->exact) << "by hash: the records are to be asked";
  EXPECT_EQ(all(indexes.narrow(equal(long_text))->numbers), std::vector<uint32_t>{9'000});
  indexes.change(records[17], with(17, int64_t{1}), 17);
  indexes.change(records[9'000], {}, 9'000);
  EXPECT_EQ(all(indexes.narrow(equal(std::string("name 17")))->numbers), std::vector<uint32_t>{4'517});
  EXPECT_TRUE(indexes.narrow(equal(long_text))->numbers.isEmpty());
  EXPECT_EQ(all(indexes.narrow(equal(1.0))->numbers), std::vector<uint32_t>{17});
}

TEST(ValueIndexes, ManyNumbersOfARangeAreAllNamed) {
  std::vector<EntityRecord> records;
  for (uint32_t i = 0; i < 10'000; ++i) records.push_back(with(i, static_cast<int64_t>(i * 7'919 % 10'000)));
  ValueIndexes indexes;
  learn(indexes, level, records);
  Condition wanted = equal(5'000.0);
  wanted.comparison.comparator = Comparator::less;
  const auto found = indexes.narrow(wanted);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->exact);
  EXPECT_EQ(found->numbers.cardinality(), 5'000u);
  for (const uint32_t number : found->numbers) EXPECT_LT(number * 7'919 % 10'000, 5'000u);
}

// What comes while an attribute is learnt is taken whether its record is still to be read or has been.
TEST(ValueIndexes, ChangesDuringLearningAreTaken) {
  ValueIndexes indexes;
  ASSERT_TRUE(indexes.start(level));
  EXPECT_FALSE(indexes.narrow(equal(1.0))) << "not while it is learnt";
  const EntityRecord one = with(1, int64_t{1}), two = with(1, int64_t{2}), three = with(1, int64_t{3});
  indexes.change(one, two, 1);  // before it is read
  const std::vector<EntityRecord> records = {EntityRecord(), two};
  indexes.learn(level, 0, records);
  indexes.change(two, three, 1);  // after
  indexes.finish(level, true);
  EXPECT_TRUE(indexes.narrow(equal(1.0))->numbers.isEmpty());
  EXPECT_TRUE(indexes.narrow(equal(2.0))->numbers.isEmpty());
  EXPECT_EQ(all(indexes.narrow(equal(3.0))->numbers), std::vector<uint32_t>{1});
}

TEST(ValueIndexes, MissingAreThoseThatWouldHelp) {
  ValueIndexes indexes;
  Condition by_name = equal(1.0);
  Condition unlike = equal(1.0);
  unlike.comparison.path.name = state;
  unlike.comparison.comparator = Comparator::not_equal;
  Condition both;
  both.children = {by_name, unlike};
  both.kind = Condition::Kind::all;
  EXPECT_EQ(indexes.missing(both), std::vector<Term>{level});
  both.kind = Condition::Kind::any;
  EXPECT_TRUE(indexes.missing(both).empty()) << "one of them cannot be told, so that any entity may match";
  learn(indexes, level, {});
  EXPECT_TRUE(indexes.missing(by_name).empty());
  EXPECT_FALSE(indexes.start(level));
}

TEST(ValueIndexes, KeepToTheirLimits) {
  std::vector<EntityRecord> records;
  for (uint32_t i = 0; i < 1'000; ++i) records.push_back(with(i, static_cast<int64_t>(i)));
  ValueIndexes few({.indexes = 2, .bytes = 1u << 20});
  learn(few, level, records);
  learn(few, state, records);
  EXPECT_TRUE(few.narrow(equal(5.0)));
  learn(few, other, records);
  EXPECT_TRUE(few.narrow(equal(5.0))) << "the one used least lately went";
  EXPECT_TRUE(few.start(state));

  ValueIndexes small({.indexes = 2, .bytes = 10'000});
  learn(small, level, records);
  EXPECT_FALSE(small.narrow(equal(5.0)));
  EXPECT_LT(small.memory_bytes(), 10'000u);
  EXPECT_FALSE(small.start(level)) << "nobody learns again what does not fit";

  ValueIndexes cut;
  ASSERT_TRUE(cut.start(level));
  cut.learn(level, 0, records);
  cut.finish(level, false);
  EXPECT_FALSE(cut.narrow(equal(5.0)));
  EXPECT_EQ(cut.memory_bytes(), 0u);
}

}  // namespace
}  // namespace cityloom::thread
