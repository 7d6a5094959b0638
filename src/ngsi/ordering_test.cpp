#include "ngsi/ordering.hpp"

#include <gtest/gtest.h>

namespace cityloom::ngsi {
namespace {

struct OrderingTest : ::testing::Test {
  twin::TermTable terms;
  ContextPointer core = Context::core();

  base::Result<std::optional<twin::Ordering>> read(const std::string& order_by, OrderParameters parameters = {}) {
    parameters.order_by = order_by;
    return parse_ordering(parameters, *core, terms);
  }
};

TEST_F(OrderingTest, KeysWithDirectionsAndPaths) {
  const auto temperature = terms.intern(core->expand("temperature"));
  OrderParameters parameters;
  parameters.order_from = "[127.1,37.5]";
  const auto read_all =
      read("temperature;DESC,address[city.name],name.observedAt;asc,id,type;desc,scope,location;dist-desc", parameters);
  ASSERT_TRUE(read_all.ok()) << read_all.error().text();
  const auto& keys = (**read_all).keys;
  ASSERT_EQ(keys.size(), 7u);
  EXPECT_TRUE(keys[0].path.name == *temperature && keys[0].descending && !keys[0].by_distance);
  EXPECT_EQ(keys[1].path.json_path, (std::vector<std::string>{"city", "name"}));
  EXPECT_EQ(keys[2].path.members, std::vector<twin::Term>{twin::terms::observed_at});
  EXPECT_EQ(keys[3].of, twin::OrderKey::Of::id);
  EXPECT_TRUE(keys[4].of == twin::OrderKey::Of::type && keys[4].descending);
  EXPECT_EQ(keys[5].of, twin::OrderKey::Of::scope);
  EXPECT_TRUE(keys[6].by_distance && keys[6].descending);
  EXPECT_TRUE((**read_all).from.has_value());
}

TEST_F(OrderingTest, ADirectionForAllThatNameNone) {
  OrderParameters parameters;
  parameters.order_direction = "desc";
  const auto both = read("a,b;asc", parameters);
  ASSERT_TRUE(both.ok());
  EXPECT_TRUE((**both).keys[0].descending);
  EXPECT_FALSE((**both).keys[1].descending);
}

TEST_F(OrderingTest, MistakesNameTheirParameter) {
  for (const char* text : {"", "a,", ",a", "a;", "a;ascending", "a;asc;desc", "a==1", "(a)", "a[", "a[]", "a b",
                           "a.unitCode", "id.x;dist"}) {
    const auto wrong = read(text);
    ASSERT_FALSE(wrong.ok()) << text;
    EXPECT_EQ(wrong.error().where, "orderBy") << text;
  }
  EXPECT_EQ(read("location;dist-asc").error().where, "orderFrom");
  OrderParameters parameters;
  parameters.order_from = "[1,2";
  EXPECT_EQ(read("location;dist-asc", parameters).error().where, "orderFrom");
  parameters.order_from = "[1,2]";
  parameters.order_geometry = "Circle";
  EXPECT_EQ(read("location;dist-asc", parameters).error().where, "orderFrom");
  std::string many = "a";
  for (size_t i = 0; i < order_keys_max; ++i) many += ",a";
  EXPECT_EQ(read(many).error().code, base::Code::too_complex);
}

TEST_F(OrderingTest, CollationIsCheckedEvenWithoutAnOrder) {
  OrderParameters parameters;
  EXPECT_FALSE(parse_ordering(parameters, *core, terms)->has_value());
  for (const char* tag : {"!!nope", "", "ko-!"}) {
    parameters.collation = tag;
    EXPECT_EQ(parse_ordering(parameters, *core, terms).error().where, "collation") << tag;
  }
}

TEST_F(OrderingTest, CollationOrdersAsTheLanguageDoes) {
  const auto collated = [&](const char* tag) {
    OrderParameters parameters;
    parameters.collation = tag;
    return (**read("a", parameters)).collated;
  };
  const auto root = collated("und");
  EXPECT_LT(root("A"), root("\u00e1"));
  EXPECT_LT(root("\u00e1"), root("b"));
  const auto primary = collated("und-u-ks-level1");
  EXPECT_EQ(primary("abc"), primary("ABC"));
  const auto korean = collated("ko");
  EXPECT_LT(korean("가나"), korean("나가"));
  EXPECT_LT(korean("가"), korean("a")) << "Hangul before Latin, as in Korean";
}

}  // namespace
}  // namespace cityloom::ngsi
