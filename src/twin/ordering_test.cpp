#include "twin/ordering.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace cityloom::twin {
namespace {

constexpr Term value_name{100}, second_name{101}, type{102};

std::string_view text_of(Term) {
  return "Type";
}

Attribute attribute(Term name, Value value) {
  Attribute made;
  made.name = name;
  made.value = std::move(value);
  return made;
}

EntityRecord record(int number, std::vector<Attribute> attributes) {
  Entity entity;
  entity.id = "urn:x:" + std::to_string(number);
  entity.types = {type};
  entity.attributes = std::move(attributes);
  return EntityRecord::pack(entity, {static_cast<uint32_t>(number)});
}

Ordering by(Term name, bool descending = false) {
  Ordering ordering;
  ordering.keys.emplace_back();
  ordering.keys.back().path.name = name;
  ordering.keys.back().descending = descending;
  return ordering;
}

TEST(Sorter, KindsStandInTheOrderOfTheStandardAndTheAbsentIsLast) {
  const std::vector<Value> ascending = {int64_t{-3},
                                        2.5,
                                        int64_t{40},
                                        std::string("A"),
                                        std::string("b"),
                                        Json{R"({"a":1})"},
                                        Json{"[1]"},
                                        false,
                                        true,
                                        Json{R"({"@type":"Time","@value":"11:00:00Z"})"},
                                        Json{R"({"@type":"Date","@value":"2026-01-01"})"},
                                        Json{R"({"@type":"DateTime","@value":"2025-01-01T00:00:00Z"})"},
                                        Json{R"({"@type":"DateTime","@value":"2026-01-01T01:00:00+09:00"})"},
                                        Json{R"({"@type":"DateTime","@value":"2026-01-01T00:00:00Z"})"},
                                        Null{}};
  for (const bool descending : {false, true}) {
    const Sorter sorter(by(value_name, descending), text_of);
    for (size_t a = 0; a < ascending.size(); ++a) {
      const auto left = sorter.values(record(1, {attribute(value_name, ascending[a])}));
      for (size_t b = 0; b < ascending.size(); ++b) {
        const auto right = sorter.values(record(2, {attribute(value_name, ascending[b])}));
        EXPECT_EQ(sorter.before(left, right), descending ? b < a : a < b) << a << " and " << b;
      }
      const auto absent = sorter.values(record(3, {}));
      EXPECT_TRUE(sorter.before(left, absent)) << a;
      EXPECT_FALSE(sorter.before(absent, left)) << a;
    }
  }
}

TEST(Sorter, TheInstanceWithoutDatasetCounts) {
  const Sorter sorter(by(value_name), text_of);
  Attribute night = attribute(value_name, int64_t{9});
  night.dataset = Term{200};
  const auto both = sorter.values(record(1, {night, attribute(value_name, int64_t{1})}));
  EXPECT_EQ(both[0].number, 1);
  EXPECT_EQ(sorter.values(record(2, {night}))[0].number, 9) << "the first where there is none";
}

TEST(Sorter, DistancesFromAGeometryComeBeforeOtherValues) {
  Ordering ordering = by(value_name);
  ordering.keys[0].by_distance = true;
  ordering.from = Geometry{GeometryKind::line_string, {{127, 37}, {128, 37}}, {2}, {}};
  const Sorter sorter(std::move(ordering), text_of);
  const auto at = [&](double longitude, double latitude) {
    return sorter.values(record(1, {attribute(value_name, Geometry::point({longitude, latitude}))}));
  };
  EXPECT_TRUE(sorter.before(at(127.5, 37.001), at(127.5, 37.1)));
  EXPECT_NEAR(at(127, 38)[0].number, 111'195, 100);
  EXPECT_TRUE(sorter.before(at(0, -80), sorter.values(record(2, {attribute(value_name, int64_t{1})}))));
}

TEST(Sorter, AnyRecordsHaveOneOrder) {
  std::mt19937 random{5};
  Ordering ordering = by(value_name);
  ordering.keys.emplace_back();
  ordering.keys.back().path.name = second_name;
  ordering.keys.back().descending = true;
  const Sorter sorter(std::move(ordering), text_of);
  const auto any_value = [&]() -> Value {
    switch (random() % 5) {
      case 0:
        return static_cast<int64_t>(random() % 3);
      case 1:
        return std::string(1, static_cast<char>('a' + random() % 3));
      case 2:
        return random() % 2 == 0;
      case 3:
        return Json{"[" + std::to_string(random() % 3) + "]"};
      default:
        return static_cast<double>(random() % 3) / 2;
    }
  };
  std::vector<std::vector<OrderValue>> all;
  for (int i = 0; i < 120; ++i) {
    std::vector<Attribute> attributes;
    if (random() % 4 != 0) attributes.push_back(attribute(value_name, any_value()));
    if (random() % 4 != 0) attributes.push_back(attribute(second_name, any_value()));
    all.push_back(sorter.values(record(i, std::move(attributes))));
  }
  for (const auto& a : all) {
    EXPECT_FALSE(sorter.before(a, a));
    for (const auto& b : all) {
      EXPECT_FALSE(sorter.before(a, b) && sorter.before(b, a));
      for (const auto& c : all) {
        if (sorter.before(a, b) && sorter.before(b, c)) {
          EXPECT_TRUE(sorter.before(a, c));
        }
      }
    }
  }
}

}  // namespace
}  // namespace cityloom::twin
