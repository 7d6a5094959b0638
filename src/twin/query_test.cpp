#include "twin/query.hpp"

#include <gtest/gtest.h>

namespace cityloom::twin {
namespace {

constexpr Term height{100}, name{101}, accuracy{102}, building{103}, listed{104};

EntityRecord tower() {
  Entity entity;
  entity.id = "urn:ngsi-ld:Building:1";
  entity.types = {building};
  entity.scopes = {"/Korea/Seoul/Jamsil"};
  entity.created_at = base::Instant::from_seconds(1'000);
  Attribute tall;
  tall.name = height;
  tall.value = 154.5;
  tall.observed_at = base::Instant::from_seconds(500);
  Attribute exact;
  exact.name = accuracy;
  exact.value = int64_t{2};
  tall.members = {exact};
  Attribute named;
  named.name = name;
  named.kind = AttributeKind::language_property;
  named.value = Json{R"({"ko":"잠실타워","en":"Jamsil Tower"})"};
  Attribute place;
  place.name = terms::location;
  place.kind = AttributeKind::geo_property;
  Geometry square{GeometryKind::polygon,
                  {{127.0, 37.5}, {127.001, 37.5}, {127.001, 37.501}, {127.0, 37.501}, {127.0, 37.5}},
                  {5},
                  {}};
  place.value = square;
  entity.attributes = {tall, named, place};
  return EntityRecord::pack(entity, {1});
}

Condition compare(Term attribute, Comparator comparator, Literal literal) {
  Condition condition;
  condition.comparison.path.name = attribute;
  condition.comparison.comparator = comparator;
  condition.comparison.operands = {literal};
  return condition;
}

TEST(Condition, ComparesNumbersOrderedAndTyped) {
  const EntityRecord record = tower();
  EXPECT_TRUE(satisfies(record, compare(height, Comparator::greater, 154.0)));
  EXPECT_FALSE(satisfies(record, compare(height, Comparator::greater, 154.5)));
  EXPECT_TRUE(satisfies(record, compare(height, Comparator::less_or_equal, 154.5)));
  EXPECT_FALSE(satisfies(record, compare(height, Comparator::equal, std::string("154.5"))));
  EXPECT_FALSE(satisfies(record, compare(listed, Comparator::not_equal, 1.0)))
      << "an absent attribute satisfies nothing";
}

TEST(Condition, FollowsMembersTimesAndLanguages) {
  const EntityRecord record = tower();
  Condition condition = compare(height, Comparator::equal, 2.0);
  condition.comparison.path.members = {accuracy};
  EXPECT_TRUE(satisfies(record, condition));
  condition = compare(height, Comparator::less, base::Instant::from_seconds(501));
  condition.comparison.path.members = {terms::observed_at};
  EXPECT_TRUE(satisfies(record, condition));
  EXPECT_TRUE(satisfies(record, compare(terms::created_at, Comparator::equal, base::Instant::from_seconds(1'000))));
  condition = compare(name, Comparator::equal, std::string("Jamsil Tower"));
  condition.comparison.path.json_path = {"en"};
  EXPECT_TRUE(satisfies(record, condition));
  condition.comparison.path.json_path = {"*"};
  EXPECT_TRUE(satisfies(record, condition));
  condition.comparison.path.json_path = {"ko"};
  EXPECT_FALSE(satisfies(record, condition));
}

TEST(Condition, UnequalIsUnequalToAllOfSeveralValues) {
  const EntityRecord record = tower();
  Condition condition = compare(name, Comparator::not_equal, std::string("Jamsil Tower"));
  EXPECT_FALSE(satisfies(record, condition)) << "its English name";
  condition.comparison.path.json_path = {"*"};
  EXPECT_FALSE(satisfies(record, condition));
  condition.comparison.operands = {std::string("House")};
  EXPECT_TRUE(satisfies(record, condition));
  condition = compare(name, Comparator::equal, std::string("Jamsil Tower"));
  EXPECT_TRUE(satisfies(record, condition)) << "in any language where none is named";

  Entity entity;
  entity.id = "urn:x:linked";
  Attribute link;
  link.name = height;
  link.kind = AttributeKind::relationship;
  link.value = Json{R"(["urn:x:1","urn:x:2"])"};
  entity.attributes = {link};
  const EntityRecord linked = EntityRecord::pack(entity, {1});
  EXPECT_TRUE(satisfies(linked, compare(height, Comparator::equal, std::string("urn:x:2"))));
  EXPECT_FALSE(satisfies(linked, compare(height, Comparator::not_equal, std::string("urn:x:2"))));
  EXPECT_FALSE(satisfies(linked, compare(height, Comparator::greater, std::string("urn:a:1"))));
}

TEST(Condition, RangesListsAndPatterns) {
  const EntityRecord record = tower();
  Condition condition = compare(height, Comparator::equal, 1.0);
  condition.comparison.operands.push_back(LiteralRange{150.0, 160.0});
  EXPECT_TRUE(satisfies(record, condition));
  condition.comparison.comparator = Comparator::not_equal;
  EXPECT_FALSE(satisfies(record, condition));
  condition = compare(name, Comparator::matches, std::string());
  condition.comparison.path.json_path = {"ko"};
  condition.comparison.pattern = *make_pattern("^잠실");
  EXPECT_TRUE(satisfies(record, condition));
  EXPECT_FALSE(make_pattern("(").ok());
  EXPECT_FALSE(make_pattern(std::string(2'000, 'a')).ok());
}

bool geo(GeoRelation relation, Geometry reference, std::optional<double> distance_max_m = {}) {
  Query query;
  query.geo = GeoQuery{relation, std::move(reference), {}, distance_max_m, terms::location};
  return Matcher(query)(tower());
}

Geometry box(double west, double south, double east, double north) {
  return {GeometryKind::polygon, {{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}, {5}, {}};
}

TEST(GeoQuery, RelationsOfAnArea) {
  EXPECT_TRUE(geo(GeoRelation::within, box(126.9, 37.4, 127.1, 37.6)));
  EXPECT_FALSE(geo(GeoRelation::within, box(127.0005, 37.4, 127.1, 37.6)));
  EXPECT_TRUE(geo(GeoRelation::overlaps, box(127.0005, 37.4, 127.1, 37.6)));
  EXPECT_FALSE(geo(GeoRelation::overlaps, box(126.9, 37.4, 127.1, 37.6)));
  EXPECT_TRUE(geo(GeoRelation::contains, Geometry::point({127.0005, 37.5005})));
  EXPECT_TRUE(geo(GeoRelation::intersects, Geometry::point({127.0005, 37.5005})));
  EXPECT_TRUE(geo(GeoRelation::disjoint, Geometry::point({127.1, 37.5005})));
  EXPECT_TRUE(geo(GeoRelation::equals, box(127.0, 37.5, 127.001, 37.501)));
}

TEST(GeoQuery, NearMeasuresToTheNearestPoint) {
  // 0.001 degrees of longitude at 37.5 N are 88.2 m.
  const Geometry east = Geometry::point({127.002, 37.5005});
  EXPECT_TRUE(geo(GeoRelation::near, east, 89));
  EXPECT_FALSE(geo(GeoRelation::near, east, 87));
  EXPECT_TRUE(geo(GeoRelation::near, Geometry::point({127.0005, 37.5005}), 0)) << "inside is at no distance";
}

TEST(GeoQuery, ASelfCrossingAreaIsRepairedNotTrusted) {
  Geometry bow_tie{GeometryKind::polygon, {{127, 37}, {128, 38}, {128, 37}, {127, 38}, {127, 37}}, {5}, {}};
  Query query;
  query.geo = GeoQuery{GeoRelation::within, bow_tie, {}, {}, terms::location};
  const Matcher matcher(query);
  EXPECT_TRUE(matcher.related(Geometry::point({127.1, 37.5})));
  EXPECT_FALSE(matcher.related(Geometry::point({127.5, 37.1})));
}

TEST(Scope, LevelsAndWildcards) {
  const std::vector<std::string> scopes = {"/Korea/Seoul/Jamsil", "/Parks"};
  for (const char* yes :
       {"/Korea/Seoul/Jamsil", "/Korea/#", "/Korea/+/Jamsil", "/#", "/Parks;/Korea/#", "/Korea/Seoul/Jamsil/#"}) {
    EXPECT_TRUE(satisfies_scope(scopes, yes)) << yes;
  }
  for (const char* no : {"/Korea", "/Korea/+", "/Busan/#", "/Parks;/Busan", "/Korea/Seoul/Jamsil/+"}) {
    EXPECT_FALSE(satisfies_scope(scopes, no)) << no;
  }
}

}  // namespace
}  // namespace cityloom::twin
