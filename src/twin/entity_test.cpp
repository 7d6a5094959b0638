#include "twin/entity.hpp"

#include <gtest/gtest.h>

#include <random>

#include "twin/packed.hpp"

namespace cityloom::twin {
namespace {

using Random = std::mt19937_64;

Geometry any_geometry(Random& random) {
  const auto coordinate = [&](double range) { return std::uniform_real_distribution<double>(-range, range)(random); };
  Geometry geometry;
  if (random() % 2 == 0) return Geometry::point({coordinate(180), coordinate(90), coordinate(500)});
  geometry.kind = GeometryKind::multi_polygon;
  for (int polygon = 0; polygon < 2; ++polygon) {
    const Position first{coordinate(180), coordinate(90)};
    geometry.positions.push_back(first);
    for (int i = 0; i < 3; ++i) geometry.positions.push_back({coordinate(180), coordinate(90)});
    geometry.positions.push_back(first);
    geometry.line_ends.push_back(static_cast<uint32_t>(geometry.positions.size()));
    geometry.polygon_ends.push_back(static_cast<uint32_t>(geometry.line_ends.size()));
  }
  return geometry;
}

Value any_value(Random& random) {
  switch (random() % 6) {
    case 0:
      return random() % 2 == 0;
    case 1:
      return static_cast<int64_t>(random());
    case 2:
      return std::uniform_real_distribution<double>(-1e9, 1e9)(random);
    case 3:
      return std::string(random() % 300, 'x') + "한강";
    case 4:
      return Json{R"({"ko":"잠실","en":["Jamsil"]})"};
    default:
      return any_geometry(random);
  }
}

Attribute any_attribute(Random& random, int depth) {
  Attribute attribute;
  attribute.name = {static_cast<uint32_t>(random() % 100'000 + 1)};
  attribute.kind = static_cast<AttributeKind>(random() % 8);
  attribute.value = any_value(random);
  if (random() % 2) attribute.dataset = {static_cast<uint32_t>(random() % 1000 + 1)};
  if (random() % 2) attribute.unit = {7};
  if (random() % 2) attribute.observed_at = {static_cast<int64_t>(random() % 1'000'000'000'000'000)};
  if (random() % 4 == 0) attribute.expires_at = {static_cast<int64_t>(random() % 1'000'000'000'000'000)};
  if (random() % 4 == 0) attribute.object_types = {{3}, {4}};
  if (random() % 4) {
    attribute.created_at = {static_cast<int64_t>(random() % 1'000'000'000'000'000)};
    attribute.modified_at = {static_cast<int64_t>(random() % 1'000'000'000'000'000)};
    attribute.offset = {random() % 1'000'000};
  }
  if (depth > 0) {
    for (uint64_t i = random() % 3; i > 0; --i) attribute.members.push_back(any_attribute(random, depth - 1));
  }
  return attribute;
}

Entity any_entity(Random& random) {
  Entity entity;
  entity.id = "urn:ngsi-ld:Building:" + std::to_string(random());
  entity.types = {{2}, {300'000}};
  for (uint64_t i = random() % 3; i > 0; --i) entity.scopes.push_back("/Korea/Seoul/" + std::to_string(i));
  entity.created_at = {static_cast<int64_t>(random() % 1'000'000'000'000'000)};
  entity.modified_at = {entity.created_at.microseconds + 5};
  entity.offset = {random() % 1'000'000};
  entity.created_offset = {random() % 1'000'000};
  for (uint64_t i = random() % 8; i > 0; --i) entity.attributes.push_back(any_attribute(random, 2));
  return entity;
}

TEST(EntityRecord, UnpacksToWhatWasPacked) {
  Random random(11);
  for (int i = 0; i < 2'000; ++i) {
    const Entity entity = any_entity(random);
    const EntityRecord record = EntityRecord::pack(entity, {42});
    ASSERT_EQ(record.unpack(), entity);
    ASSERT_EQ(record.id(), entity.id);
    ASSERT_EQ(record.number().number, 42u);
    ASSERT_EQ(record.offset(), entity.offset);
    ASSERT_EQ(record.scopes(), entity.scopes);
    ASSERT_TRUE(record.has_type({300'000}));
    ASSERT_FALSE(record.has_type({3}));
    const auto again = EntityRecord::from_bytes(record.bytes());
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(again->unpack(), entity);
  }
}

TEST(EntityRecord, CutBytesAreCorruptNotRead) {
  Random random(12);
  for (int i = 0; i < 200; ++i) {
    Entity entity = any_entity(random);
    entity.attributes.push_back(any_attribute(random, 1));
    const std::string bytes(EntityRecord::pack(entity, {1}).bytes());
    for (size_t size = 0; size < bytes.size(); ++size) {
      // A block of its own size, so that the sanitizer sees every read past it.
      const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
      ASSERT_FALSE(EntityRecord::from_bytes({cut.data(), cut.size()}).ok()) << size << " of " << bytes.size();
    }
  }
}

TEST(EntityRecord, VisitsOnlyTheNamedAttribute) {
  Entity entity;
  entity.id = "urn:x:1";
  entity.types = {{9}};
  for (uint32_t name = 10; name < 13; ++name) {
    Attribute attribute;
    attribute.name = {name};
    attribute.value = int64_t{name};
    entity.attributes.push_back(attribute);
  }
  const EntityRecord record = EntityRecord::pack(entity, {1});
  int visits = 0;
  record.each_attribute({11}, [&](const Attribute& attribute) {
    ++visits;
    EXPECT_EQ(attribute.value, Value(int64_t{11}));
    return true;
  });
  EXPECT_EQ(visits, 1);
  EXPECT_TRUE(record.has_attribute({12}));
  EXPECT_FALSE(record.has_attribute({13}));
}

}  // namespace
}  // namespace cityloom::twin
