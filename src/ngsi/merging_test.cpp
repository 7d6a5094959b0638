// Parts of entities put together.
#include "ngsi/merging.hpp"

#include <gtest/gtest.h>

#include "ngsi/represent.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

const base::Instant now = *base::Instant::parse("2026-11-22T08:00:00Z");

class Merging : public testing::Test {
 protected:
  twin::Entity part(std::string_view json) {
    auto entity = read_source_entity(*Body::read(json), 0, *Context::core(), terms_);
    EXPECT_TRUE(entity.ok()) << entity.error().text();
    return entity.ok() ? std::move(entity).value() : twin::Entity();
  }
  std::string merged(const EntityMerger& merger) {
    twin::Entity entity;
    const auto any = merger.merge(now, entity);
    EXPECT_TRUE(any.ok());
    if (!any.ok() || !*any) return {};
    const Names names(Context::core(), terms_);
    Representation how;
    how.format = Format::concise;
    std::string json;
    append_entity(twin::EntityRecord::pack(entity, {}), how, names, json);
    return json;
  }
  EntityMerger merger() { return EntityMerger(*terms_.intern(expires_at_iri)); }

  twin::TermTable terms_;
};

TEST_F(Merging, TheLatestInstanceOfADatasetIsTaken) {
  auto all = merger();
  all.add(part(R"({"id":"urn:a:1","type":"A","x":{"value":1,"observedAt":"2026-01-02T00:00:00Z"},"y":{"value":1},
                   "z":[{"value":1},{"value":2,"datasetId":"urn:d:1"}]})"));
  all.add(part(R"({"id":"urn:a:1","type":["A","B"],"x":{"value":2,"observedAt":"2026-01-01T00:00:00Z"},
                   "y":{"value":2,"modifiedAt":"2026-01-01T00:00:00Z"},"z":{"value":3,"datasetId":"urn:d:2"}})"));
  all.add(part(R"({"id":"urn:a:1","type":"A","x":{"value":3}})"));
  EXPECT_EQ(merged(all),
            R"({"id":"urn:a:1","type":["A","B"],"x":{"value":1,"observedAt":"2026-01-02T00:00:00Z"},"y":2,)"
            R"("z":[1,{"value":2,"datasetId":"urn:d:1"},{"value":3,"datasetId":"urn:d:2"}]})");
}

TEST_F(Merging, AuxiliaryPartsFillGaps) {
  auto all = merger();
  all.add_auxiliary(part(R"({"id":"urn:a:1","type":"A","x":{"value":9,"datasetId":"urn:d:9"},"y":{"value":9}})"));
  all.add(part(R"({"id":"urn:a:1","type":"A","x":{"value":1}})"));
  EXPECT_EQ(merged(all), R"({"id":"urn:a:1","type":"A","x":1,"y":9})");
}

TEST_F(Merging, WhatIsOverIsLeftOut) {
  auto all = merger();
  EXPECT_EQ(merged(all), "");
  all.add(part(R"({"id":"urn:a:1","type":"A","expiresAt":"2020-01-01T00:00:00Z","x":{"value":1}})"));
  EXPECT_EQ(merged(all), "");
  all.add(part(R"({"id":"urn:a:1","type":"A","y":{"value":1,"expiresAt":"2020-01-01T00:00:00Z"},"z":{"value":2}})"));
  all.add(part(R"({"id":"urn:a:1","type":"A","expiresAt":"2030-01-01T00:00:00Z","v":{"value":3}})"));
  // An entity that goes on elsewhere does not end; what the version that ends brought does.
  EXPECT_EQ(merged(all), R"({"id":"urn:a:1","type":"A","z":2,"v":3})");
  twin::Entity entity;
  ASSERT_TRUE(all.merge(now, entity).ok());
  EXPECT_EQ(entity.find(terms_.find(Context::core()->expand("v")))->expires_at.text(), "2030-01-01T00:00:00Z");
  EXPECT_EQ(entity.find(terms_.find(expires_at_iri)), nullptr);
}

TEST(ItemPart, TakesAttributesAndWritesNamesAsAnotherContextHasThem) {
  const auto body = Body::read(
      R"({"id":"urn:a:1","type":"A","speed":{"type":"Property","value":{"speed":1},"speed":{"value":2}},"other":{"value":3},
          "@context":"https://a.example"})");
  ASSERT_TRUE(body.ok());
  const auto other = std::make_shared<const Context>(
      Context::Terms{{"v", {std::string(default_vocabulary) + "speed", Coercion::none, false}}}, "{}", "");
  ItemPart part;
  part.takes = [](std::string_view name) { return name.ends_with("speed"); };
  EXPECT_EQ(part_of_item(*body, 0, *Context::core(), part),
            R"({"id":"urn:a:1","type":"A","speed":{"type":"Property","value":{"speed":1},"speed":{"value":2}}})");
  part.other = other.get();
  part.context_url = "https://b.example";
  EXPECT_EQ(part_of_item(*body, 0, *Context::core(), part),
            R"({"@context":"https://b.example","id":"urn:a:1","type":"A",)"
            R"("v":{"type":"Property","value":{"speed":1},"v":{"value":2}}})");
}

}  // namespace
}  // namespace cityloom::ngsi
