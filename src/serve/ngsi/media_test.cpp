#include "serve/ngsi/media.hpp"

#include <gtest/gtest.h>

namespace cityloom::serve::ngsi_ld {
namespace {

const std::vector<Media> all = {Media::json, Media::ld_json, Media::geo_json};

TEST(Negotiate, TakesTheHeaviestThenTheFirstOffered) {
  EXPECT_EQ(negotiate("", all), Media::json);
  EXPECT_EQ(negotiate("*/*", all), Media::json);
  EXPECT_EQ(negotiate("application/ld+json", all), Media::ld_json);
  EXPECT_EQ(negotiate("application/ld+json, application/json", all), Media::json);
  EXPECT_EQ(negotiate("application/json;q=0.5, application/ld+json", all), Media::ld_json);
  EXPECT_EQ(negotiate("application/geo+json;q=1.0,*/*;q=0.1", all), Media::geo_json);
  EXPECT_EQ(negotiate("*/*, application/json;q=0", all), Media::ld_json);
  EXPECT_EQ(negotiate("text/html, application/*;q=0.2", all), Media::json);
  EXPECT_EQ(negotiate("APPLICATION/LD+JSON", all), Media::ld_json);
}

TEST(Negotiate, SaysWhenNothingIsAcceptable) {
  EXPECT_EQ(negotiate("text/html", all), std::nullopt);
  EXPECT_EQ(negotiate("application/geo+json", {Media::json, Media::ld_json}), std::nullopt);
  EXPECT_EQ(negotiate("application/json;q=0", {Media::json}), std::nullopt);
  EXPECT_EQ(negotiate("application/json;q=nine", all), Media::json) << "as if no weight were given";
}

TEST(BodyMedia, KnowsWhatCanBeRead) {
  EXPECT_EQ(body_media("application/json", false), Media::json);
  EXPECT_EQ(body_media("application/json; charset=UTF-8", false), Media::json);
  EXPECT_EQ(body_media("application/ld+json", false), Media::ld_json);
  EXPECT_EQ(body_media("application/merge-patch+json", true), Media::json);
  EXPECT_EQ(body_media("application/merge-patch+json", false), std::nullopt);
  EXPECT_EQ(body_media("application/json; charset=latin1", false), std::nullopt);
  EXPECT_EQ(body_media("", false), std::nullopt);
}

TEST(ContextLink, FindsTheContextAmongLinks) {
  const std::string relation = R"(rel="http://www.w3.org/ns/json-ld#context")";
  auto found = context_link("<http://a/c.jsonld>; " + relation + R"(; type="application/ld+json")");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, "http://a/c.jsonld");
  found = context_link(R"(<http://a/next?x=1,2>; rel="next", <http://a/c,d>;)" + relation);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, "http://a/c,d");
  found = context_link(R"(<http://a/next>; rel="next")");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
  EXPECT_FALSE(context_link("<http://a>; " + relation + ", <http://b>; " + relation).ok());
  EXPECT_FALSE(context_link("http://a; " + relation).ok());
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
