#include "ngsi/discovery.hpp"

#include <gtest/gtest.h>

namespace cityloom::ngsi {
namespace {

constexpr const char* car_iri = "https://uri.etsi.org/ngsi-ld/default-context/Car";
constexpr const char* speed_iri = "https://uri.etsi.org/ngsi-ld/default-context/speed";

base::Result<Told> read(std::string_view json) {
  return parse_discovery(json, *Context::core());
}

TEST(Discovery, ReadsListsOfTypesAndAttributes) {
  const auto types = read(R"({"id":"urn:x:1","type":"EntityTypeList","typeList":["Car","urn:t:Bus"]})");
  ASSERT_TRUE(types.ok());
  ASSERT_EQ(types->types.size(), 2u);
  EXPECT_EQ(types->types[0].iri, car_iri);
  EXPECT_EQ(types->types[1].iri, "urn:t:Bus");
  const auto attributes = read(R"({"type":"AttributeList","attributeList":"speed"})");
  ASSERT_TRUE(attributes.ok());
  ASSERT_EQ(attributes->attributes.size(), 1u);
  EXPECT_EQ(attributes->attributes[0].iri, speed_iri);
  EXPECT_TRUE(read("[]").ok());
  EXPECT_TRUE(read(R"({"typeList":[]})").ok());
}

TEST(Discovery, ReadsDetails) {
  const auto types = read(R"([{"typeName":"Car","attributeNames":["speed"]}])");
  ASSERT_TRUE(types.ok());
  EXPECT_EQ(types->types[0].attributes[0].iri, speed_iri);
  const auto type = read(R"({"typeName":"Car","entityCount":3,"attributeDetails":[{"attributeName":"speed",
      "attributeTypes":["Property","nonsense"]}]})");
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(type->types[0].entities, 3u);
  EXPECT_EQ(type->types[0].attributes[0].kinds, std::vector{twin::AttributeKind::property});
  const auto attribute = read(R"({"attributeName":"speed","attributeCount":2,"typeNames":["Car"],
      "attributeTypes":["Property"]})");
  ASSERT_TRUE(attribute.ok());
  EXPECT_EQ(attribute->attributes[0].instances, 2u);
  EXPECT_EQ(attribute->attributes[0].types, std::vector<std::string>{car_iri});
}

TEST(Discovery, RefusesWhatIsNone) {
  for (const char* bad : {"", "7", "[7]", "{}", R"({"id":"urn:a:1","type":"Car"})"})
    EXPECT_FALSE(read(bad).ok()) << bad;
  const auto odd = read(R"({"typeList":["a b",7,"Car"]})");
  ASSERT_TRUE(odd.ok());
  EXPECT_EQ(odd->types.size(), 1u);
  std::string many = R"({"typeList":["Car")";
  for (size_t i = 0; i < told_names_max; ++i) many += R"(,"T")";
  EXPECT_EQ(read(many + "]}").error().code, base::Code::too_large);
}

}  // namespace
}  // namespace cityloom::ngsi
